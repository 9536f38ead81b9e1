# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What each of several processes gets of one token bucket that they know nothing of, on a clock of its own."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.pace import LearnedPace
from ansible_collections.azsphere.fleet.plugins.module_utils._http.width import Width

#: Requests a second, which also are the size of the bucket.
RATE = 100
#: Requests that each process wants to have accepted.
COUNT = 1000
MOST = 32
#: How long processes on a busy machine have stalls.
SECONDS = 60.0


@dataclass
class Bucket:
    """A token bucket that starts full."""

    now: float = 0.0
    tokens: float = RATE

    def take(self, now: float) -> int:
        """Takes a token. Returns 0, or the seconds after which to try again."""
        self.tokens = min(RATE, self.tokens + RATE * (now - self.now))
        self.now = now
        if self.tokens < 1:
            return max(1, math.ceil((1 - self.tokens) / RATE))
        self.tokens -= 1
        return 0


@dataclass
class Process:
    """One process with a gate, as `throttle.Gate`: a width, a pace, and one pause for all of its requests."""

    begins: float
    pace: LearnedPace = field(default_factory=LearnedPace)
    width: Width = field(default_factory=lambda: Width(MOST))
    opens: float = 0.0
    under_way: int = 0
    throttles: int = 0
    accepted: list[float] = field(default_factory=list)
    refused: int = 0
    #: Begin and end of each time in which the process does not run, as others use the processor.
    stalls: Sequence[tuple[float, float]] = ()

    def runs_at(self, when: float) -> float:
        """Returns when the process handles what happens at this time."""
        return next((end for begin, end in self.stalls if begin <= when < end), when)

    def ready(self, now: float) -> float | None:
        """Returns the seconds until the next request may begin; None if a reply must come first, or nothing is left."""
        if self.under_way >= min(self.width.limit, COUNT - len(self.accepted)):
            return None
        return self.opens - now if self.opens > now else self.pace.delay(now)

    def replied(self, refused: int, throttles: int, seconds: float, now: float) -> None:
        """Notes a reply to a request that began after so many throttles."""
        self.under_way -= 1
        if not refused:
            self.accepted.append(now)
            self.pace.accepted({}, now, seconds)
            self.width.replied(seconds, self.under_way + 1)
            return
        self.refused += 1
        self.opens = max(self.opens, now + refused)
        if throttles == self.throttles:
            self.throttles += 1
            self.width.throttle(self.pace.throttled(refused, now))


class Race:
    """Processes that begin at different times, until each has what it wants."""

    def __init__(self, processes: Sequence[Process], latency: float, chance: random.Random) -> None:
        self.processes = processes
        self._latency, self._chance = latency, chance
        self._bucket = Bucket()
        self._events: list[tuple[float, int, Process, tuple[str, int, float, int]]] = []
        self._number = 0
        for process in processes:
            self._later(process.begins, process, "wake")
        while self._events:
            now, _number, process, (kind, throttles, seconds, refused) = heapq.heappop(self._events)
            if kind == "arrive":
                self._later(now + seconds / 2, process, "reply", throttles, seconds, self._bucket.take(now))
                continue
            if kind == "reply":
                process.replied(refused, throttles, seconds, now)
            self._begin(process, now)

    def _later(
        self, when: float, process: Process, kind: str, throttles: int = 0, seconds: float = 0.0, refused: int = 0
    ) -> None:
        self._number += 1
        when = when if kind == "arrive" else process.runs_at(when)
        heapq.heappush(self._events, (when, self._number, process, (kind, throttles, seconds, refused)))

    def _begin(self, process: Process, now: float) -> None:
        while (wait := process.ready(now)) == 0.0:
            process.pace.begin()
            process.under_way += 1
            seconds = self._latency * self._chance.uniform(0.7, 1.6)
            self._later(now + seconds / 2, process, "arrive", process.throttles, seconds)
        if wait is not None:
            self._later(now + max(wait, 1e-6), process, "wake")

    def smallest_share(self) -> float:
        """Returns the least of what was accepted of a process while all were at work, as part of an equal share."""
        begin = max(process.accepted[0] for process in self.processes)
        end = min(process.accepted[-1] for process in self.processes)
        counts = [sum(begin <= when <= end for when in process.accepted) for process in self.processes]
        return min(counts) * len(counts) / sum(counts)

    def rate_used(self) -> float:
        """Returns the part of the rate that was used until the first process had what it wanted."""
        end = min(process.accepted[-1] for process in self.processes)
        return (sum(when <= end for process in self.processes for when in process.accepted) - RATE) / (RATE * end)


def stalls(chance: random.Random) -> list[tuple[float, float]]:
    """Returns a stall of up to 150 ms every 0.3 s on average."""
    found, now = [], 0.0
    while now < SECONDS:
        begin = now + chance.expovariate(1 / 0.3)
        now = begin + chance.uniform(0, 0.15)
        found.append((begin, now))
    return found


def race(count: int, latency: float, seed: int, *, loaded: bool = False) -> Race:
    chance = random.Random(seed)
    begins = [0.0, *(chance.uniform(0, 1.5) for _unused in range(count - 1))]
    return Race([Process(each, stalls=stalls(chance) if loaded else ()) for each in begins], latency, chance)


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("latency", [0.003, 0.006, 0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("count", [2, 3])
def test_processes_that_share_a_bucket_get_equal_shares(count: int, latency: float, loaded: bool) -> None:
    races = [race(count, latency, seed, loaded=loaded) for seed in range(6)]
    shares = sorted(each.smallest_share() for each in races)
    assert shares[0] >= 0.72
    assert sum(shares) / len(shares) >= 0.86
    assert min(each.rate_used() for each in races) >= 0.82


@pytest.mark.parametrize("latency", [0.003, 0.02])
def test_few_requests_of_processes_that_share_a_bucket_are_refused(latency: float) -> None:
    for process in race(3, latency, 1).processes:
        assert process.refused <= 0.05 * COUNT
