# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: Devices_*, DeviceCapability_Create, ErrorReporting_List, Deployments_GetByDevice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._errors import Forbidden, NotFound, ServiceError
from .._http.session import Session
from .._model import Device, Image, Insight
from . import wire
from .backend import PAGE_SIZE, segment
from .operations import OperationVerbs


class DeviceVerbs(OperationVerbs):
    def __init__(
        self, session: Session, tenant: str | None, warn: Callable[[str], None], debug: Callable[[str], None]
    ) -> None:
        super().__init__(session, tenant, warn, debug)
        #: IDs of devices that were read, claimed or moved as this tenant's: they stay so.
        self._ours: set[str] = set()

    def devices(self, product_id: str | None = None, device_group_id: str | None = None) -> list[Device]:
        """Devices_List, Devices_ListInProduct or Devices_ListInGroup."""
        below, doing = _scope(product_id, device_group_id)
        path = self._path(f"{below}devices")
        found = self._entries(path, f"listing the devices{doing}", PAGE_SIZE, target=device_group_id or product_id)
        return sorted((wire.device(body) for body in found), key=lambda device: device.id)

    def device(self, device_id: str) -> Device | None:
        """Devices_Get. A device of another tenant may show as not found or as forbidden (FACTS: failures).

        A device known as this tenant's cannot become anybody else's: for it, both are errors.
        """
        path, doing = self._path(f"devices/{segment(device_id)}"), f"looking up the device {device_id}"
        try:
            found = wire.device(wire.body_of(self._read(path, doing, target=device_id), doing))
        except (Forbidden, NotFound):
            if device_id in self._ours:
                raise
            return None
        if found.tenant_id == self._resolved():
            self._ours.add(device_id)
        return found

    def device_count(self, product_id: str | None = None, device_group_id: str | None = None) -> int:
        """Devices_Count, Devices_CountInGroup, or Devices_CountInProduct, whose address is inferred: where it is not
        there, devices are counted."""
        below, scope = _scope(product_id, device_group_id)
        doing = f"counting the devices{scope}"
        path = self._path(f"{below}devices/count".replace("devicegroups", "deviceGroups"))
        try:
            return wire.number_of(self._read(path, doing, target=device_group_id or product_id), doing)
        except ServiceError as error:
            if error.status not in (400, 403, 404, 405):
                raise
            return len(self.devices(product_id, device_group_id))

    def device_capability(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """DeviceCapability_Create."""
        doing = f"fetching a capability file for the device {device_id}"
        numbers = sorted({wire.enum_number(wire.CAPABILITY, name) for name in capabilities})
        reply = self._call(
            "POST",
            self._path("deviceCapabilityImage"),
            doing,
            target=device_id,
            body=wire.encoded({"DeviceId": device_id, "Capabilities": numbers}),
            # It makes a file and changes nothing, but is not a read operation: a read-only session refuses it.
            idempotent=True,
            changes=False,
        )
        return wire.bytes_of(wire.member(wire.body_of(reply.json(), doing), "SignedDeviceCapabilityImageBytes"), doing)

    def targeted_images(self, device_id: str) -> list[Image]:
        """Deployments_GetByDevice."""
        doing = f"listing the images that the device {device_id} is to have"
        found = self._entries(self._path(f"devices/{segment(device_id)}/images"), doing, target=device_id)
        return sorted((wire.image(body) for body in found), key=lambda image: ((image.name or "").casefold(), image.id))

    def insights(self) -> Iterator[Insight]:
        """ErrorReporting_List."""
        for body in self._entries(self._path("getDeviceInsights"), "listing the insights of the devices"):
            yield wire.insight(body)


def _scope(product_id: str | None, device_group_id: str | None) -> tuple[str, str]:
    """The path in front of `devices`, and the words that go with it."""
    if device_group_id is not None:
        return f"devicegroups/{segment(device_group_id)}/", f" of the device group {device_group_id}"
    if product_id is not None:
        return f"products/{segment(product_id)}/", f" of the product {product_id}"
    return "", ""
