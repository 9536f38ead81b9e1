# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Time as requests and sign-in see it, so that tests can bring their own."""

from __future__ import annotations

import threading
import time


class Clock:
    """The real time: a monotonic clock for waiting, the calendar for dates in headers."""

    def now(self) -> float:
        """Returns seconds on a clock that never goes back."""
        return time.monotonic()

    def calendar(self) -> float:
        """Returns seconds since 1970."""
        return time.time()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Waits on a condition that the caller holds, for so many seconds at most."""
        condition.wait(seconds)

    def sleep(self, seconds: float) -> None:
        """Waits for so many seconds."""
        condition = threading.Condition()
        with condition:
            until = self.now() + seconds
            while (left := until - self.now()) > 0:
                self.wait(condition, left)
