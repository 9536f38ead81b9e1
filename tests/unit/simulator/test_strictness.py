# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests that do not match the documentation are rejected and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import COMPONENT, IMAGE, KETTLE, LAB, OWN, UNCLAIMED

GROUP = {"Name": "New", "ProductId": KETTLE}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"devicegroups/{LAB}", {"OsFeedType": 1}),
        ("PATCH", f"devicegroups/{LAB}", {"OSFeedType": "RetailEval"}),
        ("PATCH", f"devicegroups/{LAB}", {"OSFeedType": 2}),
        ("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": "UpdateAll"}),
        ("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": True}),
        ("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": 1.0}),
        ("PATCH", f"devicegroups/{LAB}", {"AllowCrashDumpsCollection": "yes"}),
        ("PATCH", f"devicegroups/{LAB}", {"ProductId": KETTLE}),
        ("PATCH", f"devicegroups/{LAB}", {"Name": None}),
        ("PATCH", f"devicegroups/{LAB}", []),
        ("POST", "devicegroups", {**GROUP, "OSFeedType": 0}),
        ("POST", "devicegroups", {**GROUP, "OsFeedType": "Retail"}),
        ("POST", "devicegroups", {**GROUP, "AllowCrashDumpsCollection": True}),
        ("POST", "devicegroups", {"Name": "New"}),
        ("POST", "devicegroups", {**GROUP, "ProductId": "Kettle"}),
        ("POST", "products", {}),
        ("POST", "products", {"Name": ""}),
        ("POST", "products", {"Name": "x" * 51}),
        ("POST", "products", {"Name": "Kettle_2"}),
        ("POST", "products", {"Name": " Kettle"}),
        ("POST", "products", {"Name": 5}),
        ("PATCH", f"products/{KETTLE}", {"Title": "x"}),
        ("PUT", f"devices/{OWN[0]}/devicegroup", {"DeviceGroupId": LAB}),
        ("PUT", f"devices/{OWN[0]}/devicegroup", "Lab"),
        ("PUT", f"devices/{OWN[0]}/devicegroup", None),
        ("PUT", f"devices/{UNCLAIMED[0]}/claim", {"Force": True}),
        ("PUT", f"devices/{UNCLAIMED[0][:-1]}/claim", None),
        ("PUT", "devices", {"DeviceIds": UNCLAIMED}),
        ("PUT", "devices", []),
        ("PUT", "devices", [f"{n:0128x}" for n in range(1001)]),
        ("PUT", "devices", [*UNCLAIMED, "nonsense"]),
        ("POST", f"devicegroups/{LAB}/deployments", {"DeployedImages": [IMAGE]}),
        ("POST", f"devicegroups/{LAB}/deployments", ["KettleApp"]),
        ("POST", f"devicegroups/{LAB}/deployments", [IMAGE, IMAGE]),
        ("POST", "deviceCapabilityImage", {"DeviceId": OWN[0], "Capabilities": ["appDevelopment"]}),
        ("POST", "deviceCapabilityImage", {"DeviceId": OWN[0], "Capabilities": [12]}),
        ("POST", "deviceCapabilityImage", {"DeviceId": "short", "Capabilities": []}),
        ("POST", "images/componentIdsForImages", {"Images": [IMAGE]}),
        ("PATCH", "", {"Name": " Fleet"}),
        ("GET", "products?name=Kettle", None),
        ("GET", "products/Kettle", None),
        ("GET", "products?maxPageSize=0", None),
        ("GET", "products?maxPageSize=%D9%A3", None),
        ("GET", f"devices/{'g' * 128}", None),
    ],
)
def test_invalid_request_is_rejected_and_changes_nothing(client: Client, method: str, path: str, body: Any) -> None:
    before = client.simulator.state()
    # A JSON null, since None sends no body.
    answer = client.call(method, path, body) if body is not None else client.call(method, path)
    assert answer.status_code in (400, 415), answer.text
    (problem,) = answer.json()
    assert problem["Status"] == answer.status_code
    assert problem["Detail"]
    assert client.simulator.state() == before


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", ""])
def test_json_requires_content_type(client: Client, media_type: str) -> None:
    answer = client.call("POST", "products", data=b'{"Name": "Lamp"}', headers={"Content-Type": media_type})
    assert answer.status_code == 415


def test_content_type_can_contain_charset(client: Client) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert client.call("POST", "products", data=b'{"Name": "Lamp"}', headers=headers).status_code == 202


def test_invalid_json_is_rejected(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b'{"Name": ', b"[" * 100_000):
        assert client.call("POST", "products", data=body, headers=headers).status_code == 400


def test_error_in_long_list_is_reported_briefly(client: Client) -> None:
    (problem,) = client.call("PUT", "devices", [f"{n:0128x}" for n in range(1001)]).json()
    assert "is too long" in problem["Detail"]
    assert len(problem["Detail"]) < 300


def test_1000_devices_can_be_claimed_in_one_request(client: Client) -> None:
    assert client.call("PUT", "devices", [f"{n:0128x}" for n in range(1000)]).status_code == 202


def test_names_can_contain_any_characters_with_setting_free(client: Client) -> None:
    client.simulator.settings(name_characters="free")
    assert client.done("POST", "products", {"Name": "Kettle_2 (new)"})["State"] == 2


def test_duplicate_component_in_deployment_is_rejected(client: Client) -> None:
    other = "c1000000-0000-4000-8000-000000000009"
    document = client.simulator.order("GET", "state")
    tenant = next(tenant for tenant in document["tenants"] if tenant["id"] == TENANT)
    tenant["images"].append({"id": other, "component_id": COMPONENT, "name": "KettleApp2"})
    client.simulator.load(document)
    answer = client.call("POST", f"devicegroups/{LAB}/deployments", [IMAGE, other])
    assert answer.status_code == 400
    assert COMPONENT in answer.json()[0]["Detail"]
