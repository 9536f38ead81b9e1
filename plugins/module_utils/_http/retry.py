# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Which failures pass, and when the next attempt is due."""

from __future__ import annotations

from collections.abc import Callable

from .._errors import WriteState
from .backoff import RETRIES
from .clock import Clock

RETRIED = (408, 429, 500, 502, 503, 504)
#: A read whose success cannot be understood is sent this often; the last reply then counts.
READ_ATTEMPTS = 3
TOO_MANY_REQUESTS = 429
THROTTLES = (TOO_MANY_REQUESTS, 503)
#: Server errors that say that the request was not even tried.
_NOT_TRIED = (501, 505, 511)
#: Redirects that ask for the same request elsewhere. They are not followed.
_ELSEWHERE = (307, 308)
#: A server that never answered at all is tried this often: it is more likely wrong than busy.
FIRST_CONTACT_ATTEMPTS = 3


def state_after(status: int) -> WriteState:
    """Returns the outcome of a write that was answered with this error status.

    503 is unknown whatever its headers: a gateway says `Retry-After` for a backend that had the request. 429 comes
    before any work. Many servers send 301, 302 or 303 after the work is done, and other statuses below 400, such as
    304, do not fit a write.
    """
    odd = status < 400 and status not in _ELSEWHERE
    if odd or status == 408 or (status >= 500 and status not in _NOT_TRIED):
        return WriteState.UNKNOWN
    return WriteState.NOT_SENT


class Attempts:
    """The attempts of one request: their number, and whether another one fits into `patience` seconds.

    `answered` says whether this server has ever answered.
    """

    def __init__(
        self, patience: float, clock: Clock, jitter: Callable[[float], float], answered: Callable[[], bool]
    ) -> None:
        self.patience = patience
        self.number = 0
        self._clock = clock
        self._jitter = jitter
        self._answered = answered
        self._started = clock.now()

    @property
    def left(self) -> float:
        """Seconds left; all of them before the first attempt."""
        return self.patience if self.number <= 1 else max(0.0, self.patience - (self._clock.now() - self._started))

    def begin(self) -> None:
        """Counts an attempt. The first one starts the clock: waiting for a first turn does not count."""
        self.number += 1
        if self.number == 1:
            self._started = self._clock.now()

    def pause(self, asked: float | None = None) -> float:
        """Returns the seconds before the next attempt: what the server asked for, or back-off with full jitter."""
        return max(asked or 0.0, self._jitter(RETRIES.pause(self.number)))

    def fits(self, pause: float) -> bool:
        """Returns whether another attempt may begin after such a pause."""
        return self._clock.now() - self._started + pause <= self.patience

    @property
    def in_vain(self) -> bool:
        """Whether a server that has never answered was tried often enough."""
        return not self._answered() and self.number >= FIRST_CONTACT_ATTEMPTS
