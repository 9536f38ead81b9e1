# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One deadline for everything that a task waits for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ._errors import InvalidInput


def seconds(params: Mapping[str, Any], name: str, default: float, least: float = 0.001) -> float:
    """An option that is a time in seconds. Raises InvalidInput for one below `least`."""
    value = params.get(name)
    given = default if value is None else float(value)
    if math.isnan(given) or given < least:
        raise InvalidInput(f"The option {name} has to be a positive number of seconds, not {given:g}.")
    return given


class Deadline:
    """So many seconds from now, on a monotonic clock."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        return self.remaining() <= 0
