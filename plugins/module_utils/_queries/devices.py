# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: their device groups, their number, and the images targeted at them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .._errors import InvalidInput
from .._inputs.device_rows import rows_from_ids
from .._model.refs import Scope
from .._model.resources import Device, Image
from .._references import claimed_devices, require_device_group, require_product
from .._service import Service
from .._views.resources import Values, device_values, image_values

#: Concurrent requests for the images of devices. The session allows fewer while the service is throttling.
AT_ONCE = 16


def device_ids(ids: Sequence[str]) -> list[str]:
    """Returns device IDs in lower case without duplicates. Raises one InvalidInput that reports each malformed one."""
    return [row.id for row in rows_from_ids(ids, None, None)]


def devices(
    service: Service, product: str | None = None, device_group: str | None = None, targeted_images: bool = False
) -> list[Values]:
    """Returns the claimed devices of the tenant, of a product or of a device group, sorted by ID.

    Raises InvalidInput for a product or group that does not exist.
    """
    found = service.devices.list(_scope(service, product, device_group))
    return _shown(service, found, targeted_images)


def devices_of_ids(service: Service, ids: Sequence[str], targeted_images: bool = False) -> list[Values]:
    """Returns those of these devices that are claimed into the tenant, in the order of the IDs."""
    there = claimed_devices(service, ids)
    return _shown(service, [there[each] for each in ids if each in there], targeted_images)


def require_devices(service: Service, ids: Sequence[str]) -> list[Values]:
    """Returns as `devices_of_ids`; raises InvalidInput if one is not claimed into the tenant."""
    found = devices_of_ids(service, ids)
    there = {values["id"] for values in found}
    missing = [each for each in ids if each not in there]
    if missing:
        more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
        raise InvalidInput(
            f"The device {missing[0]}{more} not claimed into this tenant, which has {service.devices.count()} devices.",
            code="not_claimed",
            target=missing[0],
        )
    return found


def device_count(service: Service, product: str | None = None, device_group: str | None = None) -> int:
    """Returns the number of claimed devices, as the service counts them. Raises InvalidInput as `devices` does."""
    return service.devices.count(_scope(service, product, device_group))


def _scope(service: Service, product: str | None, device_group: str | None) -> Scope:
    if device_group is not None:
        return require_device_group(service, product, device_group).ref
    return None if product is None else require_product(service, product).ref


def _shown(service: Service, found: Sequence[Device], targeted_images: bool) -> list[Values]:
    shown = [device_values(device) for device in found]
    if targeted_images:
        for values, images in zip(shown, _targeted_images(service, found), strict=True):
            values["targeted_images"] = [image_values(image) for image in images]
    return shown


def _targeted_images(service: Service, found: Sequence[Device]) -> list[Sequence[Image]]:
    """Returns the targeted images of each device, with one request for each."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(pool.map(service.devices.targeted_images, [device.id for device in found]))
    finally:
        pool.shutdown(cancel_futures=True)
