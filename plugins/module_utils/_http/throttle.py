# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One gate for all threads of a task: how many requests may be under way at a time, and from when on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from .clock import Clock


@dataclass
class Statistics:
    """What a session has done so far."""

    requests: int = 0
    retries: int = 0
    throttled_seconds: float = 0.0
    #: What was begun last, and when on the monotonic clock.
    doing: str = ""
    since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, requests: int = 0, retries: int = 0, throttled_seconds: float = 0.0) -> None:
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.throttled_seconds += throttled_seconds

    def begin(self, doing: str) -> None:
        """Notes what is being done, and since when."""
        if doing != self.doing:
            self.since, self.doing = time.monotonic(), doing


class PausedTooLong(Exception):
    """The gate opens later than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GateClosed(Exception):
    """The session was closed: no further request begins."""


class Gate:
    """Lets at most `limit` requests through at a time, and none while the service has asked for a pause.

    A throttle halves the limit, once for all the requests that were under way together; as many successes in a row as
    the limit is high let it grow by one again.
    """

    def __init__(self, limit: int, clock: Clock, statistics: Statistics) -> None:
        self._most = max(1, limit)
        self._limit = self._most
        self._clock = clock
        self._statistics = statistics
        self._condition = threading.Condition()
        self._under_way = 0
        self._successes = 0
        self._throttles = 0
        self._opens = clock.now()
        self._closed = False

    @property
    def limit(self) -> int:
        """How many requests may be under way at the moment."""
        return self._limit

    @property
    def left_of_pause(self) -> float:
        """Seconds until the end of the pause that the service asked for."""
        with self._condition:
            return max(0.0, self._opens - self._clock.now())

    @contextmanager
    def turn(self, patience: float, *, in_pause: bool = False) -> Iterator[int]:
        """Holds a place for one request; yields the number of throttles seen before it.

        Waits for a pause to end, but raises PausedTooLong at once when that takes more than `patience` seconds, and
        GateClosed when the session has ended. With `in_pause`, such a pause is not waited for.
        """
        with self._condition:
            patient_until = self._clock.now() + patience
            while True:
                pause = self._opens - self._clock.now()
                if self._closed:
                    raise GateClosed
                if pause > 0 and self._opens > patient_until:
                    if not in_pause:
                        raise PausedTooLong(pause)
                    pause = 0.0
                if pause <= 0 and self._under_way < self._limit:
                    break
                self._clock.wait(self._condition, pause if pause > 0 else None)
            self._under_way += 1
            throttles = self._throttles
        try:
            yield throttles
        finally:
            with self._condition:
                self._under_way -= 1
                self._condition.notify_all()

    def pause(self, seconds: float) -> None:
        """Waits for so many seconds, in the calling thread alone. Raises GateClosed when the session ends."""
        with self._condition:
            until = self._clock.now() + seconds
            while not self._closed and (left := until - self._clock.now()) > 0:
                self._clock.wait(self._condition, left)
            if self._closed:
                raise GateClosed

    def close(self) -> None:
        """Wakes all waiting threads, which then raise GateClosed."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def throttled(self, throttles: int, seconds: float) -> None:
        """Stops all threads for so many seconds, as a request that began after so many `throttles` was throttled."""
        with self._condition:
            now = self._clock.now()
            opens = now + seconds
            if opens > self._opens:
                self._statistics.add(throttled_seconds=opens - max(now, self._opens))
                self._opens = opens
            if throttles == self._throttles:
                self._throttles += 1
                self._limit = max(1, self._limit // 2)
            self._successes = 0

    def succeeded(self) -> None:
        """Counts a success towards a higher limit."""
        with self._condition:
            self._successes += 1
            if self._limit < self._most and self._successes >= self._limit:
                self._limit += 1
                self._successes = 0
                self._condition.notify_all()


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Returns the seconds that the `Retry-After` header asks to wait, in either of its forms; None without a valid one.
    A date is taken against the server's own `Date`, so that clocks need not agree."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    until = _date(text)
    if until is None:
        return None
    now = _date(headers.get("Date", ""))
    return max(0.0, until - (clock.calendar() if now is None else now))


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
