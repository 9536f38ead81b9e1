# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the second service of `toy_service` has, and the operations that its writes start."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.image_types import IMAGE_TYPES
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import (
    GroupRef,
    Place,
    ProductRef,
    group_ref,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
    Deployment,
    Device,
    DeviceGroup,
    Image,
    Insight,
    Operation,
    Product,
    Tenant,
)

#: Here other writes start operations, with other names, than in the service that the rest of the tests know.
OPERATIONS = {
    "products.create": "PutProduct",
    "products.update": "PatchProduct",
    "products.delete": "DropProduct",
    "device_groups.create": "PutGroup",
    "device_groups.update": "PatchGroup",
    "device_groups.delete": "DropGroup",
    "devices.claim": "PutDevices",
    "devices.claim_many": "PutDevices",
    "devices.move": "PatchDevices",
    "images.upload": "PutImage",
    "deployments.create": "PutDeployment",
}


class ToyState:
    """Everything that there is, and how often something was written."""

    def __init__(self, tenant: Mapping[str, Any]) -> None:
        self.tenant = Tenant(str(tenant["id"]), str(tenant["name"]), ("Administrator",))
        self.products: dict[ProductRef, Product] = {}
        self.groups: dict[GroupRef, DeviceGroup] = {}
        self.deployments: dict[GroupRef, list[Deployment]] = {}
        self.images: dict[str, Image] = {}
        self.devices: dict[str, Device] = {}
        self.insights: list[Insight] = []
        self.operations: dict[str, Operation] = {}
        self.writes = 0
        self._load(tenant)

    def snapshot(self) -> Any:
        """Returns a copy of all that a check run must leave alone."""
        devices = {each.id: (each, str(each.group)) for each in self.devices.values()}
        return copy.deepcopy((self.products, self.groups, self.deployments, self.images)), devices, self.writes

    def wrote(self, verb: str) -> Operation:
        """Counts a write, which is done at once."""
        self.writes += 1
        operation = Operation(str(uuid4()), OPERATIONS[verb], "Complete", started="2026-01-01T00:00:00Z")
        self.operations[operation.id] = operation
        return operation

    def product(self, ref: ProductRef) -> Product:
        if ref not in self.products:
            raise NotFound(f"There is no product {ref}.", code="NotFound", status=404, target=str(ref))
        return self.products[ref]

    def group(self, ref: GroupRef) -> DeviceGroup:
        if ref not in self.groups:
            raise NotFound(f"There is no device group {ref}.", code="NotFound", status=404, target=str(ref))
        return self.groups[ref]

    def _load(self, tenant: Mapping[str, Any]) -> None:
        for each in tenant.get("images", ()):
            kind = IMAGE_TYPES[each.get("type", 10)]
            self.images[each["id"]] = Image(each["id"], each["name"], None, each["component_id"], kind)
        for each in tenant.get("products", ()):
            product = Product(ProductRef(each["name"]), each.get("description") or None)
            self.products[product.ref] = product
            for group in each.get("device_groups", _defaults()):
                self._load_group(product.ref, group)
        for each in tenant.get("devices", ()):
            given = each if isinstance(each, dict) else {"id": each}
            place = given.get("device_group")
            facts = {name: value for name, value in given.items() if name.startswith("last_")}
            where = Place.at(group_ref(*place.split("/"))) if place else None
            self.devices[given["id"]] = Device(given["id"], self.tenant.id, where, chip_sku="MT3620AN", **facts)
        for each in tenant.get("insights", ()):
            start = datetime.fromtimestamp(each["start"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            event = each.get("event_type", "Crash")
            self.insights.append(Insight(each["device_id"], event, None, None, each["description"], 1, start, start))

    def _load_group(self, product: ProductRef, given: Mapping[str, Any]) -> None:
        ref = GroupRef(product, given["name"])
        names = ("description", "os_feed", "update_policy", "allow_crash_dumps_collection")
        settings = {name: given[name] for name in names if given.get(name) is not None}
        made = [
            Deployment(each.get("id") or str(uuid4()), tuple(sorted(each["images"])), each.get("deployed_at", "2026"))
            for each in given.get("deployments", ())
        ]
        self.deployments[ref] = made[::-1]
        self.groups[ref] = DeviceGroup(ref, **settings, current_deployment=made[-1] if made else None)


def _defaults() -> list[dict[str, str]]:
    return [{"name": name, "os_feed": feed, "update_policy": policy} for name, feed, policy in DEFAULT_DEVICE_GROUPS]
