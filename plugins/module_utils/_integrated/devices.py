# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: children of a device group, or of the catalog alone while they are in none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._backend.values import body_of, bytes_of, encoded, member, number_of, text_of
from .._deadline import Deadline
from .._errors import NotFound
from .._model.refs import GroupRef, Scope
from .._model.resources import Device, Image, Operation
from .._service import Report
from . import wire
from .claims import Claims
from .client import IntegratedClient
from .device_groups import IntegratedDeviceGroups
from .images import IntegratedImages
from .moves import Moves
from .operations import IntegratedOperations
from .paths import group_path, product_path, segment
from .places import Places
from .tenants import IntegratedTenants

Body = Mapping[str, Any]


class IntegratedDevices:
    def __init__(
        self,
        client: IntegratedClient,
        operations: IntegratedOperations,
        tenants: IntegratedTenants,
        groups: IntegratedDeviceGroups,
        images: IntegratedImages,
    ) -> None:
        self._client = client
        self._operations = operations
        self._tenants = tenants
        self._groups = groups
        self._images = images
        self._places = Places(client)
        self._claims = Claims(client, operations, self._places)
        self._moves = Moves(client, operations, self._places)

    def list(self, scope: Scope = None) -> Sequence[Device]:
        """Devices_ListByDeviceGroup, for each group of a product; Catalogs_ListDevices.

        The lists of groups are read by GET, which leaves the scarcer limit for writes alone.
        """
        found = [self._seen(body, group) for body, group in self._bodies(scope)]
        return sorted(found, key=lambda device: device.id)

    def get(self, device_id: str) -> Device | None:
        """Devices_Get. Its address has the group: an unknown one is looked up in the list of the catalog."""
        found = self._find(device_id)
        return None if found is None else self._seen(*found)

    def count(self, scope: Scope = None) -> int:
        """Catalogs_CountDevices, Products_CountDevices or DeviceGroups_CountDevices."""
        below, words = "", ""
        if isinstance(scope, GroupRef):
            below, words = f"{group_path(scope)}/", f" of the device group {scope}"
        elif scope is not None:
            below, words = f"{product_path(scope)}/", f" of the product {scope}"
        doing = f"counting the devices{words}"
        path = self._client.path(f"{below}countDevices")
        try:
            found = self._client.ask(path, doing, target=None if scope is None else str(scope))
        except NotFound as error:
            self._client.require_catalog(error)
            raise
        return number_of(member(found, "value") if isinstance(found, dict) else found, doing)

    def claim(
        self, device_ids: Sequence[str], deadline: Deadline, report: Report, group: GroupRef | None = None
    ) -> Operation | None:
        """DeviceGroups_ClaimDevices, and Devices_CreateOrUpdate for few devices and for rejected ones."""
        return self._claims.claim(device_ids, group, deadline, report)

    def move(
        self,
        device_ids: Sequence[str],
        group: GroupRef | None,
        deadline: Deadline,
        report: Report,
        wait: bool = True,
    ) -> Operation | None:
        """Devices_Update; without a group, devices leave all groups."""
        return self._moves.move(device_ids, group, deadline, report, wait)

    def capability_file(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """Devices_GenerateCapabilityImage."""
        doing = f"fetching a capability file for the device {device_id}"
        found = self._find(device_id)
        if found is None:
            raise NotFound(f"Device {device_id} is not claimed into this tenant.", code="NotFound", target=device_id)
        path = f"{self._path(device_id, found[1])}/generateCapabilityImage"
        names = sorted(wire.capability(name) for name in capabilities)
        reply = self._client.call(
            "POST",
            path,
            doing,
            target=device_id,
            body=encoded({"capabilities": names}),
            # It creates a file and changes nothing, but is not a read operation: a read-only session rejects it.
            idempotent=True,
            changes=False,
        )
        body = reply.json()
        if reply.status == 202:
            body = self._operations.outcome(reply, "DeviceCapability", doing)
        found_body = body_of(body, doing)
        return bytes_of(text_of(member(found_body, "image")) or text_of(wire.own(found_body, "image")), doing)

    def targeted_images(self, device_id: str) -> Sequence[Image]:
        """Returns the images of the current deployment of the device's group: no operation lists those of a device."""
        found = self._find(device_id)
        if found is None:
            raise NotFound(
                f"Device {device_id} is not claimed into this tenant.", code="NotFound", status=404, target=device_id
            )
        group = found[1]
        current = None if group is None else self._groups.current_deployment(group)
        images = [] if current is None else [wire.image(body) for body in wire.deployed_images(current)]
        complete = [image if image.name else self._images.get(image.id) or image for image in images]
        return sorted(complete, key=lambda image: ((image.name or "").casefold(), image.id))

    def _find(self, device_id: str) -> tuple[Body, GroupRef | None] | None:
        """Returns a device with its group. If it left the known group, the catalog is listed again, once."""
        for _attempt in range(2):
            place = self._places.where(device_id)
            if place is None:
                return None
            path = self._path(device_id, place[0])
            body = self._client.find(path, f"looking up the device {device_id}", target=device_id)
            if body is not None:
                return body, place[0]
            self._places.forget(device_id)
        return None

    def _bodies(self, scope: Scope) -> Iterable[tuple[Body, GroupRef | None]]:
        if scope is None:
            yield from self._places.listed()
        elif isinstance(scope, GroupRef):
            doing = f"listing the devices of the device group {scope}"
            found: list[Body] = list(
                self._client.entries(f"{self._groups.path(scope)}/devices", doing, target=str(scope))
            )
            self._places.learn(map(wire.device_id, found), scope)
            yield from ((body, scope) for body in found)
        else:
            for group in self._groups.bodies(scope):
                yield from self._bodies(GroupRef(scope, wire.name_of(group)))

    def _seen(self, body: Body, group: GroupRef | None) -> Device:
        return wire.device(body, self._tenants.current().id, group)

    def _path(self, device_id: str, group: GroupRef | None) -> str:
        return f"{self._groups.path(group)}/devices/{segment(device_id)}"
