# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Limits of Resource Manager."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.simulator.conftest import OWN
from tests.unit.simulator.resource_manager.client import ArmClient

LAB = "products/Kettle/deviceGroups/Lab"
REMAINING = "x-ms-ratelimit-remaining-subscription-"


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("reads", "GET", f"{LAB}/devices/{OWN[0]}"),
        ("writes", "POST", "countDevices"),
        ("deletes", "DELETE", f"{LAB}/devices/{OWN[0]}"),
    ],
)
def test_bucket_empties_and_fills_again(arm: ArmClient, kind: str, method: str, path: str) -> None:
    limits = {f"arm_{kind}": 3, f"arm_{kind}_per_second": 0.5}
    arm.simulator.settings(arm_throttling=True, **limits)
    answers = [arm.call(method, path) for _unused in range(4)]
    assert [a.headers[REMAINING + kind] for a in answers[:3]] == ["2", "1", "0"]
    assert (answers[3].status_code, answers[3].headers["Retry-After"]) == (429, "2")
    assert answers[3].json()["error"]["code"] == "SubscriptionRequestsThrottled"
    arm.simulator.advance(2)
    assert arm.call(method, path).status_code == 200


def test_principals_and_kinds_have_their_own_buckets(arm_of: Callable[[str], ArmClient]) -> None:
    one, other = arm_of("Administrator"), arm_of("Reader")
    one.simulator.settings(arm_throttling=True, arm_reads=1, arm_reads_per_second=0.001)
    assert [c.call("GET", LAB).status_code for c in (one, one, other)] == [200, 429, 200]
    assert one.call("POST", "countDevices").status_code == 200


def test_polls_are_reads(arm: ArmClient) -> None:
    arm.simulator.settings(arm_throttling=True, arm_reads=1, arm_reads_per_second=0.001)
    started = arm.call("PUT", f"{LAB}/devices/{OWN[0]}", {})
    codes = [arm.send("GET", started.headers["Azure-AsyncOperation"]).status_code for _unused in range(2)]
    assert codes == [200, 429]


def test_without_throttling_the_recorded_figures_are_reported(arm: ArmClient) -> None:
    answer = arm.call("GET", LAB)
    assert answer.headers[f"{REMAINING}reads"] == "11999"
    assert answer.headers["x-ms-request-id"] != answer.headers["x-ms-correlation-request-id"]
