# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What is still under way when the wait ends, or the service falls silent, was changed all the same."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.modules import blueprint, device, product

from .conftest import Bench

DEVICES = [f"{number:02x}" * 64 for number in range(20)]
FREE = [f"{number:02x}" * 64 for number in range(0x80, 0x83)]
LAST_SEEN = r"the last state seen was (NotStarted|InProgress)"

#: Seconds: enough to read and write on a busy machine, and far less than operations take.
BRIEF = 2


@pytest.fixture
def slow(bench: Bench) -> Bench:
    """Operations take a minute."""
    groups = [{"name": "Lab"}, {"name": "Field"}]
    devices = [{"id": each, "device_group": "Kettle/Lab"} for each in DEVICES]
    bench.seed(products=[{"name": "Kettle", "device_groups": groups}], devices=devices)
    bench.simulator.settings(operation_seconds=60)
    return bench


@pytest.mark.parametrize(
    ("ids", "options"),
    [
        (FREE[:1], {"claim": True}),
        (FREE, {"claim": True}),
        (DEVICES[:3], {"product": "Kettle", "device_group": "Field"}),
        (DEVICES, {"product": "Kettle", "device_group": "Field"}),
    ],
    ids=["one claim", "claims", "few moves", "many moves"],
)
def test_devices_in_progress_are_changed(slow: Bench, ids: list[str], options: dict[str, Any]) -> None:
    outcome = slow.run(device, ids=ids, wait_timeout=BRIEF, **options)
    assert outcome.result.changed
    assert outcome.result.error is not None
    assert {(each["changed"], each["failed"]) for each in outcome["outcomes"]} == {(True, True)}
    assert {tuple(each["actions"]) for each in outcome["outcomes"]} == {()}
    assert outcome["summary"] == {
        "total": len(ids),
        "claimed": 0,
        "moved": 0,
        "unchanged": 0,
        "failed": len(ids),
        "not_tried": 0,
    }
    slow.simulator.advance(60)
    assert not slow.run(device, ids=ids, **options).result.changed


def test_moves_that_cannot_be_polled_are_changed(slow: Bench) -> None:
    for operation in ("Devices_ListInGroup", "AsyncOperations_Get"):
        slow.simulator.fault(match={"operationId": operation}, status=403, times=None)
    moved = slow.run(device, ids=DEVICES, product="Kettle", device_group="Field", retry_timeout=0.5)
    assert moved.result.changed
    assert {(each["changed"], each["failed"]) for each in moved["outcomes"]} == {(True, True)}
    assert "403" in moved["outcomes"][0]["msg"]


def test_product_in_progress_is_changed(slow: Bench) -> None:
    outcome = slow.run(product, name="Toaster", wait_timeout=BRIEF)
    assert outcome.result.changed
    assert outcome["operation"]["type"] == "CreateProduct"
    with pytest.raises(type(outcome.result.error or AssertionError()), match=LAST_SEEN):
        raise outcome.result.error or AssertionError


@pytest.mark.parametrize(
    "document",
    [{"products": [{"name": "Toaster"}]}, {"devices": [{"id": FREE[0]}]}],
    ids=["a product", "a claim"],
)
def test_blueprint_in_progress_is_changed(slow: Bench, document: dict[str, Any]) -> None:
    outcome = slow.run(blueprint, blueprint=document, claim=True, wait_timeout=BRIEF)
    assert outcome.result.changed
    assert outcome.result.error is not None
    assert outcome["changes"] == []
    assert outcome.result.diff == ()
