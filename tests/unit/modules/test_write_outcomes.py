# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors
"""What tasks report of writes whose reply was wrong, lost or late: the simulator's state is the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.images import LegacyImages
from ansible_collections.azsphere.fleet.plugins.modules import (
    blueprint,
    deployment,
    device_group,
    image,
    tenant,
)

from tests.simulator.images import compose_package

from .conftest import TENANT, Bench
from .write_cases import ADA, CASES, CLAIMED, IMAGE, POSTS, WRONG, write_case


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("case", CASES)
def test_success_that_is_not_understood_is_never_reported_as_done(
    kettle: Bench, tmp_path: Path, case: str, wrong: str
) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault(wrong, match={"operationId": operation}, times=None, executed=False)
    outcome = kettle.run(module, **options, retry_timeout=0.5)
    assert outcome.result.error is not None
    # Nobody can see an invitation, and devices may still be under way.
    assert outcome.result.changed == (case in ("invite", "assign role", "claim", "claims", "move", "moves"))
    assert not outcome.result.diff


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("case", CASES)
def test_executed_write_without_confirmation_is_reported_as_done(
    kettle: Bench, tmp_path: Path, case: str, wrong: str
) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault(wrong, match={"operationId": operation})
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome.result.changed
    assert outcome.result.diff or case == "invite"
    assert not kettle.run(module, **options).result.changed


EMPTY = ["empty", "accepted", "old_body"]


def ignore(bench: Bench, wrong: str, operation: str) -> None:
    """Orders that a write is confirmed in this way and not executed."""
    more = {} if wrong == "old_body" else {"executed": False}
    bench.simulator.fault(wrong, match={"operationId": operation}, times=None, **more)


@pytest.mark.parametrize("wrong", EMPTY)
@pytest.mark.parametrize("case", CASES)
def test_confirmed_write_without_effect_is_an_error(kettle: Bench, tmp_path: Path, case: str, wrong: str) -> None:
    module, options, operation = write_case(case, tmp_path)
    ignore(kettle, wrong, operation)
    if "wait_timeout" in module.ARGUMENTS.spec:
        options = {**options, "wait_timeout": 1.5}
    if case == "change product":
        options = {**options, "default_device_groups": False}
    outcome = kettle.run(module, **options, retry_timeout=0.5)
    error = outcome.result.error
    assert error is not None
    assert not outcome.result.diff
    # An invitation cannot be seen.
    assert outcome.result.changed == (case in ("invite", "assign role"))
    if case == "invite":
        assert f"(invite user {ADA}) and shows no effect of them: their outcome is unknown" in str(error)
    if case not in ("invite", "claim", "claims", "move", "moves"):
        assert error.code == "effect_missing"


@pytest.mark.parametrize("wrong", EMPTY)
@pytest.mark.parametrize("case", ["create product", "delete product", "upload", "deploy", "create tenant"])
def test_confirmed_write_that_names_no_operation_is_verified_without_wait(
    kettle: Bench, tmp_path: Path, case: str, wrong: str
) -> None:
    module, options, operation = write_case(case, tmp_path)
    ignore(kettle, wrong, operation)
    outcome = kettle.run(module, **options, wait=False, retry_timeout=0.5)
    assert outcome.result.error is not None
    assert "the outcome is unknown" in str(outcome.result.error)
    assert not outcome.result.changed
    kettle.simulator.clear_faults()
    if wrong != "old_body":
        kettle.simulator.settings(operation_seconds=0)
        kettle.simulator.fault(wrong, match={"operationId": operation})
        assert kettle.run(module, **options, wait=False).result.error is None


@pytest.mark.parametrize("wrong", ["drop_after", "html", "error_object", "unreadable promise"])
@pytest.mark.parametrize("case", ["create product", "upload", "deploy", "create tenant"])
def test_start_that_may_be_in_progress_is_not_sent_again_without_wait(
    kettle: Bench, tmp_path: Path, case: str, wrong: str
) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.settings(operation_seconds=30)
    match = {"operationId": operation}
    if wrong == "unreadable promise":
        kettle.simulator.fault("status_after", match=match, status=202, body="<p>Accepted")
    else:
        kettle.simulator.fault(wrong, match=match)
    outcome = kettle.run(module, **options, wait=False, retry_timeout=0.5)
    assert outcome.result.error is not None
    assert "the outcome is unknown" in str(outcome.result.error)
    assert kettle.requests().count(operation) == 1


@pytest.mark.parametrize("case", ["create product", "deploy"])
def test_unreadable_promise_is_waited_for(kettle: Bench, tmp_path: Path, case: str) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.settings(operation_seconds=2)
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=202, body="<p>Accepted")
    outcome = kettle.run(module, **options, retry_timeout=0.5)
    assert outcome.result.error is None
    assert kettle.requests().count(operation) == 1


@pytest.mark.parametrize("wrong", ["empty", "old_body"])
@pytest.mark.parametrize("case", ["claim", "claims", "move", "moves"])
def test_devices_without_effect_are_failures_of_their_own(kettle: Bench, tmp_path: Path, case: str, wrong: str) -> None:
    module, options, operation = write_case(case, tmp_path)
    ignore(kettle, wrong, operation)
    outcome = kettle.run(module, **options, wait_timeout=1.5, retry_timeout=0.5)
    summary = outcome["summary"]
    assert (summary["claimed"], summary["moved"], summary["failed"]) == (0, 0, len(options["ids"]))
    assert {(each["changed"], each["failed"]) for each in outcome["outcomes"]} == {(False, True)}
    assert {tuple(each["actions"]) for each in outcome["outcomes"]} == {()}


@pytest.mark.parametrize("wrong", EMPTY)
def test_blueprint_reports_the_parts_and_devices_without_effect(kettle: Bench, wrong: str) -> None:
    for operation in ("Product_Patch", "Devices_Move"):
        ignore(kettle, wrong, operation)
    document = {
        "products": [
            {"name": "Kettle", "description": "Pots", "default_device_groups": False},
            {"name": "Toaster", "default_device_groups": False},
        ],
        "devices": [{"id": each, "product": "Kettle", "device_group": "Field"} for each in CLAIMED],
    }
    outcome = kettle.run(blueprint, blueprint=document, wait_timeout=3, retry_timeout=0.5)
    assert 'change of the product Kettle, but shows description nothing in place of "Pots"' in str(outcome.result.error)
    assert [(each["kind"], each["name"]) for each in outcome["changes"]] == [("product", "Toaster")]
    assert len(outcome["failures"]) == len(CLAIMED)
    assert outcome.result.changed


def test_confirmed_write_that_shows_late_is_waited_for(kettle: Bench, tmp_path: Path) -> None:
    """Eventual consistency: the first readings afterwards show the former state."""
    module, options, operation = write_case("change product", tmp_path)
    product_id = kettle.run(module, name="Kettle")["product"]["id"]
    body = json.dumps({"Id": product_id, "Name": "Kettle", "Description": None})
    match = {"operationId": "Product_Get*"}
    kettle.simulator.fault(match=match, status=200, body=body, skip=1, times=3)
    outcome = kettle.run(module, **options)
    assert outcome.result.error is None
    assert outcome["product"]["description"] == "Pots"
    assert kettle.requests().count(operation) == 1


def test_failure_after_a_write_without_effect_says_that_its_outcome_is_unknown(kettle: Bench) -> None:
    ignore(kettle, "empty", "DeviceGroup_CreateDefaults")
    document = {"products": [{"name": "Bare", "device_groups": [{"name": "Production", "os_feed": "RetailEval"}]}]}
    outcome = kettle.run(blueprint, blueprint=document, retry_timeout=0.5)
    assert "outcome is unknown" in str(outcome.result.error)
    assert not outcome.result.changed


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
@pytest.mark.parametrize("wrong", WRONG)
def test_legacy_authorization_is_recorded_as_blocked_only_after_a_confirmation(
    kettle: Bench, tmp_path: Path, wrong: str, executed: bool
) -> None:
    record = tmp_path / "record.json"
    options = {"legacy_authorization": "blocked", "confirm": TENANT, "record": str(record)}
    kettle.simulator.fault(wrong, match={"operationId": "Tenants_BlockLegacy"}, times=None, executed=executed)
    outcome = kettle.run(tenant, **options)
    assert "the outcome is unknown" in str(outcome.result.error)
    assert outcome.result.changed
    assert not record.exists() or json.loads(record.read_text() or "{}") == {}
    kettle.simulator.clear_faults()
    assert kettle.run(tenant, **options).result.changed
    assert list(json.loads(record.read_text()).values()) == ["blocked"]


@pytest.mark.parametrize("case", ["block", "invite"])
def test_error_after_a_write_that_nobody_can_see_says_that_its_outcome_is_unknown(
    kettle: Bench, tmp_path: Path, case: str
) -> None:
    """The second attempt is rejected."""
    block = {"legacy_authorization": "blocked", "confirm": TENANT, "record": str(tmp_path / "record.json")}
    module, options, operation = (
        (tenant, block, "Tenants_BlockLegacy") if case == "block" else write_case(case, tmp_path)
    )
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=503)
    kettle.simulator.fault(match={"operationId": operation}, status=403)
    outcome = kettle.run(module, **options)
    assert outcome.result.changed
    assert outcome.result.error is not None
    assert outcome.result.error.status == 403
    assert "may have been executed: their outcome is unknown" in str(outcome.result.error)


@pytest.mark.parametrize("wrong", WRONG)
def test_rename_of_a_tenant_needs_a_confirmation(kettle: Bench, wrong: str) -> None:
    tenant_id = kettle.service().tenants.current().id
    kettle.simulator.fault(wrong, match={"operationId": "Tenants_Patch"}, times=None, executed=False)
    outcome = kettle.run(tenant, tenant=tenant_id, name="Renamed")
    assert outcome.result.error is not None
    assert not outcome.result.changed
    assert kettle.service().tenants.current().name == TENANT


@pytest.mark.parametrize("retry_after", ["1", None], ids=["Retry-After", "bare"])
@pytest.mark.parametrize("case", POSTS)
def test_executed_post_with_reply_503_is_not_sent_again(
    kettle: Bench, tmp_path: Path, case: str, retry_after: str | None
) -> None:
    module, options, operation = write_case(case, tmp_path)
    order = {} if retry_after is None else {"retry_after": retry_after}
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=503, times=None, **order)
    outcome = kettle.run(module, **options, retry_timeout=6)
    assert outcome.result.error is None
    assert outcome.result.changed
    assert outcome.result.diff
    assert kettle.requests().count(operation) == 1


@pytest.mark.parametrize("case", POSTS)
def test_post_with_reply_503_and_no_effect_is_sent_again(kettle: Bench, tmp_path: Path, case: str) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault("status", match={"operationId": operation}, status=503, retry_after="0")
    outcome = kettle.run(module, **options, retry_timeout=0.5)
    assert outcome.result.error is None
    assert outcome.result.changed
    assert kettle.requests().count(operation) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("case", ["change product", "change group"])
def test_executed_change_with_a_server_error_is_reported(kettle: Bench, tmp_path: Path, case: str, status: int) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault("status_after", match={"operationId": operation}, status=status, times=None)
    outcome = kettle.run(module, **options, retry_timeout=0.1)
    assert outcome.result.error is not None
    assert outcome.result.changed
    assert outcome.result.diff


def test_creation_known_not_executed_is_unchanged(kettle: Bench) -> None:
    match = {"operationId": "DeviceGroup_Create"}
    kettle.simulator.fault("drop_before", match=match)
    kettle.simulator.fault(match=match, status=403, times=None)
    outcome = kettle.run(device_group, product="Kettle", name="New")
    assert outcome.result.error is not None
    assert (outcome.result.changed, outcome.result.diff) == (False, ())


def test_blueprint_part_known_not_executed_is_unchanged(kettle: Bench) -> None:
    match = {"operationId": "Product_Create"}
    kettle.simulator.fault("drop_before", match=match)
    kettle.simulator.fault(match=match, status=403, times=None)
    outcome = kettle.run(blueprint, blueprint={"products": [{"name": "Toaster"}]}, retry_timeout=0.5)
    assert outcome.result.error is not None
    assert (outcome.result.changed, outcome.result.diff) == (False, ())


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("case", ["move", "claim"])
def test_device_known_as_ours_that_cannot_be_read_back_is_not_shown_as_unclaimed(
    kettle: Bench, tmp_path: Path, case: str, status: int
) -> None:
    module, options, _operation = write_case(case, tmp_path)
    kettle.simulator.fault(match={"operationId": "Devices_Get"}, status=status, skip=1, times=None)
    outcome = kettle.run(module, **options)
    assert outcome.result.changed
    assert "could not be read back" in str(outcome.result.error)
    assert not any("not claimed" in each["after"] for each in outcome.result.diff or ())


@pytest.mark.parametrize("body", [None, '{"message": "Blocked by proxy"}', '"done"', "[]", '{"OperationId": "x"}'])
def test_only_the_documented_confirmation_blocks_legacy_authorization(
    kettle: Bench, tmp_path: Path, body: str | None
) -> None:
    record = tmp_path / "record.json"
    match = {"operationId": "Tenants_BlockLegacy"}
    if body is None:
        kettle.simulator.fault("accepted", match=match, times=None, executed=False)
    else:
        kettle.simulator.fault(match=match, status=200, body=body, times=None)
    outcome = kettle.run(tenant, legacy_authorization="blocked", confirm=TENANT, record=str(record))
    assert "the outcome is unknown" in str(outcome.result.error)
    assert outcome.result.changed
    assert not record.exists()


@pytest.mark.parametrize("case", ["image", "deployment", "blueprint"])
def test_package_that_changes_during_the_run_is_not_uploaded(
    kettle: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    _module, options, _operation = write_case("upload", tmp_path)
    path = Path(options["path"])
    other = tmp_path / "other.imagepackage"
    compose_package(other, image_id=f"{IMAGE[:-1]}b", component_id=f"d{IMAGE[1:]}", name="other")
    group = {"product": "Kettle", "device_group": "Lab", "packages": [str(path)]}
    product_entry = {"name": "Kettle", "default_device_groups": False}
    runs: dict[str, tuple[Any, dict[str, Any]]] = {
        "image": (image, {"path": str(path)}),
        "deployment": (deployment, group),
        "blueprint": (blueprint, {"blueprint": {"products": [product_entry], "images": [str(path)]}}),
    }
    look = LegacyImages.get
    lists = LegacyImages.list

    def swap_and_look(*arguments: Any) -> Any:
        path.write_bytes(other.read_bytes())
        return look(*arguments)

    def swap_and_list(*arguments: Any) -> Any:
        path.write_bytes(other.read_bytes())
        return lists(*arguments)

    monkeypatch.setattr(LegacyImages, "get", swap_and_look)
    monkeypatch.setattr(LegacyImages, "list", swap_and_list)
    module, given = runs[case]
    outcome = kettle.run(module, **given)
    assert "fresh.imagepackage has changed since it was read: nothing was uploaded" in str(outcome.result.error)
    assert not outcome.result.changed
    assert "Image_Upload" not in kettle.requests()


@pytest.mark.parametrize("case", CASES)
def test_deeply_nested_confirmation_is_not_a_defect(kettle: Bench, tmp_path: Path, case: str) -> None:
    module, options, operation = write_case(case, tmp_path)
    kettle.simulator.fault("mutate", match={"operationId": operation}, seed=1, place="/", value="deep")
    outcome = kettle.run(module, **options, retry_timeout=0.5)
    assert outcome.result.error is None or outcome.result.error.code != "defect"
