# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Undocumented behaviour of the service, in each of its forms."""

from __future__ import annotations

import re

import pytest

from tests.simulator.images import compose
from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import FIELD, FOREIGN, KETTLE, LAB, OWN, UNCLAIMED

PACKAGE = compose(
    image_id="c1000000-0000-4000-8000-00000000000f",
    component_id="d1000000-0000-4000-8000-00000000000f",
    name="Other",
)


def test_enumerations_can_be_names(client: Client) -> None:
    client.simulator.settings(enum_form="names")
    group = client.get(f"devicegroups/{LAB}")
    assert (group["OsFeedType"], group["UpdatePolicy"]) == ("Retail", "UpdateAll")
    changed = client.call("PATCH", f"devicegroups/{LAB}", {"OSFeedType": "RetailEval", "UpdatePolicy": 1})
    assert (changed.json()["OsFeedType"], changed.json()["UpdatePolicy"]) == ("RetailEval", "No3rdPartyAppUpdates")
    started = client.call("PUT", f"devices/{UNCLAIMED[0]}/claim").json()
    assert (started["OperationType"], started["State"]) == ("DeviceClaim", "NotStarted")
    assert client.get("images")["Items"][0]["Type"] == "Applications"
    capability = {"DeviceId": OWN[0], "Capabilities": ["fieldServicing"]}
    assert client.call("POST", "deviceCapabilityImage", capability).status_code == 200
    assert client.call("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": "Sometimes"}).status_code == 400
    client.simulator.settings(enum_form="numbers")
    assert client.call("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": "UpdateAll"}).status_code == 400


def test_guessed_addresses_can_be_missing(client: Client) -> None:
    guesses = ["/v2/roles", "devicegroups/name/Lab", f"products/{KETTLE}/devices/count"]
    assert [client.call("GET", guess).status_code for guess in guesses] == [200, 200, 200]
    client.simulator.settings(guessed_addresses="missing")
    assert [client.call("GET", guess).status_code for guess in guesses] == [404, 404, 404]
    bulk = client.call("PUT", "devices", [UNCLAIMED[0]]).json()
    assert bulk["DetailsLocation"] is None
    path = f"operationTypes/bulkdeviceclaim/operations/{bulk['OperationId']}"
    assert client.call("GET", path).status_code == 404
    made = client.call("POST", "/v2/tenants/create", {"DeviceId": UNCLAIMED[1], "TenantFriendlyName": "Second"}).json()
    assert client.call("GET", f"/v2/operations/{made['OperationId']}").status_code == 404
    assert client.get(f"operations/{bulk['OperationId']}")["State"] == 2


@pytest.mark.parametrize(
    ("name", "code", "status"), [("not_found", 8, 404), ("forbidden", 6, 403), ("conflict", 7, 409)]
)
def test_failed_claim_has_code_or_status(client: Client, name: str, code: int, status: int) -> None:
    client.simulator.settings(claim_code=name)
    assert client.done("PUT", f"devices/{FOREIGN}/claim")["Error"]["Code"] == code
    client.simulator.settings(claim_failures="status")
    assert client.call("PUT", f"devices/{FOREIGN}/claim").status_code == status


def test_foreign_device_can_fail_whole_bulk_claim(client: Client) -> None:
    ids = [UNCLAIMED[0], FOREIGN]
    client.simulator.settings(bulk_claim_failures="failed")
    assert client.done("PUT", "devices", ids)["State"] == 3
    client.simulator.settings(bulk_claim_failures="status", claim_code="conflict")
    assert client.call("PUT", "devices", ids).status_code == 409
    assert client.call("GET", f"devices/{UNCLAIMED[0]}").status_code == 404
    assert client.done("PUT", "devices", UNCLAIMED[:2])["State"] == 2


def test_large_page_can_be_rejected(client: Client) -> None:
    client.simulator.settings(page_size=2)
    assert len(client.get("devices?maxPageSize=1000")["Items"]) == 2
    client.simulator.settings(large_page="refused")
    assert client.call("GET", "devices?maxPageSize=1000").status_code == 400
    assert len(client.get("devices?maxPageSize=2")["Items"]) == 2
    assert len(client.every("devices")) == len(OWN)


def test_patch_can_ignore_empty_string(client: Client) -> None:
    client.simulator.settings(patch_empty="ignored")
    changed = client.call("PATCH", f"devicegroups/{FIELD}", {"Description": ""}).json()
    assert changed["Description"] == "Default test device group"
    client.simulator.settings(patch_empty="clears")
    assert client.call("PATCH", f"devicegroups/{FIELD}", {"Description": ""}).json()["Description"] is None


@pytest.mark.parametrize("content_type", ["application/json", None])
def test_upload_can_have_any_content_type(client: Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert client.call("POST", "images", data=PACKAGE, headers=headers).status_code == 415
    client.simulator.settings(upload_content_type="any")
    assert client.done("POST", "images", data=PACKAGE, headers=headers)["State"] == 2


def test_replies_can_contain_retry_after(client: Client) -> None:
    client.simulator.settings(operation_headers="retry_after")
    started = client.call("PUT", f"devices/{UNCLAIMED[0]}/claim")
    polled = client.call("GET", f"operations/{started.json()['OperationId']}")
    assert started.headers["Retry-After"] == polled.headers["Retry-After"] == "1"


def test_times_can_have_non_zero_offset(client: Client) -> None:
    operation = client.call("PUT", f"devices/{UNCLAIMED[0]}/claim").json()["OperationId"]
    utc = client.get(f"operations/{operation}")["CreatedDateUTC"]
    client.simulator.settings(date_form="offset")
    east = client.get(f"operations/{operation}")["CreatedDateUTC"]
    assert re.fullmatch(r".*\.\d{7}\+02:00", east)
    assert (int(east[11:13]) - int(utc[11:13])) % 24 == 2


def test_tenants_in_object_are_paged(client: Client) -> None:
    for number, device in enumerate(UNCLAIMED[:2]):
        client.call("POST", "/v2/tenants/create", {"DeviceId": device, "TenantFriendlyName": f"Number {number}"})
    client.simulator.settings(tenants_list="items", page_size=2)
    assert {tenant["Name"] for tenant in client.every("/v2/tenants")} == {"Contoso Fleet", "Number 0", "Number 1"}


def test_every_error_of_tenant_patch_is_documented(client: Client) -> None:
    client.simulator.settings(problem_shape="empty")
    assert client.call("PATCH", "", {"Name": 7}).json()[0]["ErrorCode"] == "BadRequest"
    other = client.call("PATCH", "/v2/tenants/22222222-2222-4333-8444-555555555555", {"Name": "Mine"})
    assert other.json()[0]["Status"] == 403
    assert TENANT not in other.text


@pytest.mark.parametrize(("settings", "status"), [({}, 202), ({"delete_reply": "no_content"}, 400)])
def test_operation_can_fail_by_fault(client: Client, settings: dict[str, str], status: int) -> None:
    client.simulator.settings(**settings)
    client.simulator.fault("operation", match={"method": "DELETE"}, code=1, message="The tenant moves.")
    answer = client.call("DELETE", f"devicegroups/{FIELD}")
    assert answer.status_code == status
    if status == 202:
        ended = client.follow(answer.json()["OperationId"])
        assert (ended["State"], ended["Error"]) == (3, {"Code": 1, "Message": "The tenant moves."})
    assert client.call("GET", f"devicegroups/{FIELD}").status_code == 200
    assert client.call("DELETE", f"devicegroups/{FIELD}").status_code in (202, 204)


def test_successor_certificate_becomes_active(client: Client) -> None:
    waiting = next(entry["Thumbprint"] for entry in client.get("certificates") if not entry["IsActive"])
    client.simulator.settings(token_lifetime=100 * 86400)
    later = Client(client.simulator, "Administrator")
    client.simulator.advance(61 * 86400)
    assert [entry["Thumbprint"] for entry in later.get("certificates") if entry["IsActive"]] == [waiting]
    assert later.get("cert") == later.get(f"cert?thumbprint={waiting}")
    later.close()
