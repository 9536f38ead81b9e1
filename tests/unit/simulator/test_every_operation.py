# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""All 59 operations reply, in both dialects, with replies that match the description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import images
from tests.simulator.api.table import HANDLERS
from tests.simulator.settings import DIALECTS
from tests.unit.simulator.client import Client, object_id
from tests.unit.simulator.conftest import FIELD, FOREIGN, IMAGE, KETTLE, LAB, OWN, UNCLAIMED
from tests.unit.simulator.test_roles import INVITE

NEW_IMAGE = "c3000000-0000-4000-8000-000000000001"
PACKAGE = images.compose(image_id=NEW_IMAGE, component_id=KETTLE, name="New", payload=b"x")
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_operation_reply_matches_description(client: Client, dialect: str) -> None:
    client.simulator.settings(dialect=dialect, guessed_addresses="there")
    statuses: dict[str, int] = {}

    def call(method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = client.call(method, path, body, **options)
        statuses[f"{method} {path}"] = answer.status_code
        is_json = answer.content and answer.headers["Content-Type"].startswith("application/json")
        return answer.json() if is_json else answer.text

    started = call("PUT", "devices", [*UNCLAIMED[1:3], FOREIGN])["OperationId"]
    call("GET", f"operations/{started}")
    call("GET", f"operationTypes/bulkdeviceclaim/operations/{started}")
    call("PUT", f"devices/{UNCLAIMED[0]}/claim")
    call("PUT", f"devices/{UNCLAIMED[0]}/devicegroup", LAB)
    made = call("POST", "/v2/tenants/create", {"DeviceId": UNCLAIMED[3], "TenantFriendlyName": "Second"})
    call("GET", f"/v2/operations/{made['OperationId']}")
    uploaded = call("POST", "images", data=PACKAGE, headers=OCTETS)["OperationId"]
    call("GET", f"operationTypes/imageUpload/operations/{uploaded}")
    deployed = call("POST", f"devicegroups/{LAB}/deployments", [NEW_IMAGE])["OperationId"]
    details = call("GET", f"operationTypes/deploytodevicegroup/operations/{deployed}")
    call("GET", f"deployments/{details['DeploymentId']}")
    call("POST", "products", {"Name": "Lamp", "CreateDefaultGroups": False})
    lamp = call("GET", "products/name/Lamp")["Id"]
    call("POST", f"products/{lamp}/devicegroups")
    call("DELETE", f"products/{lamp}")
    call("PATCH", f"products/{KETTLE}", {"Description": None})
    call("POST", "devicegroups", {"Name": "New", "ProductId": KETTLE})
    call("PATCH", f"devicegroups/{FIELD}", {"OSFeedType": 1})
    call("POST", "deviceCapabilityImage", {"DeviceId": OWN[0], "Capabilities": [13]})
    call("POST", INVITE, {"UserEmail": "eva@contoso.example"})
    call("POST", "users/eva@contoso.example/role/Reader/assign")
    call("POST", "users/eva@contoso.example/role/Reader/unassign")
    call("POST", "images/componentIdsForImages", [IMAGE])
    call("PATCH", "", {"Name": "Fleet 2"})
    call("POST", "blocklegacyauthorization")
    for path in (
        *("/v2/tenants", "/v2/roles", "", "certificates", "cert", "certchain", "certs", "certchains"),
        *("verification/code", "users", f"users/{object_id('Reader')}/role", "products", f"products/{KETTLE}"),
        *(f"products/{KETTLE}/deviceGroups", f"products/{KETTLE}/devices", f"products/{KETTLE}/devices/count"),
        *("devicegroups", f"devicegroups/{LAB}", "products/name/Kettle/deviceGroups/name/Lab"),
        *("devicegroups/name/Lab", f"devicegroups/{LAB}/devices", f"devicegroups/{LAB}/deployments"),
        *(f"deviceGroups/{LAB}/devices/count", "devices", f"devices/{OWN[0]}", f"devices/{UNCLAIMED[4]}"),
        *(f"devices/{OWN[0]}/images", "devices/count", "images", f"images/{IMAGE}", f"images/{IMAGE}/metadata"),
        *(f"images/{IMAGE}/status", "getDeviceInsights"),
    ):
        call("GET", path)
    call("DELETE", f"devicegroups/{FIELD}")

    unhappy = {what: status for what, status in statuses.items() if not 200 <= status < 300}
    allowed = {f"GET devices/{UNCLAIMED[4]}"} if dialect == "documented" else set()
    assert set(unhappy) == allowed, unhappy
    assert set(client.simulator.counts()["operations"]) == set(HANDLERS)
    assert client.simulator.counts()["notes"] == {}


def test_other_dialect_deletes_immediately(client: Client) -> None:
    client.simulator.settings(dialect="other")
    assert client.call("DELETE", f"devicegroups/{FIELD}").status_code == 204
    assert client.call("DELETE", f"devicegroups/{FIELD}").status_code == 404
    assert client.call("DELETE", f"devicegroups/{LAB}").status_code == 409
