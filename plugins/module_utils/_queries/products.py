# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import InvalidInput
from .._model import PADDING, DeviceGroup, Product, is_guid
from .._reconcile.refs import find_device_group, find_product, listed, place, require_device_group, require_product
from .._service import Service
from .._views import Values, device_group_values, product_values
from .asked import unknown


def products(service: Service, which: str | None = None) -> list[Values]:
    """Products by name with their device groups: all, or the one of this name or GUID, if it is there."""
    if which is not None:
        found = find_product(service, which)
        return [] if found is None else [product_values(found, service.device_groups(found.id))]
    groups: dict[str, list[DeviceGroup]] = {}
    for group in service.device_groups():
        groups.setdefault(group.product_id, []).append(group)
    by_name = sorted(service.products(), key=lambda product: product.name.casefold())
    return [product_values(product, groups.get(product.id, [])) for product in by_name]


def product(service: Service, which: str) -> Values:
    """By name or GUID. Raises InvalidInput with the names that there are."""
    found = require_product(service, which)
    return product_values(found, service.device_groups(found.id))


def device_groups(service: Service, product: str | None = None, which: str | None = None) -> list[Values]:
    """Device groups by product and name: all, those of a product, or those of this name or GUID.

    Raises InvalidInput for a product that is not there.
    """
    owner = None if product is None else require_product(service, product)
    groups = _groups(service, owner, which)
    names = product_names(service, groups) if owner is None else {owner.id: owner.name}
    values = [device_group_values(group, names.get(group.product_id)) for group in groups]
    return sorted(values, key=lambda each: ((each["product"] or "").casefold(), each["name"].casefold()))


def device_group(service: Service, which: str, product: str | None = None) -> Values:
    """By GUID, by name in the product, or without one by `Product/Group` or a name that is there once.

    Raises InvalidInput with what there is.
    """
    name = which
    if product is None and "/" in which:
        product, name = (part.strip(PADDING) for part in which.rsplit("/", 1))
    if product is not None or is_guid(name):
        owner, group = require_device_group(service, product, name)
        return device_group_values(group, owner.name)
    found = device_groups(service, which=which)
    if len(found) == 1:
        return found[0]
    places = [place(each["product"], each["name"]) for each in found or device_groups(service)]
    if not found:
        raise unknown("device group", which, places)
    raise InvalidInput(
        f'There are {len(found)} device groups "{which}" in the tenant.',
        code="ambiguous_device_group",
        target=which,
        hint=f"Say which: {listed(places)}.",
    )


def product_names(service: Service, groups: Sequence[DeviceGroup]) -> dict[str, str]:
    """Names of the products of these groups by GUID, without the list when there is only one."""
    ids = {group.product_id for group in groups}
    if len(ids) == 1:
        only = service.product(next(iter(ids)))
        return {} if only is None else {only.id: only.name}
    return {product.id: product.name for product in service.products()} if ids else {}


def _groups(service: Service, owner: Product | None, which: str | None) -> list[DeviceGroup]:
    if which is None:
        return service.device_groups(None if owner is None else owner.id)
    if owner is None and not is_guid(which):
        return service.device_groups_named(which)
    found = service.device_group(which.lower()) if owner is None else find_device_group(service, owner, which)
    return [] if found is None else [found]
