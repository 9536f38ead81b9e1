# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What recordings leave open, in each of its forms."""

from __future__ import annotations

import pytest

from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import IMAGE, LAB, OWN, UNCLAIMED
from tests.unit.simulator.resource_manager.client import BASE, ArmClient

KETTLE = "products/Kettle"
GROUP = f"{KETTLE}/deviceGroups/Lab"
FIELD = f"{KETTLE}/deviceGroups/Field%20Test"


@pytest.mark.parametrize(
    ("form", "status", "where"),
    [("unchanged", "Succeeded", GROUP), ("moved", "Succeeded", FIELD), ("operation", "Failed", GROUP)],
)
def test_put_of_claimed_device(arm: ArmClient, form: str, status: str, where: str) -> None:
    arm.simulator.settings(arm_claimed_device=form)
    assert arm.done("PUT", f"{FIELD}/devices/{OWN[0]}", {})["status"] == status
    assert arm.call("GET", f"{where}/devices/{OWN[0]}").status_code == 200


def test_put_of_claimed_device_can_be_a_conflict(arm: ArmClient) -> None:
    arm.simulator.settings(arm_claimed_device="conflict")
    assert arm.call("PUT", f"{GROUP}/devices/{OWN[0]}", {}).status_code == 409


def test_device_in_another_group_is_not_found_or_found(arm: ArmClient) -> None:
    assert arm.call("GET", f"{FIELD}/devices/{OWN[0]}").status_code == 404
    arm.simulator.settings(arm_device_path="any_group")
    assert arm.get(f"{FIELD}/devices/{OWN[0]}")["id"].endswith(f"/Lab/devices/{OWN[0]}")
    assert arm.call("GET", f"{KETTLE}/deviceGroups/No/devices/{OWN[0]}").status_code == 404


def test_group_without_deployment_has_none_or_null(arm: ArmClient) -> None:
    assert arm.call("GET", f"{GROUP}/deployments/.default").status_code == 404
    arm.simulator.settings(arm_no_deployment="null")
    assert arm.call("GET", f"{GROUP}/deployments/.default").content == b"null"
    assert arm.call("GET", f"{GROUP}/deployments/{IMAGE}").status_code == 404


@pytest.mark.parametrize(("form", "found"), [("exact", 0), ("prefix", 1), ("ignored", 2)])
def test_filter_of_groups(arm: ArmClient, form: str, found: int) -> None:
    arm.simulator.settings(arm_group_filter=form)
    assert len(arm.listed("listDeviceGroups", {"deviceGroupName": "field"}, post=True)) == found


def test_put_resets_or_keeps_what_it_leaves_out(arm: ArmClient) -> None:
    arm.call("PATCH", GROUP, {"properties": {"description": "mine", "allowCrashDumpsCollection": "Enabled"}})
    arm.simulator.settings(arm_put_omitted="kept")
    kept = arm.call("PUT", GROUP, {"properties": {"osFeedType": "RetailEval"}}).json()["properties"]
    assert (kept["description"], kept["osFeedType"]) == ("mine", "RetailEval")
    arm.call("PUT", "", {"location": "global"})
    assert arm.get("")["tags"]
    arm.simulator.settings(arm_put_omitted="reset")
    reset = arm.call("PUT", GROUP, {}).json()["properties"]
    assert (reset["description"], reset["osFeedType"]) == (None, "Retail")
    assert reset["allowCrashDumpsCollection"] == "Disabled"
    arm.call("PUT", "", {"location": "global"})
    assert "tags" not in arm.get("")


def test_deletion_of_what_is_missing(arm: ArmClient) -> None:
    paths = ("products/No", f"{KETTLE}/deviceGroups/No", f"images/{LAB}", f"{GROUP}/devices/{UNCLAIMED[0]}", f"{BASE}x")
    assert [arm.call("DELETE", path).status_code for path in paths] == [204] * 5
    arm.simulator.settings(arm_missing_deletion="404")
    assert [arm.call("DELETE", path).status_code for path in paths] == [404] * 5


def test_deletion_of_device_can_be_rejected(arm: ArmClient) -> None:
    arm.simulator.settings(arm_pretended_deletion="refused")
    assert arm.call("DELETE", f"{GROUP}/devices/{OWN[0]}").status_code == 405
    assert arm.call("DELETE", f"images/{IMAGE}").status_code == 405


def test_product_with_devices_is_rejected_or_deleted(arm: ArmClient) -> None:
    assert arm.call("DELETE", KETTLE).status_code == 400
    arm.simulator.settings(arm_product_deletion="any")
    assert arm.call("DELETE", KETTLE).status_code == 200
    assert arm.get(f"products/.default/deviceGroups/.default/devices/{OWN[0]}")["name"] == OWN[0]


@pytest.mark.parametrize(("form", "status"), [("without_devices", 400), ("refused", 409), ("any", 200)])
def test_deletion_of_catalog_with_devices(arm: ArmClient, form: str, status: int) -> None:
    arm.simulator.settings(arm_catalog_deletion=form)
    assert arm.call("DELETE", "").status_code == status


@pytest.mark.parametrize(
    ("form", "value"), [("No3rdPartyAppUpdates", "No3rdPartyAppUpdates"), ("NoUpdates", "NoUpdates"), ("null", None)]
)
def test_policy_that_only_the_legacy_api_sets(arm: ArmClient, client: Client, form: str, value: str | None) -> None:
    arm.simulator.settings(arm_no_updates=form)
    client.call("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": 2})
    assert arm.get(GROUP)["properties"]["updatePolicy"] == value
    arm.call("PATCH", GROUP, {"properties": {"description": "x"}})
    assert client.get(f"devicegroups/{LAB}")["UpdatePolicy"] == 2


def test_documented_shapes(arm: ArmClient) -> None:
    arm.simulator.settings(arm_shapes="documented")
    assert arm.listed(f"{GROUP}/devices")[0]["properties"]["deviceId"] == OWN[0]
    assert arm.get(GROUP)["properties"]["hasDeployment"] is False
    image = arm.get(f"images/{IMAGE}")["properties"]
    assert image["imageName"] == "KettleApp"
    assert image["image"].startswith("https://")
    assert arm.get("")["type"] == "Microsoft.AzureSphere/catalogs"
    assert "error" not in arm.done("PUT", f"{GROUP}/devices/{UNCLAIMED[0]}", {})
    assert arm.call("DELETE", FIELD).content == b""
    error = arm.call("GET", "products/No").json()["error"]
    assert set(error) == {"code", "message", "target", "details", "additionalInfo"}


@pytest.mark.parametrize("shape", ["empty", "html", "text"])
def test_errors_need_not_be_json(arm: ArmClient, shape: str) -> None:
    arm.simulator.settings(arm_error_shape=shape)
    answer = arm.call("GET", "products/No")
    assert answer.status_code == 404
    assert "json" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize("post", [True, False])
def test_pages_are_followed_by_get(arm: ArmClient, post: bool) -> None:
    arm.simulator.settings(page_size=2)
    path = "listDevices" if post else f"{GROUP}/devices"
    assert [d["name"] for d in arm.listed(path, post=post)] == OWN
    first = arm.call("POST" if post else "GET", path).json()
    assert arm.send("GET", first["nextLink"] + "x").status_code == 400


def test_list_options(arm: ArmClient) -> None:
    def names(query: str) -> list[str]:
        return [d["name"] for d in arm.call("POST", "listDevices", query=query).json()["value"]]

    assert names("&$top=2&$skip=1") == OWN[1:3]
    assert names("&$maxpagesize=1") == OWN[:1]
    assert arm.call("POST", "listDevices", query="&$filter=x").status_code == 400
    assert arm.call("GET", f"{GROUP}/devices", query="&$top=1").status_code == 400


def test_new_catalog_appears_late_in_the_list_of_the_subscription(arm: ArmClient) -> None:
    arm.simulator.settings(arm_catalog_list_lag=60)
    path = f"{BASE.split('/resourceGroups')[0]}/providers/Microsoft.AzureSphere/catalogs"
    arm.call("PUT", f"{BASE}-2", {"location": "global"})
    assert arm.listed(path) == []
    assert len(arm.listed(BASE.rpartition("/")[0])) == 2
    arm.simulator.advance(61)
    assert len(arm.listed(path)) == 2
