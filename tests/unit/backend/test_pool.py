# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Work in a few threads."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._backend.pool import for_each
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound


def never() -> None:
    raise AssertionError("nothing was interrupted")


def test_each_item_is_processed_once() -> None:
    done: list[int] = []

    def work(thing: int) -> bool:
        done.append(thing)
        return True

    for_each(range(1000), work, 7, never)
    assert sorted(done) == list(range(1000))
    for_each([], work, 7, never)


def test_items_are_processed_in_parallel() -> None:
    together = threading.Barrier(4, timeout=10)

    def work(_thing: int) -> bool:
        together.wait()
        return True

    for_each(range(8), work, 4, never)


def test_false_stops_further_items() -> None:
    done: list[int] = []

    def work(thing: int) -> bool:
        done.append(thing)
        return thing < 5

    for_each(range(1000), work, 1, never)
    assert done == [0, 1, 2, 3, 4, 5]


def test_error_is_raised_and_stops_further_items() -> None:
    done: list[int] = []

    def work(thing: int) -> bool:
        done.append(thing)
        if thing == 3:
            raise NotFound("Not here.")
        return True

    with pytest.raises(NotFound, match="Not here"):
        for_each(range(1000), work, 1, never)
    assert done == [0, 1, 2, 3]


def test_interrupt_stops_the_pool_at_once() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts deaf to it
    over = threading.Event()
    started: list[int] = []

    def work(thing: int) -> bool:
        started.append(thing)
        if thing == 0:
            os.kill(os.getpid(), signal.SIGINT)
        assert over.wait(10)
        return True

    try:
        with pytest.raises(KeyboardInterrupt):
            for_each(range(100), work, 2, over.set)
    finally:
        signal.signal(signal.SIGINT, before)
    assert over.is_set()
    assert len(started) <= 2


def test_threads_are_added_while_more_are_useful() -> None:
    useful, busy, most, lock = 2, 0, 0, threading.Lock()

    def work(thing: int) -> bool:
        nonlocal useful, busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        if thing == 20:
            useful = 5
        if thing > 60:
            together.wait()
        with lock:
            busy -= 1
        return True

    together = threading.Barrier(5, timeout=10)
    for_each(range(20), work, lambda: useful, never)
    assert most <= 2
    for_each(range(20, 101), work, lambda: useful, never)
    assert most == 5


def test_threads_stop_when_fewer_are_useful_and_come_back() -> None:
    useful, done, working, lock = 5, 0, 0, threading.Lock()
    most_of = {1: 0, 2: 0, 5: 0}
    all_five, both = threading.Barrier(5, timeout=10), threading.Barrier(2, timeout=10)

    def work(thing: int) -> bool:
        nonlocal useful, done, working
        with lock:
            working += 1
            # One thread at a time ends a thing, so others may be about to see the change.
            if useful == 5 or done % 100 > 10:
                most_of[useful] = max(most_of[useful], working)
        if thing in (*range(5), *range(995, 1000)):
            all_five.wait()
        if thing in range(120, 190):
            both.wait()
        with lock:
            working -= 1
            done += 1
            useful = {100: 2, 200: 1, 300: 5}.get(done, useful)
        return True

    for_each(range(1000), work, lambda: useful, never)
    assert done == 1000
    assert most_of == {1: 1, 2: 2, 5: 5}


def test_error_of_a_thread_that_stopped_early_is_raised() -> None:
    useful = 2
    together = threading.Barrier(2, timeout=10)

    def work(thing: int) -> bool:
        nonlocal useful
        if thing < 2:
            together.wait()
        if thing == 1:
            useful = 1
            raise NotFound("Not here.")
        return True

    with pytest.raises(NotFound, match="Not here"):
        for_each(range(1000), work, lambda: useful, never)


def test_no_more_threads_than_things_are_started() -> None:
    names: set[str] = set()

    def work(_thing: int) -> bool:
        names.add(threading.current_thread().name)
        return True

    for_each(range(3), work, lambda: 1000, never)
    assert len(names) <= 3
