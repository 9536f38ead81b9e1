# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One state behind both APIs."""

from __future__ import annotations

import pytest

from tests.simulator.harness import Simulator, SimulatorFailed
from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import FIELD, IMAGE, KETTLE, LAB, OWN, UNCLAIMED, seed
from tests.unit.simulator.resource_manager.client import BASE, ArmClient

GROUP = "products/Kettle/deviceGroups/Lab"


def test_changes_of_one_api_are_seen_through_the_other(arm: ArmClient, client: Client) -> None:
    arm.call("PUT", "products/Lamp", {"properties": {"description": "bright"}})
    assert client.get("products/name/Lamp")["Description"] == "bright"
    client.call("PATCH", f"devicegroups/{LAB}", {"Name": "Bench", "AllowCrashDumpsCollection": True})
    bench = arm.get("products/Kettle/deviceGroups/Bench")["properties"]
    assert bench["allowCrashDumpsCollection"] == "Enabled"
    arm.done("PUT", f"products/Kettle/deviceGroups/Bench/devices/{UNCLAIMED[0]}", {})
    assert client.get(f"devices/{UNCLAIMED[0]}")["DeviceGroupId"] == LAB
    client.done("PUT", f"devices/{UNCLAIMED[0]}/devicegroup", FIELD)
    nowhere = f"{BASE}/products/.default/deviceGroups/.default"
    path = f"products/Kettle/deviceGroups/Field%20Test/devices/{UNCLAIMED[0]}"
    arm.done("PATCH", path, {"properties": {"deviceGroupId": nowhere}})
    assert client.get(f"devices/{UNCLAIMED[0]}")["DeviceGroupId"] is None
    client.done("POST", f"devicegroups/{LAB}/deployments", [IMAGE])
    current = arm.get("products/Kettle/deviceGroups/Bench/deployments/.default")["name"]
    assert client.get(f"devicegroups/{LAB}")["CurrentDeployment"]["Id"] == current


def test_new_catalog_is_a_tenant_with_an_administrator_or_without(arm: ArmClient, client: Client) -> None:
    arm.call("PUT", f"{BASE}-2", {"location": "global", "tags": {"a": "b"}})
    tenant = arm.get(f"{BASE}-2")["properties"]["tenantId"]
    assert (tenant, "Contoso-Fleet-2") in [(t["Id"], t["Name"]) for t in client.get("/v2/tenants")]
    arm.simulator.settings(arm_new_catalog="no_role")
    arm.call("PUT", f"{BASE}-3", {"location": "global"})
    assert len(client.get("/v2/tenants")) == 2


@pytest.mark.parametrize("status", ["410", "403"])
@pytest.mark.parametrize("tenant", [None, TENANT, "Contoso Fleet"])
def test_pause_switches_the_legacy_api_off(arm: ArmClient, client: Client, tenant: str | None, status: str) -> None:
    arm.simulator.settings(paused_reply=status, problem_shape="html")
    arm.simulator.pause(tenant)
    answer = client.call("GET", f"products/{KETTLE}")
    assert answer.status_code == int(status)
    assert (answer.json()["Code"], sorted(answer.json())) == (2, ["Code", "Message"])
    assert client.call("GET", "/v2/tenants").status_code == (int(status) if tenant is None else 200)
    assert arm.get("products/Kettle")["name"] == "Kettle"
    arm.simulator.enable(tenant)
    assert client.get(f"products/{KETTLE}")["Name"] == "Kettle"


def test_enable_switches_all_tenants_on(client: Client) -> None:
    client.simulator.pause("Contoso Fleet")
    client.simulator.enable()
    assert client.call("GET", "devices").status_code == 200
    with pytest.raises(SimulatorFailed, match="no tenant 'x'"):
        client.simulator.pause("x")


def test_tenant_is_integrated_on_request(simulator: Simulator) -> None:
    document = seed()
    document["tenants"][0]["catalog"] = None
    simulator.load(document)
    arm = ArmClient(simulator, "Administrator")
    assert arm.call("GET", "").status_code == 404
    catalog = simulator.integrate(TENANT, name="Mine", tags={"a": "b"})
    assert arm.get(catalog["id"])["properties"]["tenantId"] == TENANT
    assert arm.get(catalog["id"])["tags"] == {"a": "b"}
    with pytest.raises(SimulatorFailed, match="integrated already"):
        simulator.integrate(TENANT)
    arm.close()


def test_several_catalogs_have_their_own_names_and_places(simulator: Simulator) -> None:
    place = {"subscription_id": "5B000000-0000-4000-8000-000000000002", "resource_group": "Other", "name": "Plant"}
    tenants = [{"name": "Fleet A"}, {"name": "Fleet A", "id": TENANT}, {"name": "ß!", "catalog": place}]
    simulator.load({"tenants": tenants})
    catalogs = [t["catalog"]["name"] for t in _tenants(simulator)]
    assert sorted(catalogs) == ["Fleet-A", "Fleet-A-2", "Plant"]
    state = simulator.state()
    simulator.load(state)
    assert simulator.state() == state
    with pytest.raises(SimulatorFailed, match="Two catalogs"):
        simulator.load({"tenants": [{"name": name, "catalog": place} for name in ("A", "B")]})


def test_environment_selects_the_api(simulator: Simulator) -> None:
    environment = simulator.env(api="integrated")
    assert environment["AZSPHERE_API"] == "integrated"
    assert environment["AZSPHERE_CATALOG"] == "Contoso-Fleet"
    assert environment["AZURE_RESOURCE_GROUP"] == "fleet-rg"
    assert "AZSPHERE_TENANT" not in environment
    assert "AZSPHERE_API" not in simulator.env()


def test_counts_distinguish_posts_that_only_read(arm: ArmClient) -> None:
    arm.simulator.clear_log()
    arm.listed("listDevices", post=True)
    arm.call("POST", f"{GROUP}/countDevices")
    assert arm.simulator.counts()["writes"] == 0
    arm.done("PUT", f"{GROUP}/devices/{OWN[0]}", {})
    counts = arm.simulator.counts()
    assert counts["writes"] == 1
    assert counts["operations"]["OperationStatuses_Get"] == 1
    assert {entry["tenant"] for entry in arm.simulator.log() if entry["operation"] != "OperationStatuses_Get"} == {
        TENANT
    }


@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [("status", {"status": 503}, 503), ("error_object", {}, 200), ("old_body", {}, 200), ("accepted", {}, 202)],
)
def test_faults_name_operations(arm: ArmClient, kind: str, options: dict[str, int], status: int) -> None:
    arm.simulator.fault(kind, match={"operationId": "Products_Update"}, **options)
    before = arm.get("products/Kettle")
    answer = arm.call("PATCH", "products/Kettle", {"properties": {"description": "new"}})
    assert answer.status_code == status
    if kind == "old_body":
        assert answer.json() == before
    if kind == "error_object":
        assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize("post", [True, False])
def test_pages_can_be_endless(arm: ArmClient, post: bool) -> None:
    operation = "Catalogs_ListDevices" if post else "Devices_ListByDeviceGroup"
    arm.simulator.fault("endless_pages", match={"operationId": operation}, times=None)
    answer = arm.call("POST" if post else "GET", "listDevices" if post else f"{GROUP}/devices")
    seen = set()
    for _unused in range(3):
        seen.add(answer.json()["nextLink"])
        assert len(answer.json()["value"]) == len(OWN)
        answer = arm.send("GET", answer.json()["nextLink"])
    assert len(seen) == 3


def _tenants(simulator: Simulator) -> list[dict[str, dict[str, str]]]:
    tenants: list[dict[str, dict[str, str]]] = simulator.order("GET", "state")["tenants"]
    return tenants
