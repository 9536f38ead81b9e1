# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The one object that everything in the simulator shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .faults import Faults
from .log import RequestLog
from .operations import Operations
from .paging import Pages
from .settings import Settings
from .state import State
from .tokens import Tokens


@dataclass
class World:
    """A simulated service.

    `url` is the address of API and sign-in (`https://127.0.0.1:PORT`), `blob_url` that of the image packages.
    `sessions` is volatile data of the sign-in, such as device codes and refresh tokens, by a name of its choosing; a
    reset empties it. `initial` is the state document that a reset goes back to. `changes` counts what was written since
    the start.
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
    sessions: dict[str, Any] = field(default_factory=dict)
    invited: dict[str, float] = field(default_factory=dict)
    changes: int = 0

    def settle(self) -> None:
        """Bring to their end all operations whose time has come."""
        if self.operations.settle(self.clock.timestamp()):
            self.changes += 1

    def replace_state(self, state: State) -> None:
        """Go on with another state, and without operations, pages, invitations under way and sign-in sessions."""
        self.state = state
        self.operations.clear()
        self.pages.clear()
        self.sessions.clear()
        self.invited.clear()
        self.changes += 1
