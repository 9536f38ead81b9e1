# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The devices of a tenant as inventories read them, keep them in a cache and filter them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import is_device_id, is_guid, name_key
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.devices import devices
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.products import products
from ansible_collections.azsphere.fleet.plugins.module_utils._references import unknown
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values

#: Version of what is kept in the cache. Raise it with every change of `Fleet.dumped`.
FORMAT = 1
#: The connection options that say whose devices they are, and those whose case does not count. Credentials do not.
_IDENTITY = ("api", "api_url", "subscription_id", "resource_group", "catalog", "tenant")
_IN_ANY_CASE = ("subscription_id", "resource_group", "catalog")


@dataclass(frozen=True)
class Fleet:
    """All products with their device groups, and devices, as info modules show them."""

    products: Sequence[Values]
    devices: Sequence[Values]

    def dumped(self) -> Values:
        """Returns the data for a cache, in types of JSON. Devices are rows, which are small and quick to read."""
        fields = list(self.devices[0]) if self.devices else []
        rows = [list(device.values()) for device in self.devices]
        kept = [
            {**_named(product), "device_groups": [_named(group) for group in product["device_groups"]]}
            for product in self.products
        ]
        return {"format": FORMAT, "products": kept, "fields": fields, "devices": rows}

    def places(self) -> dict[str, list[str]]:
        """Returns the names of all device groups by product, those of the devices included."""
        found = {product["name"]: [group["name"] for group in product["device_groups"]] for product in self.products}
        for product, group in sorted({_place(device) for device in self.devices if device["device_group"]}):
            groups = found.setdefault(product, [])
            if group not in groups:
                groups.append(group)
        return found

    def within(self, product: str | None, device_group: str | None) -> Fleet:
        """Returns what is in a product or device group, by name or GUID. None is any.

        Raises InvalidInput for a product or device group that does not exist.
        """
        if product is None and device_group is None:
            return self
        inside = [each for each in self.products if product is None or _is(each, product)]
        if not inside and product is not None:
            raise unknown("product", product, [each["name"] for each in self.products])
        kept = [
            {**each, "device_groups": [group for group in each["device_groups"] if _is(group, device_group)]}
            for each in inside
        ]
        if device_group is not None:
            kept = [each for each in kept if each["device_groups"]]
            if not kept:
                raise unknown("device group", device_group, [f"{names[0]}/{names[1]}" for names in _places(inside)])
        places = set(_places(kept))
        return Fleet(kept, [device for device in self.devices if _place(device) in places])


def read_fleet(service: Service) -> Fleet:
    """Returns all devices of the tenant. Raises FleetError unless the lists can be read to their end."""
    return Fleet(products(service), devices(service))


def loaded_fleet(data: Any) -> Fleet | None:
    """Returns the fleet that a cache holds; None for data of another format, or that somebody has changed."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        return None
    try:
        devices = [dict(zip(data["fields"], row, strict=True)) for row in _listed(data["devices"])]
        products = [{**_kept(each), "device_groups": _groups(each)} for each in _listed(data["products"])]
        return Fleet(products, devices) if all(map(_is_device, devices)) else None
    except (KeyError, TypeError, ValueError):
        return None


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _kept(resource: Values) -> Values:
    """Returns the ID and the name of a product or device group of the cache."""
    if not isinstance(resource["name"], str):
        raise TypeError
    return _named(resource)


def _groups(product: Values) -> list[Values]:
    return [_kept(group) for group in _listed(product["device_groups"])]


def _is_device(device: Values) -> bool:
    """Returns whether a row of the cache has what the inventory needs. Raises KeyError for one without a field."""
    place = [device[name] for name in ("product", "device_group", "chip_sku")][:2]
    return is_device_id(device["id"]) and (place == [None, None] or all(isinstance(each, str) for each in place))


def cache_key(connection: Mapping[str, Any]) -> str:
    """Returns the key of a tenant's devices: a digest of API, endpoint, and tenant or catalog as given."""
    given = {name: str(connection.get(name) or "").rstrip("/") for name in _IDENTITY}
    identity = [
        value.lower() if name in _IN_ANY_CASE or (name == "tenant" and is_guid(value)) else value
        for name, value in given.items()
    ]
    return f"azsphere.fleet.devices_{hashlib.sha256(repr(identity).encode()).hexdigest()[:32]}"


def _named(resource: Values) -> Values:
    return {"id": resource["id"], "name": resource["name"]}


def _is(resource: Values, which: str | None) -> bool:
    """Returns whether this is the name or the GUID of a product or device group."""
    return which is None or name_key(which) in (name_key(resource["name"]), str(resource["id"]))


def _place(device: Values) -> tuple[str, str]:
    return device["product"], device["device_group"]


def _places(products: Sequence[Values]) -> Iterator[tuple[str, str]]:
    return ((product["name"], group["name"]) for product in products for group in product["device_groups"])
