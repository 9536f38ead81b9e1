# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulator's time: the computer's, which a test may put forward."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone


class Clock:
    """UTC. Put forward with `advance`, so that operations end and tokens expire without anybody waiting for it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def timestamp(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp(), timezone.utc)

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def reset(self) -> None:
        """Back to the computer's time."""
        self._ahead = 0.0
