# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: where they are, how many there are, and what the cloud wants on them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .._errors import InvalidInput
from .._model import Device, Image
from .._reconcile.devices import claimed_devices
from .._reconcile.refs import require_device_group, require_product
from .._service import Service
from .._views import Values, device_values, image_values
from .products import product_names

#: How many devices are asked for their images at once. The session allows fewer while the service is busy.
AT_ONCE = 16

#: Names of product and device group by the GUID of the group.
Places = dict[str, tuple[str, str]]


def devices(
    service: Service, product: str | None = None, device_group: str | None = None, targeted_images: bool = False
) -> list[Values]:
    """Claimed devices by ID: of the tenant, of a product or of a device group.

    Raises InvalidInput for a product or group that is not there.
    """
    product_id, group_id, places = _scope(service, product, device_group)
    found = service.devices(product_id, group_id)
    return _shown(service, found, places, targeted_images)


def devices_of_ids(service: Service, ids: Sequence[str], targeted_images: bool = False) -> list[Values]:
    """Those of these devices that are claimed into the tenant, in the order of the IDs."""
    there = claimed_devices(service, ids)
    return _shown(service, [there[each] for each in ids if each in there], None, targeted_images)


def require_devices(service: Service, ids: Sequence[str]) -> list[Values]:
    """As `devices_of_ids`; raises InvalidInput when one is not claimed into the tenant."""
    found = devices_of_ids(service, ids)
    there = {values["id"] for values in found}
    missing = [each for each in ids if each not in there]
    if missing:
        more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
        raise InvalidInput(
            f"The device {missing[0]}{more} not claimed into this tenant, which has {service.device_count()} devices.",
            code="not_claimed",
            target=missing[0],
        )
    return found


def device_count(service: Service, product: str | None = None, device_group: str | None = None) -> int:
    """How many claimed devices there are, by the service's own calls for it. Raises InvalidInput as `devices` does."""
    product_id, group_id, _places = _scope(service, product, device_group)
    return service.device_count(product_id, group_id)


def _scope(
    service: Service, product: str | None, device_group: str | None
) -> tuple[str | None, str | None, Places | None]:
    """GUIDs of product and group, of which one is None; and the names of a group that is asked for."""
    if device_group is not None:
        owner, group = require_device_group(service, product, device_group)
        return None, group.id, {group.id: (owner.name, group.name)}
    if product is not None:
        return require_product(service, product).id, None, None
    return None, None, None


def _shown(service: Service, found: Sequence[Device], places: Places | None, targeted_images: bool) -> list[Values]:
    if places is None:
        places = _places(service) if any(device.device_group_id for device in found) else {}
    shown = [device_values(device, places) for device in found]
    if targeted_images:
        for values, images in zip(shown, _targeted_images(service, found), strict=True):
            values["targeted_images"] = [image_values(image) for image in images]
    return shown


def _places(service: Service) -> Places:
    groups = service.device_groups()
    names = product_names(service, groups)
    return {group.id: (names.get(group.product_id, group.product_id), group.name) for group in groups}


def _targeted_images(service: Service, found: Sequence[Device]) -> list[list[Image]]:
    """For each device, which takes a request of its own."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(pool.map(service.targeted_images, [device.id for device in found]))
    finally:
        pool.shutdown(cancel_futures=True)
