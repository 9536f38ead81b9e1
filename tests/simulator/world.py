# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The object that all parts of the simulator share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .faults import Faults
from .log import RequestLog
from .operations import Operations
from .paging import Pages
from .rate_limit import RateLimit
from .settings import Settings
from .state import State
from .tokens import Tokens


@dataclass
class World:
    """A simulated service.

    `url` is the address of the API and the sign-in (`https://127.0.0.1:PORT`), `blob_url` that of the image store.
    `sessions` is volatile data of the sign-in, such as device codes and refresh tokens; a reset clears it.
    `volatile` is other data that parts keep between requests; a reset clears it, too.
    `initial` is the state document that a reset restores. `changes` counts writes since the start.
    """

    url: str
    blob_url: str
    settings: Settings
    clock: Clock
    tokens: Tokens
    state: State
    initial: dict[str, Any]
    initial_settings: dict[str, Any]
    log: RequestLog = field(default_factory=RequestLog)
    faults: Faults = field(default_factory=Faults)
    operations: Operations = field(default_factory=Operations)
    pages: Pages = field(default_factory=Pages)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    sessions: dict[str, Any] = field(default_factory=dict)
    invited: dict[str, float] = field(default_factory=dict)
    volatile: dict[str, Any] = field(default_factory=dict)
    changes: int = 0

    def settle(self) -> None:
        """Complete all operations that are due."""
        if self.operations.settle(self.clock.timestamp()):
            self.changes += 1

    def replace_state(self, state: State) -> None:
        """Replace the state, and drop operations, pages, pending invitations and sign-ins."""
        self.state = state
        self.operations.clear()
        self.pages.clear()
        self.sessions.clear()
        self.invited.clear()
        self.volatile.clear()
        self.changes += 1
