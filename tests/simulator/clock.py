# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulator's clock: the system time, which tests can advance."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone


class Clock:
    """UTC. `advance` completes operations and expires tokens without waiting."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def timestamp(self) -> float:
        """Return the seconds since 1970."""
        return time.time() + self._ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp(), timezone.utc)

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def reset(self) -> None:
        """Return to the system time."""
        self._ahead = 0.0
