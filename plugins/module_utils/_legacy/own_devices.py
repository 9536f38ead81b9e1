# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads single devices, and remembers which belong to this tenant: operation Devices_Get."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .._errors import Forbidden, NotFound
from .._model.resources import Device
from . import wire
from .client import PAGE_SIZE, LegacyClient, segment

#: More devices than this are listed, and not read one by one.
READ_SINGLY = 8


class OwnDevices:
    """Devices that were read, claimed or moved in this tenant: they stay in it."""

    def __init__(self, client: LegacyClient) -> None:
        self._client = client
        self._ids: set[str] = set()

    def add(self, device_ids: Iterable[str]) -> None:
        self._ids.update(device_ids)

    def read(self, device_id: str) -> Device | None:
        """Returns a device without its place. One of another tenant may show as not found or as forbidden (FACTS:
        failures).

        A device of this tenant cannot move to another one: for it, both are errors.
        """
        path, doing = self._client.path(f"devices/{segment(device_id)}"), f"looking up the device {device_id}"
        try:
            found = wire.device(wire.body_of(self._client.read(path, doing, target=device_id), doing))
        except (Forbidden, NotFound) as error:
            if device_id in self._ids:
                raise
            self._client.require_tenant(error)
            return None
        if found.tenant_id == self._client.tenant_id():
            self._ids.add(device_id)
        return found

    def among(self, device_ids: Collection[str]) -> set[str]:
        """Returns those of these devices that are this tenant's now; lists all devices in place of reading many."""
        if len(device_ids) <= READ_SINGLY:
            return {device_id for device_id in device_ids if self.is_own(device_id)}
        listed = self._client.entries(self._client.path("devices"), "listing the devices", PAGE_SIZE)
        ids = {wire.id_of(wire.member(body, "DeviceId")) for body in listed}
        own = {device_id for device_id in device_ids if device_id in ids}
        self._ids |= own
        return own

    def is_own(self, device_id: str) -> bool:
        """Returns whether the device is this tenant's now."""
        device = self.read(device_id)
        return device is not None and device.tenant_id == self._client.tenant_id()

    def is_in(self, device_id: str, device_group_id: str) -> bool:
        """Returns whether the device is in the group of this GUID now."""
        device = self.read(device_id)
        return device is not None and device.device_group_id == device_group_id
