# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the progress of a task says, on a clock of the test."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._progress import Progress, Spending, duration
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome


@dataclass(frozen=True)
class Step:
    kind: str = "device"
    target: str = "10000 devices"
    action: str = "move"
    devices: int = 10_000


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(clock)


def said(progress: Progress, **spending: float | str) -> str:
    return progress.line(Spending(**spending))  # type: ignore[arg-type]


def test_nothing_known_says_how_long(progress: Progress, clock: Clock) -> None:
    clock.now += 2
    assert said(progress) == "after 2 s: preparing"


def test_last_request_and_since_when(progress: Progress, clock: Clock) -> None:
    clock.now += 8
    line = said(progress, requests=1200, doing="listing the devices", since=102.0, throttled_seconds=61.4)
    assert line == "after 8 s: listing the devices for 6 s, 1,200 requests, throttled for 61 s"


def test_note_counts_until_a_later_request(progress: Progress, clock: Clock) -> None:
    clock.now += 2
    progress.doing("waiting for the code")
    clock.now += 3
    assert "waiting for the code for 3 s" in said(progress, doing="listing", since=101.0)
    assert "listing for 1 s" in said(progress, doing="listing", since=104.0)


def test_device_ids_are_shortened(progress: Progress, clock: Clock) -> None:
    clock.now += 2
    line = said(progress, doing="moving the device " + "ab" * 64, since=100.0)
    assert "moving the device abababababababab… for 2 s" in line


def test_estimate_follows_a_service_that_throttles(progress: Progress, clock: Clock) -> None:
    """10,000 moves at ten a second, after a first burst, take about 17 minutes."""
    progress.begin([Step()])
    progress.step(1)
    report = progress.watched(10_000, lambda _outcome: True)
    for number in range(400):
        report.accepted()
        if number % 100 == 99:
            clock.now += 1
    for _round in range(20):
        clock.now += 3
        for _number in range(30):
            report.accepted()
        line = said(progress)
    assert (
        "1,000 of 10,000 devices accepted, 0 moved, 10 a second, about 15 min left, step 1 of 1 (move 10000 devices)"
        in line
    )


def test_rate_of_devices_that_come_in_bulk_is_over_the_whole_step(progress: Progress, clock: Clock) -> None:
    progress.begin([Step(action="claim")])
    progress.step(1)
    report = progress.watched(10_000, lambda _outcome: True)
    clock.now += 20
    for _round in range(1000):
        report(DeviceOutcome("a"))
    assert "1,000 of 10,000 devices claimed, 50 a second, about 3 min left" in said(progress)
    for _round in range(12):
        clock.now += 3
        line = said(progress)
    assert "1,000 of 10,000 devices claimed, 18 a second, about 8 min left" in line


def test_steps_of_the_same_action_count_together(progress: Progress, clock: Clock) -> None:
    steps = [Step(devices=10), Step("product", "Kettle", "create", 0), Step(devices=20), Step(devices=30)]
    progress.begin(steps)
    progress.step(1)
    report = progress.watched(10, lambda _outcome: True)
    for _round in range(10):
        report(DeviceOutcome("a"))
    progress.step_ended()
    progress.step(2)
    clock.now += 3
    assert said(progress) == "after 3 s: step 2 of 4 (create product Kettle)"
    assert progress.line(Spending(), names=False) == "after 3 s: step 2 of 4 (create product)"
    progress.step_ended()
    progress.step(3)
    # Five of them are not tried, as their claim failed.
    report = progress.watched(15, lambda _outcome: True)
    report(DeviceOutcome("a", FleetError("no")))
    clock.now += 1
    assert "11 of 55 devices moved, 1 failed, 1.0 a second, about 44 s left, step 3 of 4" in said(progress)


def test_outcomes_are_passed_on(progress: Progress) -> None:
    progress.begin([Step()])
    progress.step(1)
    seen: list[DeviceOutcome] = []
    report = progress.watched(1, lambda outcome: bool(seen.append(outcome)))
    assert report(DeviceOutcome("a")) is False
    assert [each.id for each in seen] == ["a"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "60 s"), (119.4, "119 s"), (119.9, "2 min"), (1020, "17 min"), (7300, "2 h 2 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
