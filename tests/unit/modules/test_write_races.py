# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Writes whose operation cannot be followed, and writes that another run has done first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.device_groups import LegacyDeviceGroups
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.devices import LegacyDevices
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef
from ansible_collections.azsphere.fleet.plugins.modules import (
    blueprint,
    device,
    device_group,
    product,
    user_role,
)

from .conftest import Bench
from .write_cases import ADA, CLAIMED, FREE, POSTS, WRONG, write_case


@pytest.mark.parametrize("polling", ["AsyncOperations_Get", "AsyncOperations_*"])
@pytest.mark.parametrize("case", ["move", "claim", "claims", "create product", "upload", "deploy", "delete product"])
def test_write_that_took_effect_succeeds_although_it_cannot_be_polled(
    kettle: Bench, tmp_path: Path, case: str, polling: str
) -> None:
    module, options, _operation = write_case(case, tmp_path)
    kettle.simulator.fault(match={"operationId": polling}, status=403, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome.result.changed
    assert outcome.result.diff


def test_moves_that_took_effect_succeed_although_their_group_cannot_be_listed(kettle: Bench, tmp_path: Path) -> None:
    module, options, _operation = write_case("moves", tmp_path)
    kettle.simulator.fault(match={"operationId": "Devices_ListInGroup"}, status=403, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome["summary"]["moved"] == len(CLAIMED)


def test_claim_that_took_effect_is_followed_by_its_move_although_it_cannot_be_polled(kettle: Bench) -> None:
    for name in ("AsyncOperations_Get", "AsyncOperations_GetGlobal"):
        kettle.simulator.fault(match={"operationId": name}, status=403)
    outcome = kettle.run(device, ids=FREE[:1], claim=True, product="Kettle", device_group="Lab")
    assert outcome.result.error is None
    assert outcome["outcomes"][0]["actions"] == ["claim", "move"]


@pytest.mark.parametrize("code", [1, 4], ids=["TenantInMigration", "InternalServerError"])
@pytest.mark.parametrize(("ids", "operation"), [(FREE, "Devices_BulkClaim"), (FREE[:1], "Devices_Claim")])
def test_claim_that_fails_for_a_reason_that_passes_is_claimed_again(
    kettle: Bench, ids: list[str], operation: str, code: int
) -> None:
    kettle.simulator.fault("operation", match={"operationId": operation}, code=code)
    outcome = kettle.run(device, ids=ids, claim=True)
    assert outcome.result.error is None
    assert outcome["summary"]["claimed"] == len(ids)
    assert [each for each in kettle.requests() if "Claim" in each] == [operation, operation]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_move_whose_reply_is_always_lost_is_reported_by_where_the_device_is(kettle: Bench, kind: str) -> None:
    kettle.simulator.fault(kind, match={"operationId": "Devices_Move"}, times=None)
    outcome = kettle.run(device, ids=CLAIMED[:1], product="Kettle", device_group="Field", retry_timeout=0.5)
    moved = kind == "drop_after"
    assert outcome.result.changed
    assert bool(outcome.result.diff) == moved
    assert (outcome.result.error is None) == moved


@pytest.mark.parametrize("wrong", WRONG)
def test_bulk_claim_that_is_not_confirmed_is_judged_after_its_operation_has_ended(kettle: Bench, wrong: str) -> None:
    kettle.simulator.settings(operation_seconds=1.5)
    kettle.simulator.fault(wrong, match={"operationId": "Devices_BulkClaim"})
    outcome = kettle.run(device, ids=FREE, claim=True)
    assert outcome.result.error is None
    assert outcome["summary"]["claimed"] == len(FREE)
    assert kettle.requests().count("Devices_BulkClaim") == 1


@pytest.mark.parametrize("status", [400, 409, 412])
@pytest.mark.parametrize("case", POSTS[:3] + POSTS[4:])
def test_write_that_another_run_did_first_succeeds(kettle: Bench, tmp_path: Path, case: str, status: int) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.settings(operation_seconds=0)
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=status, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome.result.diff
    assert kettle.requests().count(operation) == 1


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("case", ["delete product", "delete group"])
def test_deletion_that_another_run_did_first_succeeds(kettle: Bench, tmp_path: Path, case: str, status: int) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.settings(operation_seconds=0)
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=status, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome.result.diff
    assert kettle.requests().count(operation) == 1


@pytest.mark.parametrize("status", [404, 409])
def test_removing_a_role_that_another_run_removed_first_succeeds(kettle: Bench, status: int) -> None:
    kettle.run(user_role, user=ADA, roles=["Reader", "Contributor"])
    match = {"operationId": "AccessControl_UnassignRole"}
    kettle.simulator.fault("status_after", match=match, status=status, times=None)
    outcome = kettle.run(user_role, user=ADA, roles=["Reader"], exclusive=True)
    assert outcome.result.error is None
    assert outcome["user"]["roles"] == ["Reader"]


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("case", POSTS[:3])
def test_rejection_without_effect_is_reported(kettle: Bench, tmp_path: Path, case: str, status: int) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault("status", match={"operationId": operation}, status=status, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is not None
    assert outcome.result.error.status == status
    assert not outcome.result.changed


PRUNED = {"products": [{"name": "Kettle", "default_device_groups": False, "device_groups": [{"name": "Lab"}]}]}
#: Module, options, the read before which another run deletes the product or device group, and which one that is.
GONE = {
    "product": (product, {"name": "Bare", "state": "absent"}, (LegacyDeviceGroups, "list"), ProductRef("Bare")),
    "product with devices": (
        product,
        {"name": "Bare", "state": "absent"},
        (LegacyDevices, "count"),
        ProductRef("Bare"),
    ),
    "group": (
        device_group,
        {"product": "Kettle", "name": "Field", "state": "absent"},
        (LegacyDevices, "count"),
        GroupRef(ProductRef("Kettle"), "Field"),
    ),
    "pruned group": (
        blueprint,
        {"blueprint": PRUNED, "prune": ["device_groups"]},
        (LegacyDevices, "count"),
        GroupRef(ProductRef("Kettle"), "Field"),
    ),
}


@pytest.mark.parametrize("check", [False, True], ids=["real", "check"])
@pytest.mark.parametrize("case", GONE)
def test_deletion_of_what_another_run_deletes_while_it_is_read_succeeds(
    kettle: Bench, monkeypatch: pytest.MonkeyPatch, case: str, check: bool
) -> None:
    module, options, (kind, verb), gone = GONE[case]
    kettle.simulator.settings(operation_seconds=0)
    read = getattr(kind, verb)

    def read_late(self: Any, *arguments: Any) -> Any:
        monkeypatch.setattr(kind, verb, read)
        other = kettle.service()
        (other.products if isinstance(gone, ProductRef) else other.device_groups).delete(gone)
        return read(self, *arguments)

    monkeypatch.setattr(kind, verb, read_late)
    outcome = kettle.run(module, **options, check=check)
    assert outcome.result.error is None
    assert not outcome.result.changed


def test_read_that_is_not_found_again_is_an_error(kettle: Bench) -> None:
    kettle.simulator.fault(match={"operationId": "Product_ListGroups"}, status=404, times=None)
    with pytest.raises(NotFound):
        kettle.run(product, name="Bare", state="absent")
    assert kettle.requests().count("Product_ListGroups") == 2
