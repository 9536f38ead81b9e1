# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What every way of signing in offers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from .._errors import SignInError
from .._http.checks import is_token

#: A token is renewed this many seconds before its end, or a quarter of its life before, whichever is less.
MARGIN = 300


@dataclass(frozen=True)
class AccessToken:
    """A token and its lifetime, in Unix seconds. `expires_on` is None when it is not known."""

    secret: str = field(repr=False)
    expires_on: int | None = None
    issued_on: int = 0

    def usable(self, now: float) -> bool:
        """Returns whether it lasts for a while after `now`, in Unix seconds."""
        if self.expires_on is None:
            return True
        return now < self.expires_on - min(MARGIN, max(0, self.expires_on - self.issued_on) / 4)


class Credential(Protocol):
    """One way of signing in, checked for being complete but not yet used."""

    @property
    def source(self) -> str:
        """The name that `auth_source` has for it."""

    def identity(self) -> list[str] | None:
        """Returns what distinguishes this identity from others, secrets included; only a salted digest of it is used.

        None when its tokens must not be kept.
        """

    def acquire(self, fresh: bool, claims: str | None = None, /) -> AccessToken:
        """Fetches a token; with `fresh` a new one, where the source can promise that.

        :param claims: what a claims challenge of the service wants the token to have (JSON), where the source can ask
            for that: continuous access evaluation.

        Raises SignInError, Unreachable or MissingLibrary.
        """


def issued(secret: str, lifetime: Any = None, expires_on: int | None = None) -> AccessToken:
    """Returns a token that was issued just now, for so many seconds (a number or digits) or until a Unix time.

    Raises SignInError for what no request can carry as a token, without repeating it.
    """
    if not isinstance(secret, str) or not is_token(secret):
        raise SignInError(
            "Signing in failed: the token that was issued has characters that no token has.",
            code="unusable_token",
            hint="Check the source of the token, and whether a proxy changes replies.",
        )
    now = int(time.time())
    seconds = _seconds(lifetime)
    return AccessToken(secret, expires_on if seconds is None else now + seconds, now)


def _seconds(lifetime: Any) -> int | None:
    """Returns a number of seconds however it is written, None for anything else: the token is then used, not kept."""
    try:
        seconds = float(lifetime)
    except (TypeError, ValueError):
        return None
    return int(seconds) if math.isfinite(seconds) and abs(seconds) < 10**10 else None
