# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices in the overlay: claims, moves, and images that they should run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .._deadline import Deadline
from .._errors import Conflict, FleetError, NotFound
from .._model.refs import GroupRef, Place, Scope
from .._model.resources import Device, Image, Operation
from .._model.values import PlannedBytes
from .._service import DeviceOutcome, Report
from .state import State, ended


class OverlayDevices:
    def __init__(self, state: State) -> None:
        self._state = state
        self._rows = state.devices

    def list(self, scope: Scope = None) -> Sequence[Device]:
        if scope is None or self._rows.complete:
            self._state.require_place(scope)
            found = self._rows.all()
        else:
            below = self._state.below(scope)
            if below is None:
                self._state.require_place(scope)
            found = self._rows.over([] if below is None else self._state.base.devices.list(below))
        return sorted(
            (device for device in found if device.tenant_id is not None and device.is_within(scope)),
            key=lambda device: device.id,
        )

    def get(self, device_id: str) -> Device | None:
        return self._rows.get(device_id)

    def count(self, scope: Scope = None) -> int:
        below = None if scope is None else self._state.below(scope)
        if self._rows.touched or (scope is not None and below is None):
            return len(self.list(scope))
        return self._state.base.devices.count(below)

    def claim(
        self, device_ids: Sequence[str], deadline: Deadline, report: Report, group: GroupRef | None = None
    ) -> Operation | None:
        """Claims the devices. Devices of other tenants are not detected, as no read shows them."""
        tenant_id = self._state.base.tenants.current().id
        for device_id in device_ids:
            device = self._rows.known(device_id) or Device(device_id)
            if device.tenant_id is None:
                self._rows.add(replace(device, tenant_id=tenant_id, **self._placed(group)))
            if not report(DeviceOutcome(device_id)):
                break
        verb = "devices.claim" if len(device_ids) == 1 else "devices.claim_many"
        return ended(self._state.started(verb)) if device_ids else None

    def move(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        for device_id in device_ids:
            error: FleetError | None = None
            try:
                placed = self._placed(group)
                self._rows.add(replace(self._claimed(device_id), **placed))
            except NotFound as missing:
                error = missing
            if not report(DeviceOutcome(device_id, error)):
                break
        operation = self._state.started("devices.move") if device_ids else None
        return ended(operation) if wait else operation

    def capability_file(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """Returns a placeholder: only a write makes the service sign a capability file."""
        self._claimed(device_id)
        return PlannedBytes()

    def targeted_images(self, device_id: str) -> Sequence[Image]:
        if not self._state.deployments and device_id not in {device.id for device in self._rows.changed}:
            return self._state.base.devices.targeted_images(device_id)
        place = self._claimed(device_id).group
        group = None if place is None else self._state.groups.get(place)
        images = group.current_deployment.images if group and group.current_deployment else ()
        found = [self._state.images.get(image_id) for image_id in images]
        return [image for image in found if image is not None]

    def forget(self, device_ids: Iterable[str]) -> None:
        """Resets these devices to their state in the service below."""
        self._rows.forget(device_ids)

    def _placed(self, group: GroupRef | None) -> dict[str, Any]:
        """Returns the members of a device that is in this group."""
        if group is None:
            return {"place": None, "product_id": None, "device_group_id": None}
        found = self._state.group(group)
        return {"place": Place.at(found.ref), "product_id": found.product_id, "device_group_id": found.id}

    def _claimed(self, device_id: str) -> Device:
        device = self._rows.get(device_id)
        if device is None or device.tenant_id is None:
            raise NotFound(f"Device {device_id} is not claimed into this tenant.", code="NotFound", target=device_id)
        return device


def require_no_devices(count: int, what: str) -> None:
    """Raises Conflict for a resource that cannot be deleted because it has devices."""
    if count:
        raise Conflict(f"The {what} cannot be deleted while it has devices ({count}).", code="Conflict", target=what)
