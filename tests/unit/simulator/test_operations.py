# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Asynchronous operations, which report their result only when polled."""

from __future__ import annotations

from typing import Any

from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import FOREIGN, KETTLE, LAB, OWN, UNCLAIMED

STRANGER_ID = "f1000000-0000-4000-8000-000000000001"


def test_operation_changes_state_with_the_clock(client: Client) -> None:
    client.simulator.settings(operation_seconds=100)
    started = client.call("POST", "products", {"Name": "Lamp"})
    assert started.status_code == 202
    operation = started.json()
    assert operation["State"] == 0
    assert operation["OperationType"] == 4
    assert operation["TenantId"] == TENANT
    assert operation["ResourceLocation"] == ""
    assert [operation[name] for name in ("StartedDateUTC", "CompletedDateUTC", "Error")] == [None, None, None]

    def now() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"operations/{operation['OperationId']}")
        return found

    assert now()["State"] == 0
    client.simulator.advance(50)
    assert now()["State"] == 1
    assert now()["StartedDateUTC"]
    assert client.call("GET", "products/name/Lamp").status_code == 404
    client.simulator.advance(51)
    done = now()
    assert done["State"] == 2
    assert done["CompletedDateUTC"]
    product = client.get("products/name/lamp")
    assert done["ResourceLocation"] == f"/v2/tenants/{TENANT}/products/{product['Id']}"


def test_first_reply_does_not_show_that_deletion_will_fail(client: Client) -> None:
    answer = client.call("DELETE", f"devicegroups/{LAB}")
    assert answer.status_code == 202
    assert answer.json()["State"] == 0
    assert answer.json()["Error"] is None
    failed = client.follow(answer.json()["OperationId"])
    assert failed["State"] == 3
    assert failed["Error"]["Code"] == 7
    assert client.get(f"devicegroups/{LAB}")["Name"] == "Lab"


def test_product_with_devices_is_not_deleted(client: Client) -> None:
    assert client.done("DELETE", f"products/{KETTLE}")["Error"]["Code"] == 7
    client.done("POST", "products", {"Name": "Lamp", "CreateDefaultGroups": True})
    lamp = client.get("products/name/Lamp")["Id"]
    assert len(client.get(f"products/{lamp}/deviceGroups")["Items"]) == 5
    assert client.done("DELETE", f"products/{lamp}")["State"] == 2
    assert client.call("GET", f"products/{lamp}").status_code == 404
    assert len(client.get("devicegroups")["Items"]) == 2


def test_duplicate_name_fails_in_operation_regardless_of_case(client: Client) -> None:
    failed = client.done("POST", "products", {"Name": "KETTLE"})
    assert (failed["State"], failed["Error"]["Code"]) == (3, 7)


def test_concurrent_products_of_one_name_create_one(client: Client) -> None:
    client.simulator.settings(operation_seconds=10)
    started = [client.call("POST", "products", {"Name": "Lamp"}).json()["OperationId"] for _unused in range(2)]
    client.simulator.advance(11)
    assert [client.follow(operation)["State"] for operation in started] == [2, 3]


def test_bulk_claim_with_failures_has_errors_and_details(client: Client) -> None:
    operation = client.done("PUT", "devices", [UNCLAIMED[0], FOREIGN, OWN[0].upper()])
    assert operation["State"] == 4
    assert operation["OperationType"] == 11
    details = client.get(operation["DetailsLocation"])
    outcome = {claim["DeviceId"].lower(): claim["Succeeded"] for claim in details["DeviceClaims"]}
    assert outcome == {UNCLAIMED[0]: True, FOREIGN: False, OWN[0]: True}
    assert client.get("devices/count") == 6


def test_details_require_kind_of_operation(client: Client) -> None:
    operation = client.done("PUT", "devices", [UNCLAIMED[0]])["OperationId"]
    assert client.get(f"operationTypes/bulkdeviceclaim/operations/{operation}")["State"] == 2
    assert client.call("GET", f"operationTypes/imageUpload/operations/{operation}").status_code == 404


def test_unknown_operation_is_not_found(client: Client) -> None:
    answer = client.call("GET", f"operations/{STRANGER_ID}")
    assert answer.status_code == 404
    assert isinstance(answer.json(), list)


def test_operation_addresses_can_be_headers_and_absolute(client: Client) -> None:
    client.simulator.settings(operation_headers="location", resource_location="absolute")
    answer = client.call("PUT", f"devices/{UNCLAIMED[0]}/claim")
    assert answer.headers["Operation-Location"] == f"{client.base}/operations/{answer.json()['OperationId']}"
    assert client.follow(answer.json()["OperationId"])["ResourceLocation"].startswith(client.base)
