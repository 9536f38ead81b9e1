# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The rate limit: how much it accepts at once and over time, and when a rejected client may come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.harness import Simulator
from tests.simulator.rate_limit import RateLimit

from .client import Client


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=200))
def test_never_accepts_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    time = Time()
    limit = RateLimit(time)
    accepted = 0
    for pause in pauses:
        time.now += pause
        accepted += limit.seconds_to_wait(10, 5) == 0
        assert accepted <= 5 + 10 * time.now + 1e-6


def test_accepts_again_after_the_time_that_it_names() -> None:
    time = Time()
    limit = RateLimit(time)
    assert [limit.seconds_to_wait(0.5, 2) for _number in range(3)] == [0, 0, 2]
    time.now += 2
    assert limit.seconds_to_wait(0.5, 2) == 0


def test_rejects_requests_with_429_and_retry_after(simulator: Simulator, client: Client) -> None:
    simulator.settings(rate_limit=0.1, rate_burst=2)
    replies = [client.call("GET", "/v2/tenants") for _number in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].headers["Retry-After"] == "10"
    assert simulator.log()[-1]["note"] == "rate limit"
