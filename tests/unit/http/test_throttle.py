# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The gate that all threads go through."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.clock import Clock
from ansible_collections.azsphere.fleet.plugins.module_utils._http.pace import Bucket, LearnedPace, PublishedPace
from ansible_collections.azsphere.fleet.plugins.module_utils._http.throttle import (
    Gate,
    GateClosed,
    PausedTooLong,
    Statistics,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.width import FIRST

from tests.support.clock_and_tokens import FastClock

PACE = LearnedPace()


def test_gate_limits_concurrent_requests() -> None:
    gate = Gate(3, Clock(), Statistics())
    inside, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(3)

    def visit() -> None:
        nonlocal inside, most
        with gate.turn(100, PACE):
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait(10)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=visit) for _unused in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 3


def test_place_goes_to_a_waiting_request_and_not_to_a_pausing_thread() -> None:
    gate = Gate(1, Clock(), Statistics())
    inside, leave, done = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with gate.turn(100, PACE):
            inside.set()
            leave.wait(10)

    def follow() -> None:
        with gate.turn(100, PACE):
            done.set()

    def pause() -> None:
        with pytest.raises(GateClosed):
            gate.pause(60)

    threads = [threading.Thread(target=pause), threading.Thread(target=hold)]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    threads.append(threading.Thread(target=follow))
    threads[-1].start()
    leave.set()
    assert done.wait(10)
    gate.close()
    for thread in threads:
        thread.join(10)


def test_throttle_pauses_all_threads() -> None:
    clock, statistics = FastClock(), Statistics()
    gate = Gate(4, clock, statistics)
    with gate.turn(100, PACE) as before:
        gate.throttled(before, 30)
    start = clock.now()
    with gate.turn(100, PACE):
        assert clock.now() - start >= 30
    assert statistics.throttled_seconds == pytest.approx(30)


def test_concurrent_throttles_count_once() -> None:
    clock, statistics = FastClock(), Statistics()
    gate = Gate(16, clock, statistics)
    for seconds in (10, 12, 5):
        gate.throttled(0, seconds)
    assert gate.limit == FIRST // 2
    assert statistics.throttled_seconds == pytest.approx(12)


def test_pausing_threads_make_room_for_others_up_to_the_most() -> None:
    gate = Gate(6, Clock(), Statistics())
    assert gate.threads == FIRST
    threads = []

    def pause() -> None:
        with pytest.raises(GateClosed):
            gate.pause(60)

    for pausing in range(1, 5):
        threads.append(threading.Thread(target=pause))
        threads[-1].start()
        for _unused in range(1000):
            if gate.threads == min(6, FIRST + pausing):
                break
            threads[-1].join(0.01)
        assert gate.threads == min(6, FIRST + pausing)
    gate.close()
    for thread in threads:
        thread.join(10)


def test_published_bucket_is_heeded_before_it_is_empty() -> None:
    clock = FastClock()
    gate = Gate(4, clock, Statistics())
    pace = PublishedPace(Bucket("writes", 200, 10, "x-remaining"))
    for _unused in range(300):
        with gate.turn(100, pace):
            pass
    assert clock.waits == []
    gate.replied(0.1, pace, {"x-remaining": "5"})
    for _unused in range(20):
        with gate.turn(100, pace):
            pass
    assert sum(clock.waits) == pytest.approx(2.0, abs=0.2)


def test_throttle_of_one_bucket_leaves_the_pace_of_others() -> None:
    clock = FastClock()
    gate = Gate(4, clock, Statistics())
    reads, writes = PublishedPace(Bucket("reads", 250, 25)), PublishedPace(Bucket("writes", 200, 10))
    with gate.turn(100, writes) as throttles:
        gate.throttled(throttles, 1, writes)
    with gate.turn(100, reads):
        pass
    waited = len(clock.waits)
    for _unused in range(100):
        with gate.turn(100, reads):
            pass
    assert len(clock.waits) == waited


def test_pause_longer_than_patience_raises_at_once() -> None:
    clock = FastClock()
    gate = Gate(4, clock, Statistics())
    gate.throttled(0, 50)
    with pytest.raises(PausedTooLong) as caught, gate.turn(20, PACE):
        pass
    assert caught.value.seconds == pytest.approx(50)
    assert clock.waits == []


def test_closed_gate_raises() -> None:
    gate = Gate(4, FastClock(), Statistics())
    gate.close()
    with pytest.raises(GateClosed), gate.turn(20, PACE):
        pass
    with pytest.raises(GateClosed):
        gate.pause(1)


def test_close_wakes_whoever_waits_for_a_place() -> None:
    gate = Gate(1, Clock(), Statistics())
    ended: list[str] = []

    def follow() -> None:
        with pytest.raises(GateClosed), gate.turn(100, PACE):
            pass
        ended.append("closed")

    with gate.turn(100, PACE):
        threads = [threading.Thread(target=follow) for _unused in range(3)]
        for thread in threads:
            thread.start()
        gate.close()
        for thread in threads:
            thread.join(10)
    assert ended == ["closed"] * 3


def test_error_releases_the_place_in_the_gate() -> None:
    gate = Gate(1, FastClock(), Statistics())
    for _unused in range(3):
        with pytest.raises(KeyError), gate.turn(1, PACE):
            raise KeyError
    with gate.turn(1, PACE):
        pass
