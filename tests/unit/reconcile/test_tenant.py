# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants: irreversible changes require the exact name and are made once."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import AmbiguousWrite, FleetError, InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Tenant
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import Outcome, Plan, execute
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.tenant import DesiredTenant, planner

from tests.support.ansible_files import disk, planned_files
from tests.support.fakes import Part, Recorder, SmallService, surround
from tests.support.memory import TENANT

DEVICE = "0C" * 64
NAME = TENANT.name or ""


class Bench:
    """A service whose writes are noted, run after run."""

    def __init__(
        self, faults: dict[str, list[FleetError | None]] | None = None, tenant: Tenant = TENANT, wait: float = 60
    ) -> None:
        self._waiting = Waiting(True, Deadline(wait))
        others = (Tenant("7e000000-0000-4000-8000-000000000002", "Other", ("Reader",)),)
        below = SmallService(other_tenants=others)
        below.tenants = Part(below.tenants, current=lambda: tenant)
        self.service = Recorder(Overlay(cast(Any, below)), faults)

    def run(self, check: bool = False, **desired: Any) -> Outcome[Plan]:
        files = planned_files() if check else disk()
        service = Overlay(cast(Any, self.service)) if check else self.service
        around = surround(service, files)
        return execute(around.context, planner(DesiredTenant(**desired), files), self._waiting)


def test_tenant_is_created_once() -> None:
    bench = Bench()
    wanted = {"name": "Laboratory", "device_id": DEVICE, "confirm": "Laboratory"}
    planned = bench.run(check=True, **wanted)
    assert planned.after.values["name"] == "Laboratory"
    assert bench.service.writes == []
    made = bench.run(**wanted)
    assert bench.service.writes == ["tenants.create"]
    assert isinstance(made.after.values["id"], Placeholder)
    assert made.diff[0]["after"] == "name: Laboratory\n"
    assert not bench.run(**wanted).changed
    assert bench.service.writes == ["tenants.create"]


def test_names_that_differ_by_case_are_two_tenants() -> None:
    bench = Bench()
    assert not bench.run(name="Other", device_id=DEVICE, confirm="Other").changed
    assert bench.run(name="other", device_id=DEVICE, confirm="other").changed


@pytest.mark.parametrize("confirm", [None, "", "laboratory", "Laboratory "])
def test_tenant_creation_requires_the_exact_name(confirm: str | None) -> None:
    bench = Bench()
    with pytest.raises(InvalidInput, match="exact name"):
        bench.run(name="Laboratory", device_id=DEVICE, confirm=confirm)
    assert bench.service.used == []


def test_malformed_device_id_is_rejected_without_request() -> None:
    bench = Bench()
    with pytest.raises(InvalidInput, match="device ID"):
        bench.run(name="Laboratory", device_id="12", confirm="Laboratory")
    with pytest.raises(InvalidInput, match="name"):
        bench.run(device_id=DEVICE, confirm="Laboratory")
    assert bench.service.used == []


def test_tenant_is_renamed_by_its_guid() -> None:
    bench = Bench()
    renamed = bench.run(tenant=TENANT.id, name="Workshop")
    assert (renamed.plan.before.values["name"], renamed.after.values["name"]) == (NAME, "Workshop")
    assert not bench.run(tenant=TENANT.id, name="Workshop").changed
    assert bench.service.writes == ["tenants.rename"]


def test_tenant_rename_requires_the_guid() -> None:
    bench = Bench()
    with pytest.raises(InvalidInput, match="GUID"):
        bench.run(tenant=NAME, name="Workshop")
    assert bench.service.used == []
    assert not bench.run(tenant=NAME, name=NAME).changed
    assert not bench.run(tenant="", name=NAME).changed  # An empty option is none: the service reports the tenant.


def test_legacy_authorization_is_blocked_once_as_the_record_says(tmp_path: Path) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    wanted = {"record": str(record), "confirm": NAME}
    planned = bench.run(check=True, **wanted)
    assert (planned.changed, planned.after.values["legacy_authorization"]) == (True, "blocked")
    assert not record.exists()
    done = bench.run(**wanted)
    assert done.diff[0]["before"] != done.diff[0]["after"]
    assert json.loads(record.read_text()) == {TENANT.id: "blocked"}
    assert record.stat().st_mode & 0o777 == 0o644
    assert not bench.run(**wanted).changed
    assert bench.service.writes == ["tenants.block_legacy_authorization"]


def test_record_of_another_tenant_is_ignored(tmp_path: Path) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    record.write_text('{"7e000000-0000-4000-8000-000000000009": "blocked"}')
    bench.run(record=str(record), confirm=NAME)
    assert bench.service.writes == ["tenants.block_legacy_authorization"]
    assert len(json.loads(record.read_text())) == 2


def test_failed_block_is_not_recorded(tmp_path: Path) -> None:
    bench, record = Bench({"tenants.block_legacy_authorization": [FleetError("No.")]}), tmp_path / "blocked.json"
    outcome = bench.run(record=str(record), confirm=NAME)
    assert (str(outcome.error), outcome.changed, record.exists()) == ("No.", False, False)


@pytest.mark.parametrize("confirm", [None, NAME.upper(), "Other"])
def test_blocking_requires_the_exact_name(tmp_path: Path, confirm: str | None) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    with pytest.raises(InvalidInput, match="exact name"):
        bench.run(record=str(record), confirm=confirm)
    assert (bench.service.writes, record.exists()) == ([], False)


@pytest.mark.parametrize("content", ["", "[]", "blocked", "\xff"])
def test_invalid_record_is_not_overwritten(tmp_path: Path, content: str) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    record.write_text(content, encoding="latin-1")
    with pytest.raises(InvalidInput, match="not a record"):
        bench.run(record=str(record), confirm=NAME)
    assert bench.service.used == []


def test_record_is_on_disk_before_anything_is_blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    seen: list[dict[str, str]] = []
    block = bench.service.tenants.block_legacy_authorization

    def look() -> None:
        seen.extend(json.loads(path.read_bytes()) for path in tmp_path.iterdir())
        block()

    tenants = Part(bench.service.tenants, block_legacy_authorization=look)
    monkeypatch.setattr(bench.service, "tenants", tenants, raising=False)
    bench.run(record=str(record), confirm=NAME)
    assert seen == [{TENANT.id: "blocked"}]
    assert os.listdir(tmp_path) == ["blocked.json"]


def test_record_that_cannot_be_renamed_shows_the_missing_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    block = bench.service.tenants.block_legacy_authorization

    def block_and_take_the_place() -> None:
        block()
        record.mkdir()

    tenants = Part(bench.service.tenants, block_legacy_authorization=block_and_take_the_place)
    monkeypatch.setattr(bench.service, "tenants", tenants, raising=False)
    outcome = bench.run(record=str(record), confirm=NAME)
    assert outcome.changed
    assert f'Legacy authorization is blocked now: add "{TENANT.id}": "blocked" to the file' in str(outcome.error)
    assert os.listdir(tmp_path) == ["blocked.json"]


def test_parallel_tasks_lose_no_entry_of_the_record(tmp_path: Path) -> None:
    record = tmp_path / "blocked.json"
    tenants = [Tenant(f"7e000000-0000-4000-8000-00000000001{number}", NAME) for number in range(4)]
    # Without a lock, all tasks have read the record before the first one writes it.
    meeting = threading.Barrier(len(tenants))
    outcomes: list[Outcome[Plan]] = []

    def block(tenant: Tenant) -> None:
        bench = Bench(tenant=tenant)
        service: Any = bench.service
        service.tenants = Part(bench.service.tenants, block_legacy_authorization=meet)
        outcomes.append(bench.run(record=str(record), confirm=NAME))

    def meet() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)

    threads = [threading.Thread(target=block, args=[tenant]) for tenant in tenants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(outcome.error, outcome.changed) for outcome in outcomes] == [(None, True)] * len(tenants)
    assert json.loads(record.read_text()) == {tenant.id: "blocked" for tenant in tenants}
    assert os.listdir(tmp_path) == ["blocked.json"]


def test_record_that_another_task_locks_is_waited_for_within_the_deadline(tmp_path: Path) -> None:
    bench, record = Bench(wait=0.2), tmp_path / "blocked.json"
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        outcome = bench.run(record=str(record), confirm=NAME)
    finally:
        os.close(handle)
    assert "another process has locked its directory" in str(outcome.error)
    assert (outcome.changed, bench.service.writes, record.exists()) == (False, [], False)
    assert Bench().run(record=str(record), confirm=NAME).error is None


def test_tenant_that_another_task_blocked_meanwhile_is_not_blocked_again(tmp_path: Path) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"
    plan = planner(DesiredTenant(record=str(record), confirm=NAME), disk())

    def plan_and_record(service: Any) -> Plan:
        made = plan(service)
        record.write_text(json.dumps({TENANT.id: "blocked"}))
        return made

    outcome = execute(surround(bench.service, disk()).context, plan_and_record, Waiting(True, Deadline(60)))
    assert outcome.error is None
    assert bench.service.writes == []


def test_full_disk_prevents_the_irreversible_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, record = Bench(), tmp_path / "blocked.json"

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    outcome = bench.run(record=str(record), confirm=NAME)
    assert "No space left on device" in str(outcome.error)
    assert (outcome.changed, bench.service.writes, os.listdir(tmp_path)) == (False, [], [])


def test_unknown_outcome_is_not_recorded(tmp_path: Path) -> None:
    lost: list[FleetError | None] = [AmbiguousWrite("The reply was lost.") for _unused in range(9)]
    bench, record = Bench({"tenants.block_legacy_authorization": lost}), tmp_path / "blocked.json"
    outcome = bench.run(record=str(record), confirm=NAME)
    assert isinstance(outcome.error, AmbiguousWrite)
    assert (outcome.changed, os.listdir(tmp_path)) == (True, [])
