# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Users and their roles in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._errors import InvalidInput, NotFound
from .._model.resources import ROLES, User
from .._model.values import Placeholder, is_guid, same_name
from .._service import Service


class OverlayUsers:
    def __init__(self, base: Service) -> None:
        self._base = base.users
        self._changed: dict[str, User] = {}
        self._invited: set[str] = set()

    def list(self) -> Sequence[User]:
        rows = {_key(user): user for user in self._base.list()}
        rows.update(self._changed)
        return sorted(
            (user for user in rows.values() if user.roles), key=lambda user: (user.mail or user.name or "").casefold()
        )

    def get(self, user: str) -> User | None:
        known = self._known(user)
        return known if known is not None and known.roles else None

    def roles(self) -> Sequence[str]:
        return self._base.roles()

    def account(self) -> Sequence[str]:
        return self._base.account()

    def invite(self, address: str) -> None:
        if "@" not in address:
            raise InvalidInput(f'Invalid address "{address}": it cannot be invited.', code="BadRequest", target=address)
        self._invited.add(address.casefold())

    def assign_role(self, user: str, role: str) -> None:
        role = self._spelled(role)
        known = self._known(user) or self._newcomer(user)
        self._changed[_key(known)] = replace(known, roles=tuple(sorted({*known.roles, role})))

    def unassign_role(self, user: str, role: str) -> None:
        role = self._spelled(role)
        known = self._known(user)
        if known is None:
            if user.casefold() in self._invited:
                return
            raise _unknown(user)
        self._changed[_key(known)] = replace(known, roles=tuple(held for held in known.roles if held != role))

    def _known(self, user: str) -> User | None:
        """Returns a user with or without roles."""
        for changed in self._changed.values():
            if any(name is not None and same_name(name, user) for name in (changed.id, changed.mail)):
                return changed
        return self._base.get(user)

    def _newcomer(self, user: str) -> User:
        """Returns a user without roles in the tenant: invited here, or a principal that the service may know."""
        name = Placeholder("name of the user", user)
        if is_guid(user):
            return User(id=user.lower(), name=name, mail=Placeholder("address of the user", user))
        if user.casefold() not in self._invited:
            raise _unknown(user)
        return User(id=Placeholder("user", user), name=name, mail=user)

    def _spelled(self, role: str) -> str:
        known = (*ROLES, *(() if _is_known(role) else self._base.roles()))
        found = next((name for name in known if same_name(name, role)), None)
        if found is None:
            raise InvalidInput(f'There is no role "{role}".', code="BadRequest", target=role)
        return found


def _is_known(role: str) -> bool:
    return any(same_name(name, role) for name in ROLES)


def _unknown(user: str) -> NotFound:
    return NotFound(f"The service does not know {user}.", code="NotFound", target=user)


def _key(user: User) -> str:
    return (user.mail or user.id or "").casefold()
