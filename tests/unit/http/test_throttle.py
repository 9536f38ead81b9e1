# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The gate that all threads go through."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.clock import Clock
from ansible_collections.azsphere.fleet.plugins.module_utils._http.throttle import (
    Gate,
    GateClosed,
    PausedTooLong,
    Statistics,
)

from tests.support.clock_and_tokens import FastClock


def passes(gate: Gate, times: int) -> None:
    for _unused in range(times):
        with gate.turn(100):
            gate.succeeded()


def test_gate_limits_concurrent_requests() -> None:
    gate = Gate(3, Clock(), Statistics())
    inside, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(3)

    def visit() -> None:
        nonlocal inside, most
        with gate.turn(100):
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


def test_throttle_pauses_all_threads() -> None:
    clock, statistics = FastClock(), Statistics()
    gate = Gate(4, clock, statistics)
    with gate.turn(100) as before:
        gate.throttled(before, 30)
    start = clock.now()
    with gate.turn(100):
        assert clock.now() - start >= 30
    assert statistics.throttled_seconds == pytest.approx(30)


def test_concurrent_throttles_count_once() -> None:
    clock, statistics = FastClock(), Statistics()
    gate = Gate(16, clock, statistics)
    for seconds in (10, 12, 5):
        gate.throttled(0, seconds)
    assert gate.limit == 8
    assert statistics.throttled_seconds == pytest.approx(12)


def test_throttle_halves_the_limit_which_grows_back() -> None:
    gate = Gate(16, FastClock(), Statistics())
    limits = []
    for _unused in range(6):
        with gate.turn(100) as throttles:
            gate.throttled(throttles, 1)
        limits.append(gate.limit)
    assert limits == [8, 4, 2, 1, 1, 1]
    passes(gate, 1)
    assert gate.limit == 2
    passes(gate, 2)
    assert gate.limit == 3
    passes(gate, 200)
    assert gate.limit == 16


def test_pause_longer_than_patience_raises_at_once() -> None:
    clock = FastClock()
    gate = Gate(4, clock, Statistics())
    gate.throttled(0, 50)
    with pytest.raises(PausedTooLong) as caught, gate.turn(20):
        pass
    assert caught.value.seconds == pytest.approx(50)
    assert clock.waits == []


def test_closed_gate_raises() -> None:
    gate = Gate(4, FastClock(), Statistics())
    gate.close()
    with pytest.raises(GateClosed), gate.turn(20):
        pass
    with pytest.raises(GateClosed):
        gate.pause(1)


def test_error_releases_the_place_in_the_gate() -> None:
    gate = Gate(1, FastClock(), Statistics())
    for _unused in range(3):
        with pytest.raises(KeyError), gate.turn(1):
            raise KeyError
    passes(gate, 1)
