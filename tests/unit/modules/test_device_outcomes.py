# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Outcomes of devices under faults: what was done, what failed, what is unknown, and what was never sent."""

from __future__ import annotations

import json
import stat
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy import wire
from ansible_collections.azsphere.fleet.plugins.modules import blueprint, device, product

from .conftest import Bench, Outcome

CLAIMED = [f"{number:0128x}" for number in range(1, 61)]
FREE = [f"{number:0128x}" for number in range(101, 161)]
FIELD = {"product": "Kettle", "device_group": "Field"}
LOOKS = ("Devices_Get", "Devices_List", "Devices_ListInGroup")


@pytest.fixture
def kettle(bench: Bench) -> Bench:
    groups = [{"name": "Lab"}, {"name": "Field"}]
    claimed = [{"id": each, "device_group": "Kettle/Lab"} for each in CLAIMED]
    bench.seed(products=[{"name": "Kettle", "device_groups": groups}], devices=claimed)
    return bench


def in_field(bench: Bench) -> set[str]:
    tenant = json.loads(bench.simulator.state())["tenants"][0]
    groups = {group["id"]: group["name"] for product in tenant["products"] for group in product["device_groups"]}
    return {each["id"] for each in tenant["devices"] if groups.get(each["device_group"]) == "Field"}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def counted(outcome: Outcome) -> dict[str, int]:
    return {name: number for name, number in outcome["summary"].items() if number and name != "total"}


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
@pytest.mark.parametrize("kind", ["empty", "accepted", "error_object", "html", "old_body"])
def test_moves_without_effect_are_unknown(kettle: Bench, kind: str, wait: bool) -> None:
    kettle.simulator.fault(kind, match={"operationId": "Devices_Move"}, times=None, executed=False)
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, wait=wait, wait_timeout=2, retry_timeout=0.5)
    assert counted(outcome) == {"failed": 60}
    assert all(each["unknown"] and "unknown" in each["msg"] and not each["actions"] for each in outcome["outcomes"])
    assert in_field(kettle) == set()


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
@pytest.mark.parametrize("kind", ["empty", "accepted", "error_object", "html"])
def test_moves_with_late_effect_are_done(kettle: Bench, kind: str, wait: bool) -> None:
    kettle.simulator.settings(operation_seconds=1.5)
    kettle.simulator.fault(kind, match={"operationId": "Devices_Move"}, times=None)
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, wait=wait)
    assert outcome.result.error is None
    assert counted(outcome) == {"moved": 60}
    assert in_field(kettle) == set(CLAIMED)


def test_unconfirmed_devices_are_listed_and_not_read_one_by_one(kettle: Bench) -> None:
    for operation in ("Devices_BulkClaim", "Devices_Move"):
        kettle.simulator.fault("empty", match={"operationId": operation}, times=None)
    kettle.simulator.clear_log()
    assert kettle.run(device, ids=FREE, **FIELD, claim=True).result.error is None
    sent = Counter(entry["operation"] for entry in kettle.simulator.log() if entry["kind"] == "api")
    assert sent["Devices_Get"] == 0
    assert sum(sent[operation] for operation in LOOKS) <= 8


@pytest.mark.parametrize("ids", [FREE[:1], FREE[:5], FREE], ids=["one", "few", "many"])
def test_accepted_claims_that_cannot_be_polled_are_done_if_visible(kettle: Bench, ids: list[str]) -> None:
    for operation in ("AsyncOperations_Get", "AsyncOperations_GetGlobal"):
        kettle.simulator.fault(match={"operationId": operation}, status=400, times=None)
    outcome = kettle.run(device, ids=ids, claim=True, retry_timeout=3)
    assert outcome.result.error is None
    assert counted(outcome) == {"claimed": len(ids)}


def test_polls_that_fail_leave_the_outcome_to_the_state(kettle: Bench) -> None:
    kettle.simulator.settings(operation_seconds=2)
    for operation in ("AsyncOperations_Get", "AsyncOperations_GetGlobal"):
        kettle.simulator.fault(match={"operationId": operation}, status=400, times=None)
    outcome = kettle.run(device, ids=CLAIMED, **FIELD)
    assert counted(outcome) == {"moved": 60}


def test_pause_in_the_middle_keeps_outcomes(kettle: Bench) -> None:
    kettle.simulator.fault(match={"operationId": "Devices_Move"}, skip=30, status=429, retry_after="3600", times=None)
    began = time.monotonic()
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, concurrency=4)
    done = in_field(kettle)
    assert time.monotonic() - began < 600
    found = counted(outcome)
    # Each of the four threads learns of the pause from a reply of its own at the latest.
    assert 1 <= found["failed"] <= 4
    assert found == {"moved": 30, "failed": found["failed"], "not_tried": 30 - found["failed"]}
    assert len(done) == 30
    assert {each["id"] for each in outcome["outcomes"] if each["actions"]} == done
    skipped = [each for each in outcome["outcomes"] if not (each["actions"] or each["failed"])]
    assert all(each["msg"].startswith("Skipped: move: ") and not each["changed"] for each in skipped)


def test_outage_in_the_middle_skips_what_was_not_sent(kettle: Bench) -> None:
    kettle.simulator.fault("drop_before", match={"operationId": "Devices_Move"}, skip=31, times=None)
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, concurrency=4, retry_timeout=0.5, wait=False)
    found = counted(outcome)
    assert found["moved"] == len(in_field(kettle))
    assert found["failed"] <= 4
    assert found["moved"] + found["failed"] + found["not_tried"] == 60
    assert outcome.result.changed


def test_moves_without_wait_read_no_single_device(kettle: Bench) -> None:
    kettle.simulator.clear_log()
    assert kettle.run(device, ids=CLAIMED, **FIELD, wait=False).result.error is None
    sent = Counter(entry["operation"] for entry in kettle.simulator.log() if entry["kind"] == "api")
    assert (sent["Devices_Get"], sent["Devices_Move"]) == (0, 60)


def test_throttled_seconds_are_those_that_were_waited(kettle: Bench) -> None:
    kettle.simulator.fault(match={"operationId": "Devices_Move"}, status=429, retry_after="3600")
    kettle.run(device, ids=CLAIMED[:2], **FIELD, retry_timeout=0.5)
    assert kettle.api()["throttled_seconds"] < 30


@pytest.mark.parametrize("raised", [ValueError("odd"), OverflowError(), RecursionError(), LookupError("x")])
def test_unexpected_error_belongs_to_its_device(
    kettle: Bench, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    read, seen = wire.operation, []

    def operation(body: Any, *args: Any) -> Any:
        seen.append(body)
        if len(seen) == 40:
            raise raised
        return read(body, *args)

    monkeypatch.setattr(wire, "operation", operation)
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, retry_timeout=0.5)
    assert outcome.result.changed
    assert counted(outcome)["moved"] >= 59
    assert len(outcome["outcomes"]) == 60


def test_wait_timeout_is_for_the_whole_task(kettle: Bench) -> None:
    kettle.simulator.fault(match={"operationId": "Product_Create"}, status=503, retry_after="100", times=None)
    began = time.monotonic()
    with pytest.raises(FleetError):
        raise kettle.run(product, name="Toaster", wait_timeout=2).result.error or AssertionError
    # Far less than the 120 seconds that retries may take.
    assert time.monotonic() - began < 60


def test_wait_timeout_of_reads_is_for_the_whole_task(kettle: Bench) -> None:
    kettle.simulator.fault(match={"operationId": "Product_List"}, status=503, times=None)
    began = time.monotonic()
    with pytest.raises(FleetError):
        kettle.run(product, name="Toaster", wait_timeout=1)
    assert time.monotonic() - began < 60


def test_wait_timeout_of_devices_starts_again_with_each_device(kettle: Bench) -> None:
    # Together, they take longer than the timeout, and each of them far less.
    kettle.simulator.settings(latency_ms=200)
    outcome = kettle.run(device, ids=CLAIMED[:30], **FIELD, concurrency=1, wait_timeout=4)
    assert counted(outcome) == {"moved": 30}


def test_listing_while_following_moves_ends_by_the_deadline(kettle: Bench) -> None:
    kettle.simulator.settings(operation_seconds=60)
    kettle.simulator.fault("delay", match={"operationId": "Devices_ListInGroup"}, seconds=60, times=None)
    began = time.monotonic()
    outcome = kettle.run(device, ids=CLAIMED, **FIELD, wait_timeout=2)
    assert counted(outcome) == {"failed": 60}
    assert time.monotonic() - began < 45


def test_journal_has_a_line_for_each_claim_and_move(kettle: Bench, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    kettle.run(device, ids=FREE[:3], **FIELD, claim=True, journal=str(journal))
    found = lines(journal)
    assert Counter((each["action"], each["outcome"]) for each in found) == {("claim", "done"): 3, ("move", "done"): 3}
    assert {each["device_id"] for each in found} == set(FREE[:3])
    assert {each["group"] for each in found} == {None, "Kettle/Field"}
    assert {each["tenant"] for each in found} == {"Contoso Fleet"}
    assert all(each["operation"] and each["time"].endswith("Z") and each["message"] is None for each in found)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    kettle.run(device, ids=FREE[:4], **FIELD, claim=True, journal=str(journal))
    assert [each["action"] for each in lines(journal)[6:]] == ["claim", "move"]


def test_journal_names_failed_unknown_and_skipped_devices(kettle: Bench, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    kettle.simulator.fault(match={"operationId": "Devices_Move"}, status=403)
    kettle.simulator.fault("empty", match={"operationId": "Devices_Move"}, executed=False)
    kettle.run(device, ids=CLAIMED[:20], **FIELD, concurrency=1, retry_timeout=0.5, journal=str(journal))
    assert Counter(each["outcome"] for each in lines(journal)) == {"failed": 1, "unknown": 1, "done": 18}
    kettle.simulator.fault(match={"operationId": "Devices_Move"}, status=403, times=None)
    journal.unlink()
    options = {"concurrency": 1, "max_failures": 1, "journal": str(journal)}
    kettle.run(device, ids=CLAIMED[20:40], **FIELD, **options)
    assert Counter(each["outcome"] for each in lines(journal)) == {"failed": 2, "not_tried": 18}
    assert {each["code"] for each in lines(journal)} >= {"skipped"}


def test_check_mode_writes_no_journal(kettle: Bench, tmp_path: Path) -> None:
    kettle.run(device, ids=CLAIMED, **FIELD, check=True, journal=str(tmp_path / "journal"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("module", [device, blueprint])
def test_journal_that_cannot_be_written_fails_before_the_first_write(
    kettle: Bench, tmp_path: Path, module: Any, check: bool
) -> None:
    options: dict[str, Any] = {"ids": FREE, "claim": True}
    if module is blueprint:
        options = {"blueprint": {"products": [{"name": "Toaster"}]}}
    before = kettle.simulator.counts()["writes"]
    with pytest.raises(FleetError, match="it is a directory"):
        kettle.run(module, **options, journal=str(tmp_path), check=check)
    assert kettle.simulator.counts()["writes"] == before


def test_full_disk_starts_no_further_device(kettle: Bench) -> None:
    with pytest.raises(FleetError, match="it is not a regular file"):
        kettle.run(device, ids=CLAIMED, **FIELD, journal="/dev/full")
    assert in_field(kettle) == set()


def test_incomplete_last_line_is_ended_before_the_next(kettle: Bench, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.write_text('{"device_id": "0')
    kettle.run(device, ids=CLAIMED[:1], **FIELD, journal=str(journal))
    assert json.loads(journal.read_text().splitlines()[1])["outcome"] == "done"


def test_blueprint_writes_a_journal_of_its_devices(kettle: Bench, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    document = {"products": [{"name": "Toaster"}], "devices": [{"id": FREE[0], **FIELD}]}
    kettle.run(blueprint, blueprint=document, claim=True, journal=str(journal))
    assert [each["action"] for each in lines(journal)] == ["claim", "move"]


def test_blueprint_lists_only_what_was_done(kettle: Bench) -> None:
    document = {"products": [{"name": "Toaster"}], "devices": [{"id": each, **FIELD} for each in CLAIMED]}
    kettle.simulator.fault("accepted", match={"operationId": "Devices_Move"}, skip=50, times=None, executed=False)
    outcome = kettle.run(blueprint, blueprint=document, wait_timeout=3, retry_timeout=0.5)
    moved = in_field(kettle)
    assert {each["name"] for each in outcome["changes"] if each["kind"] == "device"} == moved
    assert {each["id"] for each in outcome["failures"] if each["unknown"]} == set(CLAIMED) - moved
    assert [each["name"] for each in outcome["changes"] if each["kind"] == "product"] == ["Toaster"]


def test_journal_is_not_created_by_a_task_that_writes_nothing(kettle: Bench, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(FleetError, match="not claimed"):
        kettle.run(device, ids=FREE, journal=str(journal))
    kettle.run(device, ids=CLAIMED, product="Kettle", device_group="Lab", journal=str(journal))
    assert not journal.exists()
