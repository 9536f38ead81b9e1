# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How fast requests begin, against a service with token buckets, on a clock of its own."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.pace import (
    SLOWEST,
    Bucket,
    LearnedPace,
    Pace,
    Paces,
    PublishedPace,
    unpublished,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.width import Width
from hypothesis import given
from hypothesis import strategies as st

HEADER = "x-remaining"
WRITES = Bucket("writes", 200, 10, HEADER)


@dataclass
class Service:
    """A token bucket; what is rejected takes nothing from it."""

    capacity: float
    refill: float
    now: float = 0.0
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self, now: float) -> bool:
        self.tokens = min(self.capacity, self.tokens + self.refill * (now - self.now))
        self.now = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Run:
    """What happened until all was accepted."""

    seconds: float
    accepted: int
    rejected: int


def run(pace: Pace, service: Service, count: int, *, latency: float, width: int, retry_after: float) -> Run:
    """Sends until `count` requests are accepted, at most `width` at a time, as the gate does: one pause for all."""
    places = Width(width)
    places.limit = width
    now = opens = 0.0
    accepted = rejected = throttles = 0
    under_way: list[tuple[float, int, float, int]] = []
    sent = 0
    while accepted < count:
        ready = max(now, opens)
        waits = pace.delay(ready) if ready == now else opens - now
        if len(under_way) < min(places.limit, count - accepted) and not (waits > 0 and under_way):
            now = ready if waits <= 0 else now + waits
            if waits <= 0:
                sent += 1
                pace.begin()
                heapq.heappush(under_way, (now + latency, sent, now + latency / 2, throttles))
            continue
        if waits > 0 and under_way and now + waits < under_way[0][0]:
            now += waits
            continue
        now, _number, arrived, seen = heapq.heappop(under_way)
        pace.end()
        if service.take(arrived):
            accepted += 1
            pace.accepted({HEADER: str(math.floor(service.tokens))}, now, latency)
            places.replied(latency, len(under_way) + 1)
        else:
            rejected += 1
            if seen == throttles:
                throttles += 1
                places.throttle(pace.throttled(retry_after, now))
            opens = max(opens, now + retry_after)
    return Run(now, accepted, rejected)


def share_used(done: Run, service: Service) -> float:
    """Returns the share of the rate that was used, or could still be used at the end."""
    return (done.accepted + service.tokens - service.capacity) / (service.refill * done.seconds)


@pytest.mark.parametrize("latency", [0.002, 0.05, 0.2])
@pytest.mark.parametrize("count", [3000, 10_000])
def test_learned_rate_uses_what_the_service_allows(latency: float, count: int) -> None:
    service = Service(100, 100)
    done = run(LearnedPace(), service, count, latency=latency, width=32, retry_after=1)
    assert share_used(done, service) >= 0.95
    # The first throttle comes while as many requests are under way as may be.
    assert done.rejected <= 0.02 * count + 32


@pytest.mark.parametrize(("capacity", "refill", "retry_after"), [(50, 50, 1), (500, 100, 5), (1000, 200, 1)])
def test_other_buckets_are_learned_too(capacity: float, refill: float, retry_after: float) -> None:
    service = Service(capacity, refill)
    done = run(LearnedPace(), service, 10_000, latency=0.05, width=32, retry_after=retry_after)
    assert share_used(done, service) >= 0.9
    assert done.rejected <= 300


def test_nothing_is_delayed_before_the_first_throttle() -> None:
    done = run(LearnedPace(), Service(1e9, 1e9), 1000, latency=0.05, width=10, retry_after=1)
    assert done.seconds == pytest.approx(5.0)


@pytest.mark.parametrize("before", [0, 1, 5])
def test_single_throttle_hardly_slows_down_a_task(before: int) -> None:
    pace, now = LearnedPace(), 0.0
    for _unused in range(before):
        pace.begin()
        now += 0.05
        pace.accepted({}, now, 0.05)
    pace.throttled(1, now)
    now += 1
    done = run(_Later(pace, now), Service(1e9, 1e9), 2000, latency=0.05, width=16, retry_after=1)
    assert done.seconds < 2000 * 0.05 / 16 + 6


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 60), st.floats(0, 120)), max_size=20))
def test_learned_pace_never_delays_longer_than_the_slowest_rate(events: list[tuple[int, float, float]]) -> None:
    pace, now = LearnedPace(), 0.0
    for requests, seconds, pause in events:
        for _unused in range(requests):
            delay = pace.delay(now)
            assert 0 <= delay <= 2 / SLOWEST
            now += delay
            assert pace.delay(now) <= 1e-6
            pace.begin()
            pace.end()
            pace.accepted({}, now, 0.05)
        now += seconds
        pace.throttled(pause, now)
        now += pause


@pytest.mark.parametrize("pace", [LearnedPace(), PublishedPace(WRITES)], ids=["learned", "published"])
def test_request_that_is_sent_in_a_pause_is_not_delayed_until_its_end(pace: Pace) -> None:
    pace.begin()
    pace.accepted({}, 1.0, 0.05)
    pace.throttled(3600, 2.0)
    assert pace.delay(3.0) <= 1


@pytest.mark.parametrize("latency", [0.002, 0.05, 1.0])
def test_published_bucket_is_never_overrun(latency: float) -> None:
    service = Service(200, 10)
    done = run(PublishedPace(WRITES), service, 1000, latency=latency, width=32, retry_after=5)
    assert done.rejected == 0
    assert share_used(done, service) >= 0.9


def test_bucket_that_others_empty_is_heeded() -> None:
    pace = PublishedPace(WRITES)
    pace.begin()
    pace.end()
    pace.accepted({HEADER: "3"}, 100.0, 0.05)
    assert pace.delay(100.0) > 0


def test_published_limit_that_the_service_does_not_apply_delays_nothing() -> None:
    pace = PublishedPace(WRITES)
    for _unused in range(10_000):
        assert pace.delay(1.0) == 0.0
        pace.begin()
        pace.end()
        pace.accepted({}, 1.0, 0.05)


@pytest.mark.parametrize("value", ["", "many", "-1", "1e3", "٣", "9" * 30])
def test_invalid_header_is_ignored(value: str) -> None:
    pace = PublishedPace(WRITES)
    pace.begin()
    pace.end()
    pace.accepted({HEADER: value}, 1.0, 0.05)
    assert pace.delay(1.0) == 0.0


def test_published_bucket_without_header_is_paced_after_a_throttle() -> None:
    service = Service(200, 10)
    pace = PublishedPace(Bucket("writes", 200, 10))
    done = run(pace, service, 1000, latency=0.05, width=16, retry_after=5)
    assert share_used(done, service) >= 0.9
    assert done.rejected <= 20


def test_requests_of_a_bucket_share_its_pace() -> None:
    paces = Paces(lambda method, _path: WRITES if method == "PUT" else None)
    assert paces.of("PUT", "/a") is paces.of("PUT", "/b")
    assert paces.of("GET", "/a") is paces.of("DELETE", "/b")
    assert paces.of("PUT", "/a") is not paces.of("GET", "/a")
    assert Paces(unpublished).of("PUT", "/a") is not None


@dataclass
class _Later:
    """A pace on a clock that starts at a given time."""

    pace: Pace
    start: float

    def delay(self, now: float) -> float:
        return self.pace.delay(self.start + now)

    def begin(self) -> None:
        self.pace.begin()

    def end(self) -> None:
        self.pace.end()

    def accepted(self, headers: dict[str, str], now: float, seconds: float) -> None:
        self.pace.accepted(headers, self.start + now, seconds)

    def throttled(self, pause: float, now: float) -> int:
        return self.pace.throttled(pause, self.start + now)
