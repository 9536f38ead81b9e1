# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How many requests are under way at a time, as a service of a given speed answers them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.width import FIRST, Width


def rounds(width: Width, count: int, latency: Callable[[int], float]) -> list[int]:
    """Plays so many rounds in which as many requests are under way as allowed; returns the limit after each."""
    limits = []
    for _unused in range(count):
        limit = width.limit
        for _request in range(limit):
            width.replied(latency(limit), limit)
        limits.append(width.limit)
    return limits


def at_most(capacity: float, shortest: float) -> Callable[[int], float]:
    """The latency of a service that answers so many requests a second, each in no less than `shortest` seconds."""
    return lambda limit: max(shortest, limit / capacity)


def test_width_starts_with_a_few_and_grows_to_the_most() -> None:
    width = Width(64)
    assert width.limit == FIRST
    limits = rounds(width, 40, lambda _limit: 0.05)
    assert limits == sorted(limits)
    assert limits[-1] == 64


@pytest.mark.parametrize("most", [1, 2, 3])
def test_small_maximum_is_never_exceeded(most: int) -> None:
    assert set(rounds(Width(most), 20, lambda _limit: 0.01)) == {most}


def test_width_stays_near_what_the_service_can_do() -> None:
    width = Width(64)
    limits = rounds(width, 400, at_most(200, 0.05))
    assert max(limits) <= 20
    # Only measuring takes fewer.
    assert sorted(limits[20:])[40] >= 10
    assert min(limits) >= FIRST


@pytest.mark.parametrize("first", [0.02, 0.01, 0.004])
def test_slow_replies_at_first_do_not_hide_that_requests_wait(first: float) -> None:
    """As with connections that are made, and large replies: what comes later waits, although it is faster."""
    width, chance = Width(32), random.Random(1)
    rounds(width, 3, lambda _limit: first)
    limits = rounds(width, 2000, lambda limit: (0.0003 + 0.0003 * limit) * chance.lognormvariate(0, 0.5))
    assert max(limits[100:]) <= 18
    assert max(limits) <= 24


def test_replies_to_more_requests_than_allowed_do_not_count() -> None:
    width = Width(64)
    rounds(width, 40, lambda _limit: 0.05)
    width.throttle()
    limit = width.limit
    for under_way in range(64, limit, -1):
        width.replied(1.0, under_way)
    assert rounds(width, 3, lambda _limit: 0.05) == [limit + 1, limit + 2, limit + 3]


def test_throttle_while_it_measures_halves_what_it_was_before() -> None:
    width = Width(64)
    rounds(width, 40, lambda _limit: 0.05)
    while width.limit > 32:
        rounds(width, 1, lambda _limit: 0.1)
    assert width.limit == 16
    width.throttle()
    assert width.limit == 32


def test_width_does_not_grow_while_fewer_requests_are_under_way_than_allowed() -> None:
    width = Width(64)
    for _unused in range(1000):
        width.replied(0.01, 1)
    assert width.limit == FIRST


def test_width_shrinks_when_replies_become_much_slower() -> None:
    width = Width(64)
    rounds(width, 40, lambda _limit: 0.05)
    slow = rounds(width, 10, lambda limit: 0.01 * limit)
    assert slow[-1] < 32


def test_width_recovers_from_a_lasting_change_of_latency() -> None:
    width = Width(64)
    rounds(width, 40, lambda _limit: 0.02)
    assert rounds(width, 200, lambda _limit: 0.2)[-1] == 64


def test_throttle_halves_and_the_width_grows_back_slowly() -> None:
    width = Width(64)
    rounds(width, 40, lambda _limit: 0.05)
    width.throttle()
    assert width.limit == 32
    assert rounds(width, 3, lambda _limit: 0.05) == [33, 34, 35]
    for _unused in range(10):
        width.throttle()
    assert width.limit == 1
    assert rounds(width, 80, lambda _limit: 0.05)[-1] == 64
