# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reports of accepted operations that fail, and of the changes that they prevent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.modules import (
    blueprint,
    deployment,
    device,
    device_group,
    product,
    tenant,
)

from tests.simulator.images import compose_package

from .conftest import TENANT, Bench

DEVICE = "0a" * 64


@pytest.fixture
def kettle(bench: Bench) -> Bench:
    bench.seed(
        products=[
            {"name": "Kettle", "device_groups": [{"name": "Lab"}]},
            {"name": "Old", "device_groups": [{"name": "Field"}]},
        ],
        devices=[{"id": DEVICE, "device_group": "Old/Field"}],
    )
    return bench


@pytest.mark.parametrize(
    ("module", "options", "operation"),
    [
        (product, {"name": "Kettle"}, "Product_Delete"),
        (device_group, {"product": "Kettle", "name": "Lab"}, "DeviceGroup_Delete"),
    ],
    ids=["product", "device_group"],
)
def test_failed_deletion_changes_nothing(kettle: Bench, module: Any, options: dict[str, Any], operation: str) -> None:
    kettle.simulator.fault(kind="operation", match={"operationId": operation})
    outcome = kettle.run(module, state="absent", **options)
    assert outcome.result.error is not None
    assert outcome[module.__name__.rpartition(".")[2]]["name"] == options["name"]
    assert outcome.result.diff == ()
    assert outcome["operation"]["state"] == "Failed"
    assert outcome["operation"]["started"]


def test_nothing_is_pruned_when_an_upload_or_a_creation_failed(kettle: Bench) -> None:
    kettle.simulator.fault(kind="operation", match={"operationId": "Product_Create"})
    outcome = kettle.run(blueprint, blueprint={"products": [{"name": "Toaster"}, {"name": "Old"}]}, prune=["products"])
    assert outcome.result.error is not None
    assert outcome["changes"] == []
    assert outcome["summary"]["product"]["deleted"] == 0
    assert outcome.result.diff == ()
    assert outcome["operation"]["state"] == "Failed"
    assert "Product_Delete" not in kettle.requests()


def test_nothing_is_pruned_when_a_device_failed(kettle: Bench) -> None:
    kettle.simulator.fault(kind="status", status=403, match={"operationId": "Devices_Move"})
    document = {
        "products": [{"name": "Kettle", "default_device_groups": False}],
        "devices": [{"id": DEVICE, "product": "Kettle", "device_group": "Lab"}],
    }
    outcome = kettle.run(blueprint, blueprint=document, prune=["products"])
    assert str(outcome.result.error).startswith("1 of 1 devices failed")
    assert str(outcome.result.error).endswith("Nothing was deleted, because devices failed.")
    assert outcome["changes"] == []
    assert outcome.result.diff == ()
    assert "Product_Delete" not in kettle.requests()
    again = kettle.run(blueprint, blueprint=document, prune=["products"])
    assert again.result.error is None
    assert again["summary"]["product"]["deleted"] == 1


@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
def test_deployment_that_cannot_be_read_back_is_changed(kettle: Bench, tmp_path: Path, check: bool) -> None:
    package = tmp_path / "fresh.imagepackage"
    image_id, component_id = "c1000000-0000-4000-8000-00000000000a", "d1000000-0000-4000-8000-00000000000a"
    compose_package(package, image_id=image_id, component_id=component_id, name="fresh")
    options = {"product": "Kettle", "device_group": "Lab", "packages": [str(package)]}
    kettle.simulator.fault(match={"operationId": "DeviceGroup_Get"}, status=403)
    outcome = kettle.run(deployment, check=check, **options)
    kettle.simulator.clear_faults()
    assert outcome.result.changed
    if not check:
        assert "could not be read back" in str(outcome.result.error)
        assert not kettle.run(deployment, **options).result.changed


@pytest.mark.parametrize("ids", [["0b" * 64], ["0b" * 64, "0c" * 64, "0d" * 64]], ids=["one", "bulk"])
def test_claim_that_cannot_be_polled_is_reported_as_changed(kettle: Bench, ids: list[str]) -> None:
    kettle.simulator.settings(operation_seconds=60)
    for operation in ("AsyncOperations_Get", "AsyncOperations_GetGlobal"):
        kettle.simulator.fault(match={"operationId": operation}, status=403, times=None)
    outcome = kettle.run(device, ids=ids, claim=True, retry_timeout=0.5)
    assert outcome.result.changed
    assert {(each["changed"], each["failed"]) for each in outcome["outcomes"]} == {(True, True)}
    assert not any("another tenant" in each["msg"] for each in outcome["outcomes"])
    assert len([each for each in kettle.requests() if "laim" in each]) == 1
    kettle.simulator.clear_faults()
    kettle.simulator.advance(60)
    assert not kettle.run(device, ids=ids, claim=True).result.changed


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
def test_change_with_lost_reply_is_reported_from_current_state(kettle: Bench, kind: str) -> None:
    kettle.simulator.fault(kind, match={"method": "PATCH"})
    kettle.simulator.fault(match={"method": "PATCH"}, status=403, times=None)
    outcome = kettle.run(product, name="Kettle", description="Pots")
    done = kind == "drop_after"
    assert outcome.result.error is not None
    assert outcome.result.changed == done
    assert bool(outcome.result.diff) == done
    assert (outcome["product"]["description"] == "Pots") == done


def test_claim_with_lost_reply_counts_as_possible_change(kettle: Bench) -> None:
    kettle.simulator.fault("drop_after", match={"operationId": "Devices_Claim"})
    kettle.simulator.fault(match={"operationId": "Devices_Claim"}, status=503, times=None)
    outcome = kettle.run(device, ids=["0b" * 64], claim=True, retry_timeout=0.2)
    assert outcome.result.changed or outcome.result.error is None


def test_first_of_two_requests_counts_as_change(kettle: Bench) -> None:
    kettle.run(device_group, product="Kettle", name="Lab", description="Words")
    kettle.simulator.settings(patch_empty="ignored", patch_null="clears")
    kettle.simulator.fault(match={"method": "PATCH"}, status=403, skip=1, times=None)
    outcome = kettle.run(device_group, product="Kettle", name="Lab", description="", os_feed="RetailEval")
    assert outcome.result.error is not None
    assert outcome.result.changed
    assert outcome["device_group"]["os_feed"] == "RetailEval"


def test_prediction_without_wait_omits_rejected_devices(kettle: Bench) -> None:
    kettle.simulator.settings(operation_seconds=30)
    kettle.simulator.fault(match={"operationId": "Devices_Move", "path": f"*{DEVICE}*"}, status=403)
    outcome = kettle.run(device, ids=[DEVICE], product="Kettle", device_group="Lab", wait=False)
    assert outcome["outcomes"][0]["failed"]
    assert not outcome.result.changed
    assert not outcome.result.diff or "Kettle/Lab" not in outcome.result.diff[0]["after"]


def test_prediction_without_wait_includes_other_devices(kettle: Bench) -> None:
    other = "0b" * 64
    kettle.run(device, ids=[other], claim=True)
    kettle.simulator.settings(operation_seconds=30)
    kettle.simulator.fault(match={"operationId": "Devices_Move", "path": f"*{DEVICE}*"}, status=403)
    outcome = kettle.run(device, ids=[DEVICE, other], product="Kettle", device_group="Lab", wait=False)
    assert [each["failed"] for each in outcome["outcomes"]] == [True, False]
    [difference] = outcome.result.diff or ()
    assert "1 device: Kettle/Lab" in difference["after"]
    assert f"{DEVICE[:16]}…  Old/Field" in difference["after"]


def test_irreversible_change_requires_a_writable_record(kettle: Bench) -> None:
    options = {"legacy_authorization": "blocked", "confirm": TENANT, "record": "/proc/blocked.json"}
    outcome = kettle.run(tenant, **options)
    assert "Cannot write /proc/blocked.json" in str(outcome.result.error)
    assert not outcome.result.changed
    assert "Tenants_BlockLegacy" not in kettle.requests()


def test_description_kept_by_the_service_is_reported(kettle: Bench) -> None:
    kettle.run(product, name="Kettle", description="Words")
    kettle.simulator.settings(patch_empty="ignored", patch_null="ignored")
    outcome = kettle.run(product, name="Kettle", description="")
    assert "kept the description" in str(outcome.result.error)
    assert not outcome.result.changed


def test_other_changes_are_reported_when_the_description_is_kept(kettle: Bench) -> None:
    kettle.run(device_group, product="Kettle", name="Lab", description="Words")
    kettle.simulator.settings(patch_empty="ignored", patch_null="ignored")
    outcome = kettle.run(device_group, product="Kettle", name="Lab", description="", os_feed="RetailEval")
    assert "kept the description" in str(outcome.result.error)
    assert outcome.result.changed


def test_user_listed_under_another_name_is_not_pruned(kettle: Bench) -> None:
    principal = "9c000000-0000-4000-8000-000000000001"
    me = kettle.service().users.list()[0]
    listed = [
        {"PrincipalId": principal, "Mail": None, "DisplayName": "svc", "Roles": ["Contributor"]},
        {"PrincipalId": me.id, "Mail": me.mail, "DisplayName": me.name, "Roles": list(me.roles)},
    ]
    body = json.dumps({"Principals": listed})
    kettle.simulator.fault(match={"operationId": "AccessControl_ListUsers"}, status=200, body=body, times=None)
    users = [{"user": f"{principal}@{principal}.onmicrosoft.com"}, {"user": me.mail or me.id}]
    outcome = kettle.run(blueprint, check=True, blueprint={"users": users}, prune=["users"])
    assert outcome["summary"]["user"]["deleted"] == 0
