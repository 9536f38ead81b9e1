# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One gate for all threads of a task: how many requests may be under way at a time, how fast, and from when on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from .clock import Clock
from .pace import Pace
from .width import Width


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
    """Lets requests begin: as many at a time as the service keeps up with, at the pace of their bucket, and none while
    the service has asked for a pause.
    """

    def __init__(self, most: int, clock: Clock, statistics: Statistics) -> None:
        self._width = Width(most)
        self._clock = clock
        self._statistics = statistics
        lock = threading.Lock()
        self._condition = threading.Condition(lock)
        #: Only the thread at the door waits for a place: whoever leaves wakes one thread, not all.
        self._door = threading.Lock()
        self._place = threading.Condition(lock)
        self._under_way = 0
        self._pausing = 0
        self._throttles = 0
        self._opens = clock.now()
        self._closed = False

    @property
    def limit(self) -> int:
        """How many requests may be under way at the moment."""
        return self._width.limit

    @property
    def threads(self) -> int:
        """How many threads have something to do: those with a request under way, and those in a `pause`."""
        return min(self._width.most, self._width.limit + self._pausing)

    @property
    def left_of_pause(self) -> float:
        """Seconds until the end of the pause that the service asked for."""
        with self._condition:
            return max(0.0, self._opens - self._clock.now())

    @contextmanager
    def turn(self, patience: float, pace: Pace, *, in_pause: bool = False) -> Iterator[int]:
        """Holds a place for one request; yields the number of throttles seen before it.

        Waits for a pause to end, but raises PausedTooLong at once when that takes more than `patience` seconds, and
        GateClosed when the session has ended. With `in_pause`, such a pause is not waited for.
        """
        throttles = self._enter(patience, pace, in_pause)
        try:
            yield throttles
        finally:
            with self._condition:
                self._under_way -= 1
                pace.end()
                self._place.notify()

    def _enter(self, patience: float, pace: Pace, in_pause: bool) -> int:
        patient_until = self._clock.now() + patience
        while True:
            opened = self._wait_for_opening(patient_until, in_pause)
            with self._door, self._place:
                while (not opened or self._opens <= self._clock.now()) and not self._closed:
                    full = self._under_way >= self._width.limit
                    delay = None if full else pace.delay(self._clock.now())
                    if delay == 0.0:
                        self._under_way += 1
                        pace.begin()
                        return self._throttles
                    self._clock.wait(self._place, delay)

    def _wait_for_opening(self, patient_until: float, in_pause: bool) -> bool:
        """Waits for the end of a pause. Returns whether it has ended, or, with `in_pause`, is too long to wait for."""
        with self._condition:
            while not self._closed and (pause := self._opens - self._clock.now()) > 0:
                if self._opens > patient_until:
                    if in_pause:
                        return False
                    raise PausedTooLong(pause)
                self._clock.wait(self._condition, pause)
            if self._closed:
                raise GateClosed
            return True

    def pause(self, seconds: float) -> None:
        """Waits for so many seconds, in the calling thread alone. Raises GateClosed when the session ends."""
        with self._condition:
            self._pausing += 1
            until = self._clock.now() + seconds
            try:
                while not self._closed and (left := until - self._clock.now()) > 0:
                    self._clock.wait(self._condition, left)
            finally:
                self._pausing -= 1
            if self._closed:
                raise GateClosed

    def close(self) -> None:
        """Wakes all waiting threads, which then raise GateClosed."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            self._place.notify()

    def throttled(self, throttles: int, seconds: float, pace: Pace | None = None) -> None:
        """Stops all threads for so many seconds, as a request that began after so many `throttles` was throttled.

        Those that began together count once. `pace` is that of the request, if its bucket was empty.
        """
        with self._condition:
            now = self._clock.now()
            opens = now + seconds
            if opens > self._opens:
                self._statistics.add(throttled_seconds=opens - max(now, self._opens))
                self._opens = opens
            if throttles == self._throttles:
                self._throttles += 1
                self._width.throttle(0 if pace is None else pace.throttled(seconds, now))
            self._place.notify()

    def replied(self, seconds: float, pace: Pace, headers: Mapping[str, str]) -> None:
        """Notes a reply that came after so many seconds and says nothing of a throttle."""
        with self._condition:
            pace.accepted(headers, self._clock.now(), seconds)
            # The request itself has left already.
            if self._width.replied(seconds, self._under_way + 1):
                self._place.notify()


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
