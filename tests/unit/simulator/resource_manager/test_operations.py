# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Long-running operations: starting and polling."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.simulator.settings import SWITCHES
from tests.unit.simulator.conftest import FOREIGN, OWN, UNCLAIMED
from tests.unit.simulator.resource_manager.client import BASE, SUBSCRIPTION, ArmClient

LAB = "products/Kettle/deviceGroups/Lab"
MOVE = {"properties": {"deviceGroupId": f"{BASE}/products/Kettle/deviceGroups/Field Test"}}


def test_claim_is_accepted_with_a_long_signed_address(arm: ArmClient) -> None:
    started = arm.call("PUT", f"{LAB}/devices/{UNCLAIMED[0]}", {})
    assert started.status_code == 201
    assert "Location" not in started.headers
    assert "Retry-After" not in started.headers
    address = started.headers["Azure-AsyncOperation"]
    assert len(address) > 2000
    assert [name for name, _value in parse_qsl(urlsplit(address).query)] == ["api-version", "t", "c", "s", "h"]
    name = urlsplit(address).path.rpartition("/")[2]
    assert name.startswith(started.headers["x-ms-request-id"])


def test_move_is_accepted_without_a_body_and_with_one_address_in_two_headers(arm: ArmClient) -> None:
    started = arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert (started.status_code, started.content) == (202, b"null")
    assert started.headers["Location"] == started.headers["Azure-AsyncOperation"]
    assert arm.follow(started)["properties"]["targetResourceId"].endswith(f"Field Test/devices/{OWN[0]}")


def test_status_of_success_contains_error(arm: ArmClient) -> None:
    ended = arm.done("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert ended["status"] == "Succeeded"
    assert ended["error"] == {"target": "DeviceUpdateDeviceGroup", "details": []}
    assert ended["resourceId"] == f"{BASE}/{LAB}/devices/{OWN[0]}"
    root = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AzureSphere/locations/"
    assert re.fullmatch(f"{root}[A-Z]+/operationStatuses/{re.escape(ended['name'])}", ended["id"])
    assert ended["startTime"] <= ended["endTime"]


@pytest.mark.parametrize("part", ["t", "c", "s", "h", "api-version", "path", "more"])
def test_altered_address_is_rejected(arm: ArmClient, part: str) -> None:
    address = arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE).headers["Location"]
    altered = {
        "path": address.replace("operationStatuses", "operationResults"),
        "more": address + "&x=1",
        "api-version": address.replace("2024-04-01", "2024-04-02"),
    }
    answer = arm.send("GET", altered.get(part, address.replace(f"&{part}=", f"&{part}=x")))
    assert answer.status_code in (400, 403)
    assert arm.send("GET", address).status_code == 200


@pytest.mark.parametrize("running", SWITCHES["arm_running_status"])
def test_running_operation_changes_nothing_yet(arm: ArmClient, running: str) -> None:
    arm.simulator.settings(operation_seconds=60, arm_running_status=running)
    started = arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    document = arm.follow(started)
    assert document["status"] == running
    assert "endTime" not in document
    assert arm.call("GET", f"{LAB}/devices/{OWN[0]}").status_code == 200
    arm.simulator.advance(61)
    assert arm.follow(started)["status"] == "Succeeded"
    assert arm.call("GET", f"{LAB}/devices/{OWN[0]}").status_code == 404


def test_foreign_device_fails_in_the_operation_or_at_once(arm: ArmClient) -> None:
    ended = arm.done("PUT", f"{LAB}/devices/{FOREIGN}", {})
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "ResourceNotFound")
    arm.simulator.settings(claim_failures="status")
    assert arm.call("PUT", f"{LAB}/devices/{FOREIGN}", {}).status_code == 404


@pytest.mark.parametrize("form", SWITCHES["arm_operation_headers"])
def test_headers_of_started_operations(arm: ArmClient, form: str) -> None:
    arm.simulator.settings(arm_operation_headers=form, arm_retry_after="1")
    put = arm.call("PUT", f"{LAB}/devices/{UNCLAIMED[0]}", {})
    patch = arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    expected = {
        "recorded": ({"Azure-AsyncOperation"}, {"Azure-AsyncOperation", "Location"}),
        "location": ({"Location"}, {"Location"}),
        "azure_async_operation": ({"Azure-AsyncOperation"}, {"Azure-AsyncOperation"}),
    }
    names = ("Azure-AsyncOperation", "Location")
    assert tuple({name for name in names if name in answer.headers} for answer in (put, patch)) == expected[form]
    assert put.headers["Retry-After"] == "1"


def test_location_has_the_result_once_the_operation_ended(arm: ArmClient) -> None:
    arm.simulator.settings(arm_operation_headers="location", operation_seconds=60)
    started = arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert arm.send("GET", started.headers["Location"]).status_code == 202
    arm.simulator.advance(61)
    assert arm.send("GET", started.headers["Location"]).json()["id"].endswith(f"Field Test/devices/{OWN[0]}")


def test_starters_can_all_be_accepted_or_all_be_done_at_once(arm: ArmClient) -> None:
    calls = (("PUT", "products/Lamp", {}), ("PATCH", "products/Lamp", {}), ("DELETE", "products/Lamp", None))
    move = ("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert [arm.call(*call).status_code for call in calls] == [200, 200, 200]
    arm.simulator.settings(arm_starters="accepted")
    assert [arm.call(*call).status_code for call in calls] == [201, 202, 202]
    arm.simulator.settings(arm_starters="at_once")
    assert arm.call(*move).status_code == 200


def test_polling_can_need_a_role_for_the_subscription(arm_of: Callable[[str], ArmClient]) -> None:
    contributor, owner = arm_of("Contributor"), arm_of("Administrator")
    started = contributor.call("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert contributor.follow(started)["status"] == "Succeeded"
    assert owner.send("GET", started.headers["Location"]).status_code == 403
    owner.simulator.settings(arm_poll_permission="subscription")
    assert contributor.send("GET", started.headers["Location"]).status_code == 403
    assert owner.follow(started)["status"] == "Succeeded"


def test_operation_fails_by_fault(arm: ArmClient) -> None:
    arm.simulator.fault("operation", match={"operationId": "Devices_Update"}, code=7, message="Busy.")
    ended = arm.done("PATCH", f"{LAB}/devices/{OWN[0]}", MOVE)
    assert (ended["status"], ended["error"]["code"], ended["error"]["message"]) == ("Failed", "Conflict", "Busy.")
    arm.simulator.fault("operation", match={"operationId": "Products_Delete"}, code=7)
    assert arm.call("DELETE", "products/Kettle", None).status_code in (400, 409)


@pytest.mark.parametrize("form", SWITCHES["arm_bulk_claim_failures"])
def test_bulk_claim_of_some_foreign_devices(arm: ArmClient, form: str) -> None:
    arm.simulator.settings(arm_bulk_claim_failures=form)
    answer = arm.call("POST", f"{LAB}/claimDevices", {"deviceIdentifiers": [UNCLAIMED[0], FOREIGN]})
    claimed = arm.call("GET", f"{LAB}/devices/{UNCLAIMED[0]}").status_code == 200
    assert claimed is (form in ("failed", "succeeded_with_details", "hidden"))
    if form == "refused":
        assert answer.status_code == 400
        return
    ended = arm.follow(answer)
    assert ended["status"] == ("Failed" if form in ("failed", "all_failed") else "Succeeded")
    targets = [detail["target"] for detail in ended["error"]["details"]]
    assert targets == ([FOREIGN] if form in ("failed", "succeeded_with_details") else [])


def test_bulk_claim_has_a_limit(arm: ArmClient) -> None:
    arm.simulator.settings(arm_claim_limit=2)
    answer = arm.call("POST", f"{LAB}/claimDevices", {"deviceIdentifiers": UNCLAIMED[:3]})
    assert answer.status_code == 400
