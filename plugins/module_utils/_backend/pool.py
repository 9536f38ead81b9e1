# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs the same function for many items in a limited number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Thing = TypeVar("Thing")


def for_each(things: Iterable[Thing], work: Callable[[Thing], bool], threads: int, abandon: Callable[[], None]) -> None:
    """Calls `work` for each thing, in `threads` threads; once it returns False or raises, starts no further one.

    Raises what `work` raises. When the wait is interrupted, `abandon` must end the threads.
    """
    waiting = list(things)[::-1]
    if not waiting:
        return
    lock = threading.Lock()
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            with lock:
                if not waiting:
                    return
                thing = waiting.pop()
            going_on = False
            try:
                going_on = work(thing)
            finally:
                if not going_on:
                    stopped.set()

    crew = min(max(1, threads), len(waiting))
    pool = ThreadPoolExecutor(crew)
    finished = False
    try:
        runs = [pool.submit(run) for _unused in range(crew)]
        wait(runs)
        finished = True
    finally:
        stopped.set()
        if not finished:
            abandon()
        pool.shutdown(wait=finished, cancel_futures=True)
    for one in runs:
        one.result()
