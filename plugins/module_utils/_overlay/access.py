# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants, certificates, users and their roles in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._errors import Conflict, InvalidInput, NotFound
from .._model import (
    ROLES,
    Certificate,
    Operation,
    Placeholder,
    PlannedBytes,
    Tenant,
    User,
    is_guid,
    same_name,
)
from .._service import check_name
from .layers import Layers


class AccessLayer(Layers):
    def tenants(self) -> list[Tenant]:
        below = self._base.tenants()
        if self._new_name is not None:
            renamed = self.tenant()
            below = [renamed if tenant.id == renamed.id else tenant for tenant in below]
        made = [
            Tenant(Placeholder("tenant", name), name, roles=("Administrator",)) for name, _device in self._new_tenants
        ]
        return sorted([*below, *made], key=lambda tenant: (tenant.name or "", tenant.id))

    def tenant(self) -> Tenant:
        tenant = self._base.tenant()
        return tenant if self._new_name is None else replace(tenant, name=self._new_name)

    def create_tenant(self, name: str, device_id: str) -> Operation:
        check_name("tenant", name)
        if device_id in {device for _name, device in self._new_tenants}:
            raise _no_maker(f"Device {device_id} has made a tenant already.", device_id)
        if self._claimed_here(device_id):
            raise _no_maker(f"Device {device_id} is claimed into the tenant in use.", device_id)
        self._new_tenants.append((name, device_id))
        return self._begun("TenantCreation")

    def _claimed_here(self, device_id: str) -> bool:
        """Other tenants tell of their devices to nobody, and without a tenant in use there is none to ask."""
        try:
            device = self._devices.get(device_id)
        except InvalidInput:
            return False
        return device is not None and device.tenant_id is not None

    def rename_tenant(self, name: str) -> None:
        check_name("tenant", name)
        self._new_name = name

    def block_legacy_authorization(self) -> None:
        """Nothing that can be read shows it."""

    def certificates(self) -> list[Certificate]:
        return self._base.certificates()

    def certificate(self, thumbprint: str | None) -> bytes:
        return self._base.certificate(thumbprint)

    def certificate_chain(self, thumbprint: str | None) -> bytes:
        return self._base.certificate_chain(thumbprint)

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Issued anew each time: what it would hold cannot be known. The certificate has to be there all the same."""
        self._base.certificate(thumbprint)
        return PlannedBytes()

    def users(self) -> list[User]:
        rows = {_key(user): user for user in self._base.users()}
        rows.update(self._users)
        return sorted(
            (user for user in rows.values() if user.roles), key=lambda user: (user.mail or user.name or "").casefold()
        )

    def user(self, user: str) -> User | None:
        known = self._known(user)
        return known if known is not None and known.roles else None

    def roles(self) -> list[str]:
        return self._base.roles()

    def account(self) -> tuple[str, ...]:
        return self._base.account()

    def invite_user(self, address: str) -> None:
        if "@" not in address:
            raise InvalidInput(f'"{address}" is no address that can be invited.', code="BadRequest", target=address)
        self._invited.add(address.casefold())

    def assign_role(self, user: str, role: str) -> None:
        role = self._role(role)
        known = self._known(user)
        if known is None:
            known = self._newcomer(user)
        self._users[_key(known)] = replace(known, roles=tuple(sorted({*known.roles, role})))

    def unassign_role(self, user: str, role: str) -> None:
        role = self._role(role)
        known = self._known(user)
        if known is None:
            if user.casefold() in self._invited:
                return
            raise NotFound(f"The service does not know {user}.", code="NotFound", target=user)
        self._users[_key(known)] = replace(known, roles=tuple(held for held in known.roles if held != role))

    def _known(self, user: str) -> User | None:
        """With or without roles."""
        for changed in self._users.values():
            if any(name is not None and same_name(name, user) for name in (changed.id, changed.mail)):
                return changed
        return self._base.user(user)

    def _newcomer(self, user: str) -> User:
        """Somebody without roles in the tenant: invited here, or a principal that the service may know from elsewhere,
        which it tells nobody before."""
        name = Placeholder("name of the user", user)
        if is_guid(user):
            return User(id=user.lower(), name=name, mail=Placeholder("address of the user", user))
        if user.casefold() not in self._invited:
            raise NotFound(f"The service does not know {user}.", code="NotFound", target=user)
        return User(id=Placeholder("user", user), name=name, mail=user)

    def _role(self, role: str) -> str:
        found = _among(ROLES, role) or _among(self._base.roles(), role)
        if found is None:
            raise InvalidInput(f'There is no role "{role}".', code="BadRequest", target=role)
        return found


def _no_maker(problem: str, device_id: str) -> Conflict:
    hint = "A device can make one tenant only, and only while it is claimed by nobody."
    return Conflict(problem, code="Conflict", target=device_id, hint=hint)


def _among(roles: Sequence[str], role: str) -> str | None:
    return next((name for name in roles if same_name(name, role)), None)


def _key(user: User) -> str:
    return (user.mail or user.id or "").casefold()
