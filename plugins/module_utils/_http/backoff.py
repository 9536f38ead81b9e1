# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Pauses between attempts, for requests, sign-in and polling alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple


class Backoff(NamedTuple):
    """Growing pauses in seconds: `first`, each `growth` times the one before, never above `longest`."""

    first: float
    growth: float
    longest: float

    def pause(self, attempt: int) -> float:
        """Returns the pause after so many attempts, counted from 1."""
        return min(self.longest, self.first * self.growth ** min(attempt - 1, 64))

    def pauses(self) -> Iterator[float]:
        """Yields one pause after the other, forever."""
        attempt = 0
        while True:
            attempt += 1
            yield self.pause(attempt)


#: Upper bounds of the pauses between the attempts of one request; full jitter picks anything below.
RETRIES = Backoff(0.5, 2.0, 20.0)


def full_jitter(most: float) -> float:
    """Returns a random pause of up to `most` seconds."""
    return random.uniform(0.0, most)
