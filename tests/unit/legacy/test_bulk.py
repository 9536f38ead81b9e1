# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims and moves of many devices: each has its outcome, once, and one that is not ours fails alone."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    DeadlineExceeded,
    FleetError,
    Forbidden,
    ReadOnlyViolation,
    SignInError,
    Unreachable,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.bulk import reasons
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Service

from tests.simulator.harness import Simulator
from tests.simulator.seeds import FOREIGN_DEVICES, FOREIGN_TENANT_NAME, TENANT_NAME
from tests.simulator.settings import SWITCHES
from tests.unit.legacy.conftest import Connect

FREE = [f"{number:0128x}" for number in range(1, 2200)]
GROUPS = [{"name": "Lab"}, {"name": "Field"}]


@dataclass
class Tally:
    """Takes reports, and finds out if two come together. Stops after so many failures."""

    stop_after: int | None = None
    outcomes: list[DeviceOutcome] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, outcome: DeviceOutcome) -> bool:
        assert self.busy.acquire(blocking=False), "two reports at once"
        self.outcomes.append(outcome)
        going_on = self.stop_after is None or len(self.failed) < self.stop_after
        self.busy.release()
        return going_on

    @property
    def failed(self) -> dict[str, FleetError]:
        return {outcome.id: outcome.error for outcome in self.outcomes if outcome.error is not None}

    @property
    def done(self) -> set[str]:
        return {outcome.id for outcome in self.outcomes if outcome.error is None}

    def each_once(self, device_ids: list[str]) -> bool:
        return Counter(outcome.id for outcome in self.outcomes) == Counter(device_ids)


def soon() -> Deadline:
    return Deadline(60)


def operations(simulator: Simulator) -> Counter[str]:
    return Counter(str(entry["operation"]) for entry in simulator.log() if entry["kind"] == "api")


def fleet(simulator: Simulator, claimed: list[str], **tenant: object) -> None:
    """A tenant with a product of two groups, and devices in no group."""
    product = {"name": "Kettle", "device_groups": GROUPS}
    own = {"name": TENANT_NAME, "products": [product], "devices": claimed, **tenant}
    other = {"name": FOREIGN_TENANT_NAME, "roles": {}, "devices": list(FOREIGN_DEVICES)}
    simulator.load({"tenants": [own, other], "unclaimed": "any"})


LAB = group_ref("Kettle", "Lab")


def test_claim_adds_a_device_to_the_tenant(service: Service, speaking: Simulator) -> None:
    tally = Tally()
    operation = service.devices.claim(FREE[:1], soon(), tally)
    assert operation is not None
    assert (operation.type, operation.state) == ("DeviceClaim", "Complete")
    assert tally.done == {FREE[0]}
    assert operations(speaking)["Devices_Claim"] == 1


def test_claims_are_sent_in_chunks_of_a_thousand(service: Service, speaking: Simulator) -> None:
    tally = Tally()
    service.devices.claim(FREE[:2001], soon(), tally)
    assert tally.each_once(FREE[:2001])
    assert not tally.failed
    assert service.devices.count() == 2001
    sent = operations(speaking)
    assert (sent["Devices_BulkClaim"], sent["Devices_Claim"], sent["Devices_Get"]) == (2, 1, 0)


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_foreign_device_does_not_fail_other_devices(service: Service, simulator: Simulator, count: int) -> None:
    wanted = [*FREE[: count - 1], FOREIGN_DEVICES[0]]
    tally = Tally()
    service.devices.claim(wanted, soon(), tally)
    assert tally.each_once(wanted)
    assert set(tally.failed) == {FOREIGN_DEVICES[0]}
    error = tally.failed[FOREIGN_DEVICES[0]]
    assert f"Device {FOREIGN_DEVICES[0]} cannot be claimed" in error.message
    assert "it does not exist, or another tenant has claimed it" in error.message
    assert service.devices.count() == count - 1
    owners = {tenant["name"]: tenant["devices"] for tenant in json.loads(simulator.state())["tenants"]}
    assert FOREIGN_DEVICES[0] in [device["id"] for device in owners[FOREIGN_TENANT_NAME]]


@pytest.mark.parametrize("bulk", SWITCHES["bulk_claim_failures"])
@pytest.mark.parametrize("single", SWITCHES["claim_failures"])
@pytest.mark.parametrize("code", SWITCHES["claim_code"])
def test_foreign_device_fails_alone_in_every_form_of_reply(
    simulator: Simulator, connect: Connect, bulk: str, single: str, code: str
) -> None:
    simulator.settings(bulk_claim_failures=bulk, claim_failures=single, claim_code=code)
    wanted, tally = [*FREE[:3], FOREIGN_DEVICES[0]], Tally()
    connect().service.devices.claim(wanted, soon(), tally)
    assert tally.each_once(wanted)
    assert set(tally.failed) == {FOREIGN_DEVICES[0]}
    assert "cannot be claimed" in str(tally.failed[FOREIGN_DEVICES[0]])


def test_claiming_again_changes_nothing_and_succeeds(service: Service, simulator: Simulator) -> None:
    service.devices.claim(FREE[:3], soon(), Tally())
    before = simulator.state()
    tally = Tally()
    service.devices.claim(FREE[:3], soon(), tally)
    assert tally.done == set(FREE[:3])
    assert simulator.state() == before


def test_claim_by_a_reader_fails_after_one_request(speaking: Simulator, connect: Connect) -> None:
    fleet(speaking, [], roles={"Fleet automation": ["Reader"]})
    tally = Tally()
    connect().service.devices.claim(FREE[:50], soon(), tally)
    assert tally.each_once(FREE[:50])
    assert len(tally.failed) == 50
    assert all("role" in str(error) and "another tenant" not in str(error) for error in tally.failed.values())
    assert operations(speaking)["Devices_Claim"] == 0


@pytest.mark.parametrize("count", [1, 8, 9, 60])
def test_moves_change_the_group_of_devices(speaking: Simulator, connect: Connect, count: int) -> None:
    fleet(speaking, FREE[:60])
    service, tally = connect().service, Tally()
    target = LAB
    operation = service.devices.move(FREE[:count], target, soon(), tally)
    assert operation is not None
    assert operation.type == "DeviceUpdateDeviceGroup"
    assert tally.each_once(FREE[:count])
    assert not tally.failed
    assert [device.id for device in service.devices.list(target)] == FREE[:count]


def test_many_moves_are_followed_by_listing_the_group(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:300])
    simulator.settings(operation_seconds=0.5)
    service, tally = connect().service, Tally()
    service.devices.move(FREE[:300], LAB, soon(), tally)
    assert tally.done == set(FREE[:300])
    sent = operations(simulator)
    assert sent["Devices_Move"] == 300
    assert sent["AsyncOperations_Get"] <= 20


@pytest.mark.parametrize("count", [3, 40])
def test_device_of_another_tenant_is_not_moved(speaking: Simulator, connect: Connect, count: int) -> None:
    fleet(speaking, FREE[:count])
    service, tally = connect().service, Tally()
    wanted = [*FREE[:count], FOREIGN_DEVICES[0]]
    service.devices.move(wanted, LAB, soon(), tally)
    assert tally.each_once(wanted)
    assert set(tally.failed) == {FOREIGN_DEVICES[0]}
    assert f"moving the device {FOREIGN_DEVICES[0]}" in str(tally.failed[FOREIGN_DEVICES[0]])


@pytest.mark.parametrize("count", [3, 20])
def test_accepted_move_succeeds_without_wait(speaking: Simulator, connect: Connect, count: int) -> None:
    fleet(speaking, FREE[:20])
    speaking.settings(operation_seconds=60)
    service, tally = connect().service, Tally()
    operation = service.devices.move(FREE[:count], LAB, soon(), tally, wait=False)
    assert operation is not None
    assert not operation.final
    assert tally.done == set(FREE[:count])


@pytest.mark.parametrize("count", [3, 20])
def test_move_timeout_reports_the_last_state(simulator: Simulator, connect: Connect, count: int) -> None:
    fleet(simulator, FREE[:20])
    simulator.settings(operation_seconds=4)
    service, tally = connect().service, Tally()
    service.devices.move(FREE[:count], LAB, Deadline(1.5), tally)
    assert tally.each_once(FREE[:count])
    assert {type(error) for error in tally.failed.values()} == {DeadlineExceeded}
    for device_id, error in tally.failed.items():
        assert f"While moving the device {device_id}, the wait timed out after 1.5 s" in error.message
        assert re.search("last state seen was (NotStarted|InProgress)", error.message)


def test_report_can_stop_the_remaining_claims(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, [])
    service, tally = connect(concurrency=2).service, Tally(stop_after=3)
    service.devices.move(FREE[:500], LAB, soon(), tally)
    assert 3 <= len(tally.outcomes) <= 5
    assert operations(simulator)["Devices_Move"] <= 5


@pytest.mark.thorough
def test_throttled_moves_are_delayed_and_succeed(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:100])
    connection, tally = connect(), Tally()
    target = LAB
    for skip in (5, 25, 60):
        simulator.fault(
            "status", match={"operationId": "Devices_Move"}, status=429, retry_after="1", times=8, skip=skip
        )
    connection.service.devices.move(FREE[:100], target, soon(), tally)
    assert tally.done == set(FREE[:100])
    spent = connection.api()
    assert spent["retries"] == 24
    assert spent["throttled_seconds"] >= 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
@pytest.mark.parametrize(
    "operation", ["Devices_Move", "Devices_BulkClaim", "AsyncOperations_Get", "Devices_ListInGroup"]
)
def test_moves_succeed_despite_lost_replies(simulator: Simulator, connect: Connect, kind: str, operation: str) -> None:
    fleet(simulator, [])
    connection = connect()
    claimed, moved = Tally(), Tally()
    target = LAB
    simulator.fault(kind, match={"operationId": operation}, times=2)
    connection.service.devices.claim(FREE[:30], soon(), claimed)
    connection.service.devices.move(FREE[:30], target, soon(), moved)
    assert claimed.done == moved.done == set(FREE[:30])
    assert connection.api()["retries"] == 2


def test_token_that_expires_between_moves_is_renewed_once(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:60])
    connection = connect(token_cache="none")
    target = LAB
    assert connection.service.device_groups.get(target) is not None
    tally = Tally()
    revoked = threading.Event()

    def report(outcome: DeviceOutcome) -> bool:
        if not revoked.is_set():
            simulator.revoke_tokens()
            revoked.set()
        return tally(outcome)

    before = simulator.counts()["tokens_issued"]
    connection.service.devices.move(FREE[:60], target, soon(), report, wait=False)
    assert tally.done == set(FREE[:60])
    assert simulator.counts()["tokens_issued"] == before + 1


def test_unavailable_server_is_reported_for_each_device(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:100])
    connection, tally = connect(retry_timeout=0.2), Tally()
    target = LAB
    simulator.fault("drop_before", match={"operationId": "Devices_Move"}, times=None, skip=10)
    connection.service.devices.move(FREE[:100], target, soon(), tally, wait=False)
    assert tally.each_once(FREE[:100])
    assert len(tally.done) == 10
    assert {type(error) for error in tally.failed.values()} == {Unreachable}
    assert connection.api()["requests"] < 60, "the rest was not tried in vain"


def test_programming_error_is_not_reported_as_device_failure(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:20])
    service = connect(read_only=True).service
    for verb in (
        lambda: service.devices.claim(FREE[:1], soon(), Tally()),
        lambda: service.devices.claim(FREE[:20], soon(), Tally()),
        lambda: service.devices.move(FREE[:20], LAB, soon(), Tally()),
    ):
        with pytest.raises(ReadOnlyViolation):
            verb()
    assert simulator.counts()["writes"] == 0


def test_empty_lists_send_no_request(service: Service, speaking: Simulator) -> None:
    fleet(speaking, [])
    assert service.devices.claim([], soon(), Tally()) is None
    assert service.devices.move([], LAB, soon(), Tally()) is None


def test_device_errors_are_found_in_every_form() -> None:
    one, two, three = FREE[:3]
    found = {
        "operation_id": "x",
        "results": [
            {"device_id": one.upper(), "message": "Taken."},
            {"id": two, "error": {"code": 7, "message": "Also taken."}},
            {"id": three, "status": "Success"},
        ],
    }
    assert reasons(found) == {one: "Taken.", two: "Also taken."}
    assert reasons(None) == reasons([1, "x"]) == {}


def test_access_denied_is_reported(simulator: Simulator, connect: Connect) -> None:
    with pytest.raises((SignInError, Forbidden)):
        connect(client_secret="wrong").service.devices.claim(FREE[:2], soon(), Tally())
    assert simulator.counts()["writes"] == 0


def test_token_that_expires_in_the_middle_is_renewed_once(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:400])
    service = connect(concurrency=16, token_cache="none").service
    revoked = threading.Event()
    tally = Tally()

    def report(outcome: DeviceOutcome) -> bool:
        if len(tally.outcomes) == 200 and not revoked.is_set():
            simulator.revoke_tokens()
            revoked.set()
        return tally(outcome)

    before = simulator.counts()["tokens_issued"]
    service.devices.move(FREE[:400], LAB, soon(), report, wait=False)
    assert tally.each_once(FREE[:400])
    assert not tally.failed
    assert simulator.counts()["tokens_issued"] - before == 2


def test_rate_limit_is_learned(simulator: Simulator, connect: Connect) -> None:
    fleet(simulator, FREE[:500])
    connection = connect(concurrency=16, retry_timeout=60)
    simulator.settings(rate_limit=100, rate_burst=100)
    tally = Tally()
    connection.service.devices.move(FREE[:500], LAB, soon(), tally, wait=False)
    assert tally.each_once(FREE[:500])
    assert not tally.failed
    assert simulator.counts()["notes"].get("rate limit", 0) <= 30
