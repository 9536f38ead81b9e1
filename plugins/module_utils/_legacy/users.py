# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Users and their roles: operations AccessControl_*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._deadline import Deadline
from .._errors import Forbidden, NotFound, ServiceError
from .._http.backoff import Backoff
from .._model.resources import ROLES, User
from .._model.values import is_guid, same_name
from . import wire
from .client import LegacyClient, segment
from .starting import Starter

#: Seconds between attempts to assign a role to a newly invited user.
INVITATION_POLLS = Backoff(0.25, 1.6, 5.0)


class LegacyUsers:
    def __init__(self, client: LegacyClient, starter: Starter) -> None:
        self._client = client
        self._starter = starter
        self._invited: set[str] = set()

    def list(self) -> Sequence[User]:
        """AccessControl_ListUsers. Without the Administrator role the reply is 404 (FACTS: failures)."""
        doing = "listing the users of the tenant"
        try:
            body = self._client.read(self._client.path("users"), doing)
        except NotFound as error:
            hint = "Only Administrators of the tenant may list users; for others the service reports not found."
            raise error.converted(Forbidden, error.message, hint=hint) from error
        listed = body if isinstance(body, list) else wire.member(wire.body_of(body, doing), "Principals")
        found = [wire.user(entry) for entry in wire.listed(listed, doing)]
        return sorted(
            (user for user in found if user.roles), key=lambda user: (user.mail or user.name or "").casefold()
        )

    def get(self, user: str) -> User | None:
        """AccessControl_ListRolesByUser for the roles, and the list of users for the names that go with them."""
        roles = self._roles_of(user)
        try:
            listed = self.list()
        except Forbidden:
            if roles is None:
                raise
            listed = ()
        found = next((entry for entry in listed if _is(entry, user)), None)
        if found is None and roles:
            guid, address = (user.lower(), None) if is_guid(user) else (None, user)
            return User(id=guid, name=None, mail=address, roles=roles)
        if found is not None and roles:
            return replace(found, roles=roles)
        return found

    def roles(self) -> Sequence[str]:
        """AccessControl_ListAvailableRoles. Its address is a guess: without it, the three documented names."""
        try:
            found = wire.role_names(self._client.read("/v2/roles", "listing the available roles"))
        except ServiceError as error:
            if error.status not in (400, 403, 404, 405):
                raise
            found = []
        return found or ROLES

    def invite(self, address: str) -> None:
        """AccessControl_InviteUser, at the fixed address of the tenant of zeros."""
        path = f"/v2/tenants/{wire.NO_TENANT}/users/invite"
        self._client.write(
            "POST", path, f"inviting {address}", target=address, body=wire.encoded({"UserEmail": address})
        )
        self._invited.add(address.casefold())

    def assign_role(self, user: str, role: str) -> None:
        """AccessControl_AssignRole. An invitation takes some seconds to take effect (FACTS: tenants and access):
        a user who was invited here may be unknown for up to `retry_timeout`.
        """
        with self._starter.tracker.overtaking(lambda: self._has(user, role)):
            self._assign(user, role)

    def _assign(self, user: str, role: str) -> None:
        path = self._client.path(f"users/{segment(user)}/role/{segment(role)}/assign")
        doing = f"assigning the role {role} to {user}"
        patience = self._client.session.settings.retry_timeout if user.casefold() in self._invited else 0.0
        deadline = Deadline(patience, self._client.session.clock.now)
        for pause in INVITATION_POLLS.pauses():
            try:
                self._client.write("POST", path, doing, target=user)
            except NotFound:
                if deadline.passed:
                    raise
                self._client.session.pause(min(pause, deadline.remaining()), doing)
            else:
                self._invited.discard(user.casefold())
                return

    def unassign_role(self, user: str, role: str) -> None:
        """AccessControl_UnassignRole."""
        path = self._client.path(f"users/{segment(user)}/role/{segment(role)}/unassign")
        with self._starter.tracker.overtaking(lambda: not self._has(user, role)):
            self._client.write("POST", path, f"removing the role {role} from {user}", target=user)

    def account(self) -> Sequence[str]:
        """Returns the names of this account; a person may sign in with another address than the tenant knows."""
        account = self._client.session.tokens.account()
        return tuple(name for name in (account.address, account.object_id) if name)

    def _has(self, user: str, role: str) -> bool:
        """Returns whether the user has the role. Raises Forbidden where this account may not see it."""
        roles = self._roles_of(user)
        if roles is None:
            found = self.get(user)
            roles = () if found is None else found.roles
        return any(same_name(each, role) for each in roles)

    def _roles_of(self, user: str) -> tuple[str, ...] | None:
        """Returns the roles in this tenant; None if the service does not know the user, or hides it."""
        doing = f"looking up the roles of {user}"
        try:
            body = self._client.find(self._client.path(f"users/{segment(user)}/role"), doing, target=user)
        except Forbidden:
            return None
        if body is None:
            return None
        listed = wire.listed(wire.member(body, "Roles"), doing)
        mine = [
            entry for entry in listed if wire.id_of(wire.member(entry, "TenantId")) in (self._client.tenant_id(), None)
        ]
        return tuple(sorted({name for entry in mine for name in wire.role_names(wire.member(entry, "RoleNames"))}))


def _is(user: User, wanted: str) -> bool:
    return any(name is not None and same_name(name, wanted) for name in (user.id, user.mail, user.name))
