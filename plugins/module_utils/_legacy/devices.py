# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: operations Devices_*, DeviceCapability_Create and Deployments_GetByDevice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter

from .._deadline import Deadline
from .._errors import NotFound, ServiceError, Unsupported
from .._model.refs import GroupRef, Place, ProductRef, Scope
from .._model.resources import Device, Image, Operation
from .._service import DeviceOutcome, Report
from . import wire
from .bulk import BulkWrites
from .client import PAGE_SIZE, LegacyClient, segment
from .device_groups import LegacyDeviceGroups
from .index import Index
from .own_devices import OwnDevices
from .products import LegacyProducts


class LegacyDevices:
    def __init__(
        self,
        client: LegacyClient,
        products: LegacyProducts,
        groups: LegacyDeviceGroups,
        index: Index,
        bulk: BulkWrites,
        own: OwnDevices,
    ) -> None:
        self._client = client
        self._products = products
        self._groups = groups
        self._index = index
        self._bulk = bulk
        self._own = own

    def list(self, scope: Scope = None) -> Sequence[Device]:
        """Devices_List, Devices_ListInProduct or Devices_ListInGroup."""
        below, doing, target = self._scope(scope)
        path = self._client.path(f"{below}devices")
        found = self._client.entries(path, f"listing the devices{doing}", PAGE_SIZE, target=target)
        # Where they are is looked up once for each group, not for each device.
        place = lru_cache(maxsize=None)(self._place)
        return sorted((wire.device(body, place) for body in found), key=attrgetter("id"))

    def get(self, device_id: str) -> Device | None:
        """Devices_Get. Raises Forbidden or NotFound for a device known as this tenant's."""
        found = self._own.read(device_id)
        return None if found is None else replace(found, place=self._place(found.device_group_id, found.product_id))

    def count(self, scope: Scope = None) -> int:
        """Devices_Count, Devices_CountInGroup, or Devices_CountInProduct, whose address is inferred: if it does not
        exist, the listed devices are counted.
        """
        below, words, target = self._scope(scope)
        doing = f"counting the devices{words}"
        path = self._client.path(f"{below}devices/count".replace("devicegroups", "deviceGroups"))
        try:
            return wire.number_of(self._client.read(path, doing, target=target), doing)
        except ServiceError as error:
            if error.status not in (400, 403, 404, 405):
                raise
            return len(self.list(scope))

    def claim(
        self, device_ids: Sequence[str], deadline: Deadline, report: Report, group: GroupRef | None = None
    ) -> Operation | None:
        """Devices_BulkClaim and Devices_Claim."""
        if group is not None:
            raise Unsupported("This service cannot claim devices into a device group in one request.")
        return self._bulk.claim(device_ids, deadline, report)

    def move(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        """Devices_Move."""
        if group is None:
            raise Unsupported("This service cannot take devices out of all device groups.")
        try:
            group_id = self._groups.id_of(group)
        except NotFound as error:
            error.hint = (
                error.hint or "Another process may be changing this tenant at the same time. Run the task again."
            )
            for device_id in device_ids:
                if not report(DeviceOutcome(device_id, error)):
                    break
            return None
        return self._bulk.move(device_ids, group_id, deadline, report, wait)

    def capability_file(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """DeviceCapability_Create."""
        doing = f"fetching a capability file for the device {device_id}"
        numbers = sorted({wire.enum_number(wire.CAPABILITY, name) for name in capabilities})
        reply = self._client.call(
            "POST",
            self._client.path("deviceCapabilityImage"),
            doing,
            target=device_id,
            body=wire.encoded({"DeviceId": device_id, "Capabilities": numbers}),
            # It creates a file and changes nothing, but is not a read operation: a read-only session rejects it.
            idempotent=True,
            changes=False,
        )
        return wire.bytes_of(wire.member(wire.body_of(reply.json(), doing), "SignedDeviceCapabilityImageBytes"), doing)

    def targeted_images(self, device_id: str) -> Sequence[Image]:
        """Deployments_GetByDevice."""
        doing = f"listing the images targeted at the device {device_id}"
        found = self._client.entries(self._client.path(f"devices/{segment(device_id)}/images"), doing, target=device_id)
        return sorted((wire.image(body) for body in found), key=lambda image: ((image.name or "").casefold(), image.id))

    def _place(self, group_id: str | None, product_id: str | None) -> Place | None:
        """Returns the place of devices in a group, which is looked up on first use; None for those in no group."""
        if group_id is None:
            return None

        def compare(scope: ProductRef | GroupRef) -> bool | None:
            if isinstance(scope, GroupRef):
                known = self._index.group_id(scope)
                return None if known is None else known == group_id
            known = self._index.product_id(scope)
            return None if known is None else known == product_id

        return Place(lambda: self._groups.with_guid(group_id, product_id), compare)

    def _scope(self, scope: Scope) -> tuple[str, str, str | None]:
        """Returns the path before `devices`, its description, and the target of errors."""
        if isinstance(scope, GroupRef):
            return f"devicegroups/{self._groups.id_of(scope)}/", f" of the device group {scope}", str(scope)
        if scope is not None:
            return f"products/{self._products.id_of(scope)}/", f" of the product {scope}", str(scope)
        return "", "", None
