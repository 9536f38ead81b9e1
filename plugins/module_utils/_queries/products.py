# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import InvalidInput
from .._model.refs import ProductRef
from .._model.resources import DeviceGroup, Product
from .._model.values import PADDING, is_guid
from .._references import (
    device_group_with_id,
    find_device_group,
    find_product,
    listed,
    require_device_group,
    require_product,
    unknown,
)
from .._service import Service
from .._views.resources import Values, device_group_values, product_values


def products(service: Service, which: str | None = None) -> list[Values]:
    """Returns products by name with their device groups: all, or the one of this name or GUID, if it exists."""
    if which is not None:
        found = find_product(service, which)
        return [] if found is None else [product_values(found, service.device_groups.list(found.ref))]
    there = service.products.list()
    groups: dict[ProductRef, list[DeviceGroup]] = {}
    for group in service.device_groups.list() if there else ():
        groups.setdefault(group.ref.product, []).append(group)
    return [product_values(product, groups.get(product.ref, [])) for product in there]


def product(service: Service, which: str) -> Values:
    """Returns a product by name or GUID. Raises InvalidInput with the names that are available."""
    found = require_product(service, which)
    return product_values(found, service.device_groups.list(found.ref))


def device_groups(service: Service, product: str | None = None, which: str | None = None) -> list[Values]:
    """Returns device groups by product and name: all, those of a product, or those of this name or GUID.

    Raises InvalidInput for a product that does not exist.
    """
    owner = None if product is None else require_product(service, product)
    values = [device_group_values(group) for group in _groups(service, owner, which)]
    return sorted(values, key=lambda each: (each["product"].casefold(), each["name"].casefold()))


def device_group(service: Service, which: str, product: str | None = None) -> Values:
    """Returns a device group by GUID, by name in the product, or without one by `Product/Group` or a unique name.

    Raises InvalidInput with what is available.
    """
    name = which
    if product is None and "/" in which:
        product, name = (part.strip(PADDING) for part in which.rsplit("/", 1))
    if product is not None or is_guid(name):
        return device_group_values(require_device_group(service, product, name))
    found = service.device_groups.named(which)
    if len(found) == 1:
        return device_group_values(found[0])
    places = [str(each.ref) for each in found or service.device_groups.list()]
    if not found:
        raise unknown("device group", which, places)
    raise InvalidInput(
        f'Ambiguous device group "{which}": the tenant has {len(found)} of this name.',
        code="ambiguous_device_group",
        target=which,
        hint=f"Use one of: {listed(places)}.",
    )


def _groups(service: Service, owner: Product | None, which: str | None) -> Sequence[DeviceGroup]:
    if which is None:
        return service.device_groups.list(None if owner is None else owner.ref)
    if owner is None and not is_guid(which):
        return service.device_groups.named(which)
    found = device_group_with_id(service, which) if owner is None else find_device_group(service, owner, which)
    return [] if found is None else [found]
