# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device groups: children of a product, addressed by the two names."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from .._backend.pool import for_each
from .._errors import Unsupported, after_accepted_write
from .._model.refs import GroupRef, ProductRef
from .._model.resources import Deployment, DeviceGroup, DeviceGroupSpec, Operation
from .._model.values import same_name
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations, require_absent
from .paths import group_path, product_path

Body = Mapping[str, Any]


class IntegratedDeviceGroups:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations) -> None:
        self._client = client
        self._operations = operations

    def list(self, product: ProductRef | None = None) -> Sequence[DeviceGroup]:
        """DeviceGroups_ListByProduct, or Catalogs_ListDeviceGroups."""
        bodies = self._in_catalog() if product is None else self.bodies(product)
        return self._all_seen(bodies, product)

    def bodies(self, product: ProductRef) -> Iterable[Body]:
        """DeviceGroups_ListByProduct: the groups as the service describes them."""
        path = self._client.path(f"{product_path(product)}/deviceGroups")
        doing = f"listing the device groups of the product {product}"
        return self._client.entries(path, doing, target=product.name)

    def named(self, name: str) -> Sequence[DeviceGroup]:
        """Catalogs_ListDeviceGroups. Its filter by name is not used: whether it ignores case is not known."""
        return self._all_seen([body for body in self._in_catalog() if same_name(wire.name_of(body), name)], None)

    def get(self, ref: GroupRef) -> DeviceGroup | None:
        """DeviceGroups_Get, and Deployments_Get for the current deployment."""
        body = self._client.find(self.path(ref), f"looking up the device group {ref}", target=str(ref))
        return None if body is None else self._seen(body, ref.product)

    def with_id(self, device_group_id: str) -> NoReturn:
        """Device groups have no GUID here."""
        raise Unsupported("This service cannot find device groups by ID.", target=device_group_id)

    def create(self, product: ProductRef, spec: DeviceGroupSpec) -> Operation | None:
        """DeviceGroups_CreateOrUpdate with all settings."""
        ref = GroupRef(product, spec.name or "")
        require_absent(self._exists(ref) or None, f"device group {ref}", str(ref))
        return self._operations.write(
            "PUT",
            self.path(ref),
            f"creating the device group {ref}",
            "CreateDeviceGroup",
            there=lambda: self._exists(ref),
            target=str(ref),
            body=wire.group_settings(spec),
        )

    def update(self, ref: GroupRef, spec: DeviceGroupSpec) -> Operation | None:
        """DeviceGroups_Update. Members that are left out stay as they are."""
        if spec.name is not None:
            raise Unsupported("This service cannot rename device groups.", target=str(ref))
        body = wire.group_settings(spec)
        doing = f"changing the device group {ref}"
        return self._operations.write("PATCH", self.path(ref), doing, "UpdateDeviceGroup", target=str(ref), body=body)

    def delete(self, ref: GroupRef) -> Operation | None:
        """DeviceGroups_Delete. A success without an effect is an error."""
        doing = f"deleting the device group {ref}"

        def gone() -> bool:
            return not self._exists(ref)

        operation = self._operations.write("DELETE", self.path(ref), doing, "DeleteDeviceGroup", gone, target=str(ref))
        if operation is None:
            with after_accepted_write():
                self._operations.tracker.require(gone, doing)
        return operation

    def current_deployment(self, ref: GroupRef) -> Body | None:
        """Deployments_Get of `.default`: the current deployment under its own GUID, None without one."""
        doing = f"looking up the current deployment of the device group {ref}"
        return self._client.find(f"{self.path(ref)}/deployments/.default", doing, target=str(ref))

    def path(self, ref: GroupRef | None) -> str:
        """Returns the path of a device group; None is the place of devices in none."""
        return self._client.path(group_path(ref))

    def _exists(self, ref: GroupRef) -> bool:
        return self._client.find(self.path(ref), f"looking up the device group {ref}", target=str(ref)) is not None

    def _in_catalog(self) -> Iterable[Body]:
        path = self._client.path("listDeviceGroups")
        return self._client.entries(path, "listing the device groups", post=True, body=b"{}")

    def _seen(self, body: Body, product: ProductRef | None) -> DeviceGroup:
        """Returns a group with its current deployment, which reads of a single group do not show (FACTS: traps, 3)."""
        group = wire.device_group(body, product)
        if wire.own(body, "hasDeployment") is False:
            return group
        current = self.current_deployment(group.ref)
        made: Deployment | None = None if current is None else wire.deployment(current)
        return wire.device_group(body, product, made)

    def _all_seen(self, bodies: Iterable[Body], product: ProductRef | None) -> Sequence[DeviceGroup]:
        """Returns groups by product and name, with their deployments, which are read in parallel."""
        groups: list[DeviceGroup] = []
        lock = threading.Lock()

        def see(body: Body) -> bool:
            group = self._seen(body, product)
            with lock:
                groups.append(group)
            return True

        session = self._client.session
        for_each(bodies, see, session.threads, abandon=session.close)
        return sorted(groups, key=lambda group: (group.ref.product.name.casefold(), group.name.casefold()))
