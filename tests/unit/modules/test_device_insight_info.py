# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What devices reported: paging, filters, order, limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import device_insight_info

from tests.simulator.harness import Simulator

from .conftest import Bench

MANY = 2300
START = int(datetime(2026, 5, 6, tzinfo=timezone.utc).timestamp())
DEVICES = ["0a" * 64, "0b" * 64]


def event(number: int) -> dict[str, Any]:
    """One a minute, by turns of one device and the other, each third planned."""
    return {
        "device_id": DEVICES[number % 2],
        "event_type": "Unplanned" if number % 3 else "Planned",
        "event_class": "AppCrash",
        "description": f"event {number}",
        "start": START + 60 * number,
        "end": START + 60 * number + 30,
    }


@pytest.fixture(scope="module")
def seeded(simulator: Simulator) -> Iterator[Bench]:
    """Seeded once, as nothing here writes."""
    simulator.reset()
    bench = Bench(simulator)
    bench.seed(devices=DEVICES, insights=[event(number) for number in range(MANY)])
    yield bench
    bench.close()


@pytest.fixture
def reporting(seeded: Bench) -> Bench:
    seeded.simulator.clear_log()
    return seeded


def numbers(insights: list[dict[str, Any]]) -> list[int]:
    return [int(each["description"].split()[1]) for each in insights]


def test_more_than_1000_events_are_paged_newest_first(reporting: Bench) -> None:
    found = reporting.run(device_insight_info)["insights"]
    assert numbers(found) == list(range(MANY))[::-1]
    assert reporting.requests().count("ErrorReporting_List") == 3
    assert found[-1] == {
        "device_id": DEVICES[0],
        "type": "Planned",
        "event_class": "AppCrash",
        "category": found[-1]["category"],
        "description": "event 0",
        "count": 1,
        "start": "2026-05-06T00:00:00Z",
        "end": "2026-05-06T00:00:30Z",
    }


def test_limit_returns_the_newest_events(reporting: Bench) -> None:
    assert numbers(reporting.run(device_insight_info, limit=1001)["insights"]) == list(range(MANY))[::-1][:1001]
    assert reporting.requests().count("ErrorReporting_List") == 3


def test_limit_counts_filtered_events(reporting: Bench) -> None:
    found = reporting.run(device_insight_info, device_ids=[DEVICES[1]], limit=1100)["insights"]
    assert numbers(found) == list(range(1, MANY, 2))[::-1][:1100]


def test_filters_by_device_and_type(reporting: Bench) -> None:
    found = reporting.run(device_insight_info, device_ids=[DEVICES[1].upper()], event_types=["PLANNED"])["insights"]
    assert numbers(found) == [number for number in range(MANY) if number % 2 == 1 and number % 3 == 0][::-1]
    assert reporting.run(device_insight_info, event_types=["Elsewhere"])["insights"] == []


def test_no_devices_have_no_events(reporting: Bench) -> None:
    """A list that a play computed may turn out empty, which is not the same as no list."""
    assert reporting.run(device_insight_info, device_ids=[])["insights"] == []
    assert len(reporting.run(device_insight_info, event_types=[])["insights"]) == MANY


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2026-05-06T00:10:00Z", "2026-05-06T00:12:00Z", 10, 12),
        ("2026-05-06T00:10:31Z", "2026-05-06T00:11:59Z", 11, 11),  # any part of an event is enough
        ("2026-05-06T00:10:30.9999999Z", "2026-05-06 00:11", 10, 11),
        ("2026-05-06T02:10:00+02:00", "2026-05-05T22:12:00-0200", 10, 12),
        ("2026-05-06T02:10+02", "2026-05-05T18:42:00-0530", 10, 12),
        ("2026-05-07", None, 1440, MANY - 1),
        (None, "2026-05-06", 0, 0),
    ],
)
def test_filters_by_time(reporting: Bench, since: str | None, until: str | None, first: int, last: int) -> None:
    found = reporting.run(device_insight_info, since=since, until=until)["insights"]
    assert numbers(found) == list(range(first, last + 1))[::-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"since": "yesterday"}, r'Invalid since "yesterday": it is not a time in ISO 8601\. Write it as'),
        ({"since": "2026-05-06T00:10:00+25:00"}, "Invalid since"),
        ({"since": "2026-05-06T00:10:00+01:75"}, "Invalid since"),
        ({"until": "2026-13-01"}, r'Invalid until "2026-13-01"'),
        ({"since": "2026-05-07", "until": "2026-05-06"}, "it is after until"),
        ({"device_ids": ["0a"]}, "row 1"),
        ({"limit": 0}, "Invalid limit 0: use a number of at least 1"),
    ],
)
def test_invalid_options_are_reported_before_any_request(reporting: Bench, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        reporting.run(device_insight_info, **options)
    assert reporting.requests() == []
