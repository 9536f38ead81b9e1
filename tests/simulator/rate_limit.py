# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A rate limit as a token bucket: requests beyond it are rejected with 429 and Retry-After."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """The bucket. It is full at the start, and whenever the limit changes."""

    now: Callable[[], float] = time.monotonic
    _limit: tuple[float, float] = (0.0, 0.0)
    _level: float = 0.0
    _filled: float = field(default=0.0)

    def seconds_to_wait(self, rate: float, burst: float) -> int:
        """Takes a token and returns 0, or returns the whole seconds after which there is one again.

        :param rate: requests a second; 0 means no limit.
        :param burst: size of the bucket.
        """
        if not rate:
            return 0
        now = self.now()
        if self._limit != (rate, burst):
            self._limit, self._level, self._filled = (rate, burst), burst, now
        self._level = min(burst, self._level + (now - self._filled) * rate)
        self._filled = now
        if self._level < 1:
            return math.ceil((1 - self._level) / rate)
        self._level -= 1
        return 0
