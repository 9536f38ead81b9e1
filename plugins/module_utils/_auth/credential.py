# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What every way of signing in offers to the rest."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

#: A token is renewed this many seconds before its end, or a quarter of its life before, whichever is less.
MARGIN = 300


@dataclass(frozen=True)
class AccessToken:
    """A token and its life, in Unix seconds. `expires_on` is None when nobody knows."""

    secret: str = field(repr=False)
    expires_on: int | None = None
    issued_on: int = 0

    def usable(self, now: float) -> bool:
        if self.expires_on is None:
            return True
        return now < self.expires_on - min(MARGIN, max(0, self.expires_on - self.issued_on) / 4)


class Credential(Protocol):
    """One way of signing in, checked for being complete but not yet used."""

    @property
    def source(self) -> str:
        """The name that `auth_source` has for it."""

    def identity(self) -> list[str] | None:
        """What tells this identity from every other, secrets included: it is digested with a salt before it is used.

        None when its tokens must not be kept.
        """

    def acquire(self, fresh: bool, /) -> AccessToken:
        """A token from the sign-in service; with `fresh` a new one, where the source can promise that.

        Raises SignInError, Unreachable or MissingLibrary.
        """


def issued(secret: str, lifetime: Any = None, expires_on: int | None = None) -> AccessToken:
    """A token that was issued just now, for so many seconds (a number or digits) or until a time (Unix seconds)."""
    now = int(time.time())
    if lifetime is not None:
        expires_on = now + int(lifetime)
    return AccessToken(secret, expires_on, now)
