# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants and their certificates in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._errors import Conflict, InvalidInput
from .._model.resources import Certificate, Operation, Tenant
from .._model.values import Placeholder, PlannedBytes
from .._service import Service, require_name
from .state import State


class OverlayTenants:
    def __init__(self, state: State) -> None:
        self._state = state
        self._base = state.base
        self._new_name: str | None = None
        self._made: dict[str, str] = {}

    def list(self) -> Sequence[Tenant]:
        there = list(self._base.tenants.list())
        if self._new_name is not None:
            renamed = self.current()
            there = [renamed if tenant.id == renamed.id else tenant for tenant in there]
        # A service that does not manage access shows no roles.
        roles = ("Administrator",) if self._base.capabilities.users else ()
        made = [Tenant(Placeholder("tenant", name), name, roles=roles) for name in self._made.values()]
        return sorted([*there, *made], key=lambda tenant: (tenant.name or "", tenant.id))

    def current(self) -> Tenant:
        tenant = self._base.tenants.current()
        return tenant if self._new_name is None else replace(tenant, name=self._new_name)

    def identity(self) -> str:
        return self._state.base.tenants.identity()

    def create(self, name: str, device_id: str | None = None) -> Operation | None:
        require_name(self._base.capabilities, "tenant", name)
        if device_id is None or not self._base.capabilities.tenant_needs_device:
            self._made[name] = name
            return self._state.started("tenants.create")
        if device_id in self._made:
            raise _no_maker(f"Device {device_id} has made a tenant already.", device_id)
        if self._state.checked and self._is_claimed(device_id):
            raise _no_maker(f"Device {device_id} is claimed into the tenant in use.", device_id)
        self._made[device_id] = name
        return self._state.started("tenants.create")

    def rename(self, name: str) -> None:
        require_name(self._base.capabilities, "tenant", name)
        self._new_name = name

    def block_legacy_authorization(self) -> None:
        """Does nothing: no read shows the effect."""

    def _is_claimed(self, device_id: str) -> bool:
        """Reads no devices of other tenants: no read shows them."""
        try:
            device = self._state.devices.get(device_id)
        except InvalidInput:
            return False
        return device is not None and device.tenant_id is not None


class OverlayCertificates:
    def __init__(self, base: Service) -> None:
        self._base = base.certificates

    def list(self) -> Sequence[Certificate]:
        return self._base.list()

    def get(self, thumbprint: str | None) -> bytes:
        return self._base.get(thumbprint)

    def chain(self, thumbprint: str | None) -> bytes:
        return self._base.chain(thumbprint)

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Returns a placeholder, as the service issues a new one each time. The certificate must exist."""
        self._base.get(thumbprint)
        return PlannedBytes()


def _no_maker(problem: str, device_id: str) -> Conflict:
    hint = "A device can make one tenant only, and only while it is unclaimed."
    return Conflict(problem, code="Conflict", target=device_id, hint=hint)
