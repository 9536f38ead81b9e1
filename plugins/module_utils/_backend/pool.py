# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs the same function for many items in a limited number of threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeAlias, TypeVar

Thing = TypeVar("Thing")
#: How many threads work at most: a number, or a function that returns how many are useful at the moment.
Threads: TypeAlias = "int | Callable[[], int]"


def for_each(
    things: Iterable[Thing], work: Callable[[Thing], bool], threads: Threads, abandon: Callable[[], None]
) -> None:
    """Calls `work` for each thing, in `threads` threads; once it returns False or raises, starts no further one.

    Threads are added one at a time, as things are done and `threads` allows more. When it allows fewer, threads stop
    once they have done their thing; at least one continues.
    Raises what `work` raises. When the wait is interrupted, `abandon` must end the threads.
    """
    waiting = list(things)[::-1]
    if waiting:
        _Crew(waiting, work, threads).run(abandon)


class _Crew(Generic[Thing]):
    def __init__(self, waiting: list[Thing], work: Callable[[Thing], bool], threads: Threads) -> None:
        self._waiting = waiting
        self._work = work
        self._threads = threads
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(len(waiting))
        self._working = 0
        self._runs: deque[Future[None]] = deque()

    def run(self, abandon: Callable[[], None]) -> None:
        errors: list[BaseException] = []
        finished = False
        try:
            while self._hire():
                pass
            # Whoever works may add another thread meanwhile.
            while self._runs:
                error = self._runs.popleft().exception()
                if error is not None:
                    errors.append(error)
            finished = True
        finally:
            with self._lock:
                self._stopped.set()
            if not finished:
                abandon()
            self._pool.shutdown(wait=finished, cancel_futures=True)
        if errors:
            raise errors[0]

    def _useful(self) -> int:
        return max(1, self._threads if isinstance(self._threads, int) else self._threads())

    def _hire(self) -> bool:
        """Adds a thread, if one is useful and there is something left to do; returns whether it did."""
        with self._lock:
            if self._stopped.is_set() or not self._waiting or self._working >= self._useful():
                return False
            self._working += 1
            self._runs.append(self._pool.submit(self._run))
            return True

    def _run(self) -> None:
        while (thing := self._next()) is not None:
            going_on = False
            try:
                going_on = self._work(thing)
            finally:
                if not going_on:
                    self._stopped.set()
            self._hire()

    def _next(self) -> Thing | None:
        """Returns what to do next; None if there is nothing, or if other threads do enough."""
        with self._lock:
            # A thread more than is useful would have the others wait for each other.
            if self._stopped.is_set() or not self._waiting or self._working > self._useful():
                self._working -= 1
                return None
            return self._waiting.pop()
