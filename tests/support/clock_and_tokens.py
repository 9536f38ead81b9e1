# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A clock that does not wait, and tokens that count their renewals: what an HTTP session needs beside a server."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ansible_collections.azsphere.fleet.plugins.module_utils._http.clock import Clock
from ansible_collections.azsphere.fleet.plugins.module_utils._http.message import ReadOperations

READS = ReadOperations([("GET", "*"), ("HEAD", "*")])


@dataclass(frozen=True)
class Nobody:
    address: str | None = "somebody@example.org"
    object_id: str | None = None


@dataclass
class CountedTokens:
    """Gives token-0, and the next one for each that is rejected."""

    source: str = "access_token"
    renewals: int = 0
    claims: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self) -> str:
        return f"token-{self.renewals}"

    def renew(self, rejected: str, claims: str | None = None) -> str:
        with self._lock:
            self.claims += [claims] if claims else []
            if rejected == self.token():
                self.renewals += 1
            return self.token()

    def account(self) -> Nobody:
        return Nobody()


class FastClock(Clock):
    """Waiting is a step of the clock; `waits` has the steps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def calendar(self) -> float:
        return 1_700_000_000.0 + self.time - 1000.0

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        if seconds is None:
            condition.wait(5)
            return
        self.waits.append(seconds)
        self.time += seconds
