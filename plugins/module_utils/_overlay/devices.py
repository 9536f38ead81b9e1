# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims and moves of the overlay, and what devices are to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .._deadline import Deadline
from .._errors import FleetError, NotFound
from .._model import Device, Image, Insight, Operation, PlannedBytes
from .._service import DeviceOutcome, Report
from .products import ProductLayer


class DeviceLayer(ProductLayer):
    def claim_devices(self, device_ids: Sequence[str], deadline: Deadline, report: Report) -> Operation | None:
        """Cannot know which devices another tenant owns: the service tells nobody before a claim."""
        tenant_id = self._base.tenant().id
        for device_id in device_ids:
            device = self._devices.known(device_id) or Device(device_id)
            if device.tenant_id is None:
                self._devices.put(replace(device, tenant_id=tenant_id))
            if not report(DeviceOutcome(device_id)):
                break
        kind = "DeviceClaim" if len(device_ids) == 1 else "BulkDeviceClaim"
        return self._over(self._begun(kind)) if device_ids else None

    def move_devices(
        self, device_ids: Sequence[str], device_group_id: str, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        for device_id in device_ids:
            error: FleetError | None = None
            try:
                group = self._existing_group(device_group_id)
                device = self._claimed(device_id)
                self._devices.put(replace(device, product_id=group.product_id, device_group_id=group.id))
            except NotFound as refused:
                error = refused
            if not report(DeviceOutcome(device_id, error)):
                break
        operation = self._begun("DeviceUpdateDeviceGroup") if device_ids else None
        return self._over(operation) if operation is not None and wait else operation

    def device_capability(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """Asking for a file is a write to the service, which signs one; what it would hold cannot be known."""
        self._claimed(device_id)
        return PlannedBytes()

    def forget_devices(self, device_ids: Iterable[str]) -> None:
        """Has these be as they are in the service below, whatever was done to them here."""
        self._devices.forget(device_ids)

    def _claimed(self, device_id: str) -> Device:
        device = self._devices.get(device_id)
        if device is None or device.tenant_id is None:
            raise NotFound(f"Device {device_id} is not claimed into this tenant.", code="NotFound", target=device_id)
        return device

    def targeted_images(self, device_id: str) -> list[Image]:
        if device_id not in self._moved() and not self._new_deployments:
            return self._base.targeted_images(device_id)
        device = self._claimed(device_id)
        group = self.device_group(device.device_group_id) if device.device_group_id else None
        images = group.current_deployment.images if group and group.current_deployment else ()
        found = [self._images.get(image_id) for image_id in images]
        return [image for image in found if image is not None]

    def _moved(self) -> set[str]:
        return {device.id for device in self._devices.over([])}

    def insights(self) -> Iterable[Insight]:
        return self._base.insights()
