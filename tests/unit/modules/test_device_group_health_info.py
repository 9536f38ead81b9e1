# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Figures of a device group: which devices and events count."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import device_group_health_info

from .conftest import Bench

DEVICES = [f"{number:0128x}" for number in range(1, 5)]
#: 2026-05-06T00:00:00Z
MIDNIGHT = 1_778_025_600


def event(device: str, start: int, end: int | None = None, **more: Any) -> dict[str, Any]:
    times = {"start": MIDNIGHT + start, "end": MIDNIGHT + (start if end is None else end)}
    return {"device_id": device, "event_type": "Unplanned", "event_class": "AppCrash", **times, **more}


def health(bench: Bench, **options: Any) -> dict[str, Any]:
    given = {"product": "Kettle", "device_group": "Lab", "since": "2026-05-06", **options}
    found: dict[str, Any] = bench.run(device_group_health_info, **given)["health"]
    return found


def seed(bench: Bench, events: list[dict[str, Any]]) -> None:
    requests = ("2026-05-06T00:00:00.000000Z", "2026-05-05T23:59:59.000000Z", None, "2026-05-07T00:00:00.000000Z")
    groups = ("Kettle/Lab", "Kettle/Lab", "Kettle/Lab", "Kettle/Shop")
    bench.seed(
        products=[{"name": "Kettle", "device_groups": [{"name": name} for name in ("Lab", "Shop", "Empty")]}],
        devices=[
            {"id": device, "device_group": group, "last_update_request": request}
            for device, group, request in zip(DEVICES, groups, requests, strict=True)
        ],
        insights=events,
    )


def test_devices_and_events_of_the_group_since_the_time_count(bench: Bench) -> None:
    events = [
        event(DEVICES[0], -20, -10),
        event(DEVICES[0], -20, 10, count=7),
        event(DEVICES[1], 5, event_class="OsCrash"),
        event(DEVICES[1], 5, event_type="Planned"),
        event(DEVICES[3], 5),
    ]
    seed(bench, events)
    found = health(bench, event_types=["unplanned"])
    assert (found["devices"], found["update_requested"], found["update_percent"]) == (3, 1, 33.33)
    assert (found["insights"], found["insights_per_hundred"]) == (2, 66.67)
    assert (found["insights_by_class"], found["insights_complete"]) == ({"AppCrash": 1, "OsCrash": 1}, True)
    assert health(bench)["insights"] == 3
    assert health(bench, event_classes=["oscrash"])["insights"] == 1


def test_group_without_devices_has_no_shares(bench: Bench) -> None:
    seed(bench, [event(DEVICES[0], 5)])
    found = health(bench, device_group="Empty")
    assert (found["devices"], found["insights"]) == (0, 0)
    assert (found["update_percent"], found["insights_per_hundred"]) == (None, None)


@pytest.mark.parametrize(("count", "first", "complete"), [(1000, 1, False), (1000, -1, True), (999, 1, True)])
def test_full_list_that_does_not_reach_back_is_reported(bench: Bench, count: int, first: int, complete: bool) -> None:
    seed(bench, [event(DEVICES[3], first), *(event(DEVICES[3], 9) for _number in range(count - 1))])
    assert health(bench)["insights_complete"] is complete


@pytest.mark.parametrize("options", [{"since": "yesterday"}, {"device_group": "Nowhere"}])
def test_wrong_time_and_unknown_group_are_errors(bench: Bench, options: dict[str, Any]) -> None:
    seed(bench, [])
    with pytest.raises(InvalidInput):
        health(bench, **options)
