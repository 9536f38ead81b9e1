# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Data that the sign-in keeps between requests. A reset of the simulator clears it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ..state import Person
from ..world import World
from .directory import Scope

#: Letters and digits that cannot be confused with each other.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass
class DeviceCode:
    """A pending sign-in. `state` is pending, approved, declined or uninvited; times are of the simulator's clock."""

    device_code: str
    user_code: str
    client_id: str
    directory_id: str
    scope: str
    expires: float
    state: str = "pending"
    person: Person | None = None
    username: str = ""


@dataclass
class Grant:
    """The sign-in that a refresh token belongs to."""

    username: str
    client_id: str
    directory_id: str
    scope: Scope
    revoked: bool = False


@dataclass
class Sessions:
    """Volatile data of the sign-in. `next_tokens` are changes to the next tokens."""

    device_codes: dict[str, DeviceCode] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    next_tokens: list[TokenOrder] = field(default_factory=list)
    device_code_lifetime: float = 900.0

    def by_user_code(self, user_code: str) -> DeviceCode | None:
        wanted = user_code.strip().upper()
        return next((code for code in self.device_codes.values() if code.user_code == wanted), None)

    def start(self, client_id: str, directory_id: str, scope: str, now: float) -> DeviceCode:
        code = DeviceCode(
            secrets.token_urlsafe(48),
            "".join(secrets.choice(_ALPHABET) for _unused in range(9)),
            client_id,
            directory_id,
            scope,
            now + self.device_code_lifetime,
        )
        self.device_codes[code.device_code] = code
        return code

    def grant(self, username: str, client_id: str, directory_id: str, scope: Scope) -> str:
        """Return a new refresh token. As in Entra, the previous one stays valid."""
        token = f"1.{secrets.token_urlsafe(96)}"
        self.grants[token] = Grant(username, client_id, directory_id, scope)
        return token

    def revoke(self, username: str | None = None) -> int:
        """Revoke the refresh tokens of one person, or of all, and return their number."""
        found = [
            grant
            for grant in self.grants.values()
            if not grant.revoked and (username is None or grant.username.casefold() == username.casefold())
        ]
        for grant in found:
            grant.revoked = True
        return len(found)


@dataclass
class TokenOrder:
    """A change to the next `times` tokens: another audience or lifetime (seconds)."""

    times: int = 1
    audience: str | None = None
    lifetime: float | None = None


def sessions(world: World) -> Sessions:
    """Return the sign-in data of the simulator, created on first use."""
    found = world.sessions.get("signin")
    if not isinstance(found, Sessions):
        found = world.sessions["signin"] = Sessions()
    return found
