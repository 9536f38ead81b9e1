# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One deadline for all waiting of a task."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ._errors import InvalidInput


def seconds(params: Mapping[str, Any], name: str, default: float, least: float = 0.001) -> float:
    """Returns the value of an option in seconds. Raises InvalidInput if it is below `least`."""
    value = params.get(name)
    given = default if value is None else float(value)
    if math.isnan(given) or given < least:
        raise InvalidInput(f"Invalid {name} {given:g}: use a positive number of seconds.")
    return given


class Deadline:
    """A point in time the given number of seconds from now, on a monotonic clock."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Returns the remaining seconds, never less than zero."""
        return max(0.0, self._end - self._clock())

    def wait(self, seconds: float) -> None:
        """Waits for so many seconds, but not beyond the deadline."""
        threading.Event().wait(min(seconds, self.remaining()))

    @property
    def passed(self) -> bool:
        return self.remaining() <= 0
