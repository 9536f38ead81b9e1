# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What recorded replies of the service have and its specification does not promise."""

from __future__ import annotations

import base64
import uuid

import pytest

from tests.simulator.images import compose
from tests.unit.simulator.client import TENANT
from tests.unit.simulator.conftest import IMAGE, OWN, UNCLAIMED, seed
from tests.unit.simulator.resource_manager.client import BASE, ArmClient

LAB = "products/Kettle/deviceGroups/Lab"
FIELD = "products/Kettle/deviceGroups/Field%20Test"
NOWHERE = "products/.default/deviceGroups/.default"
UPPER = f"{0xAB:0128X}"


def deploy(arm: ArmClient, *images: str) -> dict[str, object]:
    body = {"properties": {"deployedImages": [{"properties": {"imageId": image}} for image in images]}}
    return arm.done("PUT", f"{LAB}/deployments/.default", body)


def test_device_is_lower_case_and_its_id_echoes_the_request(arm: ArmClient) -> None:
    arm.simulator.load({**seed(), "unclaimed": "any"})
    arm = ArmClient(arm.simulator)
    started = arm.call("PUT", f"{LAB}/devices/{UPPER}", {})
    assert started.json()["name"] == UPPER
    assert started.json()["id"] == f"{BASE}/{LAB}/devices/{UPPER}"
    assert started.json()["properties"] == {"provisioningState": "Accepted"}
    device = arm.get(f"{LAB}/devices/{UPPER}")
    assert device["name"] == device["properties"]["deviceId"] == UPPER.lower()
    assert device["id"].endswith(f"/devices/{UPPER}")
    moved = arm.done("PATCH", f"{LAB}/devices/{UPPER}", {"properties": {"deviceGroupId": f"{BASE}/{NOWHERE}"}})
    assert moved["properties"] == {"targetResourceId": f"{BASE}/{NOWHERE}/devices/{UPPER}"}
    assert f"{BASE}/{NOWHERE}/devices/{UPPER.lower()}" in [d["id"] for d in arm.listed("listDevices", post=True)]


def test_list_of_group_has_no_device_ids_and_list_of_catalog_no_versions(arm: ArmClient) -> None:
    in_group = arm.listed(f"{LAB}/devices")
    assert [d["name"] for d in in_group] == OWN
    assert {d["properties"]["deviceId"] for d in in_group} == {None}
    in_catalog = arm.listed("listDevices", post=True)
    assert [d["properties"]["deviceId"] for d in in_catalog] == OWN
    assert {d["properties"]["lastInstalledOsVersion"] for d in in_catalog} == {None}
    assert arm.get(f"{LAB}/devices/{OWN[0]}")["properties"]["lastInstalledOsVersion"] == ""


def test_single_get_of_group_does_not_say_whether_it_has_a_deployment(arm: ArmClient) -> None:
    deploy(arm, IMAGE)
    assert arm.get(LAB)["properties"]["hasDeployment"] is None
    listed = {g["name"]: g["properties"]["hasDeployment"] for g in arm.listed("products/Kettle/deviceGroups")}
    assert listed == {"Lab": True, "Field Test": False}
    assert arm.call("PATCH", LAB, {"properties": {"osFeedType": "Retail"}}).json()["properties"]["hasDeployment"]
    assert arm.call("PUT", LAB, {}).json()["properties"]["hasDeployment"]


def test_image_has_its_name_in_image_and_a_new_address_on_every_read(arm: ArmClient) -> None:
    first, second = (arm.get(f"images/{IMAGE}")["properties"] for _unused in range(2))
    assert first["image"] == "KettleApp"
    assert "imageName" not in first
    assert first["uri"] != second["uri"]
    assert arm.simulator.ready["blob_url"] in first["uri"]
    deploy(arm, IMAGE)
    deployed = arm.get(f"{LAB}/deployments/.default")["properties"]["deployedImages"]
    assert deployed[0]["properties"]["uri"].startswith("https://")


def test_reply_to_catalog_put_and_patch_does_not_have_the_tenant_id(arm: ArmClient) -> None:
    made = arm.call("PUT", BASE.replace("Contoso-Fleet", "New"), {"location": "global"})
    assert made.status_code == 200
    assert made.json()["properties"]["tenantId"] is None
    patched = arm.call("PATCH", "", {"tags": {"a": "b"}}).json()
    assert "tenantId" not in patched["properties"]
    assert arm.get("")["properties"]["tenantId"] == TENANT


def test_integrated_catalog_has_the_tag_of_migration_and_patch_replaces_all_tags(arm: ArmClient) -> None:
    assert arm.get("")["tags"] == {"MigratedCatalogId": TENANT}
    arm.call("PATCH", "", {"tags": {"a": "b"}})
    assert arm.get("")["tags"] == {"a": "b"}


def test_location_has_two_spellings(arm: ArmClient) -> None:
    listed = arm.listed(BASE.rpartition("/")[0])
    assert (arm.get("")["location"], listed[0]["location"]) == ("Global", "global")


def test_lists_by_post_have_null_members_that_lists_by_get_leave_out(arm: ArmClient) -> None:
    by_get = arm.get("products/Kettle/deviceGroups")
    by_post = arm.call("POST", "listDeviceGroups", {}).json()
    made = arm.call("POST", "products/Kettle/generateDefaultDeviceGroups").json()
    assert "nextLink" not in by_get
    assert "systemData" not in by_get["value"][0]
    for page in (by_post, made):
        assert page["nextLink"] is None
        assert page["value"][0]["systemData"] is None


def test_missing_description_is_null_alone_and_empty_in_the_list(arm: ArmClient) -> None:
    assert arm.get("products/Kettle")["properties"]["description"] is None
    assert arm.listed("products")[0]["properties"]["description"] == ""


def test_body_names_a_group_with_raw_blanks(arm: ArmClient) -> None:
    group_id = arm.get(FIELD)["id"]
    assert group_id == f"{BASE}/products/Kettle/deviceGroups/Field Test"
    encoded = {"properties": {"deviceGroupId": f"{BASE}/{FIELD}"}}
    assert arm.call("PATCH", f"{LAB}/devices/{OWN[0]}", encoded).status_code == 404
    raw = {"properties": {"deviceGroupId": group_id}}
    assert arm.done("PATCH", f"{LAB}/devices/{OWN[0]}", raw)["status"] == "Succeeded"
    assert arm.get(f"{FIELD}/devices/{OWN[0]}")["id"] == f"{group_id}/devices/{OWN[0]}"


def test_missing_group_has_another_code_when_devices_are_counted(arm: ArmClient) -> None:
    missing = "products/Kettle/deviceGroups/Nowhere"
    for method, path, code in (
        ("GET", missing, "ResourceNotFound"),
        ("GET", f"{missing}/devices", "ResourceNotFound"),
        ("POST", f"{missing}/countDevices", "InvalidParameters"),
    ):
        answer = arm.call(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)
        assert set(answer.json()["error"]) == {"code", "message"}
        assert answer.headers["x-ms-failure-cause"] == "service"
        assert answer.headers["Content-Type"] == "application/json"


def test_missing_catalog_is_reported_by_the_gateway(arm: ArmClient) -> None:
    answer = arm.call("GET", f"{BASE}-x/products")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert not any("ratelimit" in name for name in answer.headers)


def test_type_is_lower_case_in_put_replies_and_for_catalogs(arm: ArmClient) -> None:
    lower, camel = "microsoft.azuresphere/catalogs", "Microsoft.AzureSphere/catalogs"
    assert arm.get("")["type"] == lower
    put = arm.call("PUT", "products/Kettle", {}).json()
    patch = arm.call("PATCH", "products/Kettle", {"properties": {"description": "x"}}).json()
    assert put["type"] == f"{lower}/products"
    assert put["systemData"]["createdByType"] == "Application"
    assert patch["type"] == arm.get("products/Kettle")["type"] == f"{camel}/products"
    assert "systemData" not in patch


def test_deletions_reply_null_and_that_of_a_catalog_nothing(arm: ArmClient) -> None:
    answer = arm.call("DELETE", FIELD)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"null", "application/json")
    other = BASE.replace("Contoso-Fleet", "New")
    arm.call("PUT", other, {"location": "global"})
    answer = arm.call("DELETE", other)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["x-ms-request-id"] == str(uuid.UUID(int=0))
    assert arm.call("GET", other).status_code == 404


def test_deletion_of_device_image_and_deployment_succeeds_and_does_nothing(arm: ArmClient) -> None:
    target = str(deploy(arm, IMAGE)["properties"]["targetResourceId"])  # type: ignore[index]
    for path in (f"{LAB}/devices/{OWN[0]}", f"images/{IMAGE}", target):
        answer = arm.call("DELETE", path)
        assert (answer.status_code, answer.content) == (200, b"null")
        assert arm.call("GET", path).status_code == 200


def test_group_with_devices_is_not_deleted(arm: ArmClient) -> None:
    answer = arm.call("DELETE", LAB)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameters")
    assert str(len(OWN)) in answer.json()["error"]["message"]


def test_put_of_product_makes_no_groups(arm: ArmClient) -> None:
    assert arm.call("PUT", "products/Lamp", {}).status_code == 200
    assert arm.listed("products/Lamp/deviceGroups") == []
    made = arm.call("POST", "products/Lamp/generateDefaultDeviceGroups").json()["value"]
    assert [(g["name"], g["properties"]["osFeedType"], g["properties"]["updatePolicy"]) for g in made] == [
        ("Development", "Retail", "No3rdPartyAppUpdates"),
        ("Field Test", "Retail", "UpdateAll"),
        ("Production", "Retail", "UpdateAll"),
        ("Production OS Evaluation", "RetailEval", "UpdateAll"),
        ("Field Test OS Evaluation", "RetailEval", "UpdateAll"),
    ]


def test_each_deployment_is_new_and_the_current_one_has_its_own_id(arm: ArmClient) -> None:
    targets = [deploy(arm, IMAGE)["properties"]["targetResourceId"] for _unused in range(2)]  # type: ignore[index]
    listed = arm.listed(f"{LAB}/deployments")
    assert [d["id"] for d in listed] == targets
    current = arm.get(f"{LAB}/deployments/.default")
    assert current["id"] == targets[1]
    assert set(current["systemData"]) == {"createdAt", "lastModifiedAt"}


def test_device_is_claimed_into_its_group_in_one_step(arm: ArmClient) -> None:
    for place, device in ((LAB, UNCLAIMED[0]), (NOWHERE, UNCLAIMED[1])):
        ended = arm.done("PUT", f"{place}/devices/{device}", {})
        assert (ended["status"], ended["properties"]) == ("Succeeded", {"targetResourceId": None})
        assert arm.get(f"{place}/devices/{device}")["name"] == device
    assert arm.get(f"products/.unassigned/deviceGroups/.unassigned/devices/{UNCLAIMED[1]}")["name"] == UNCLAIMED[1]
    assert arm.call("PUT", f"products/Kettle/deviceGroups/X/devices/{UNCLAIMED[2]}", {}).status_code == 404


def test_certificates_are_addressed_by_serial_number(arm: ArmClient) -> None:
    listed = arm.listed("certificates")
    active = next(c for c in listed if c["properties"]["status"] == "Active")
    assert len(active["name"]) == 34
    assert active["name"].startswith("00")
    for name in (active["name"], active["name"].lower(), ".default", "active"):
        assert arm.get(f"certificates/{name}")["name"] == active["name"]
    proof = arm.call("POST", "certificates/.default/retrieveProofOfPossessionNonce", {"proofOfPossessionNonce": "x"})
    assert set(proof.json()) == {"certificate"}


@pytest.mark.parametrize("name", [".default", ".unassigned", "ab", "x" * 51, "a-b"])
def test_invalid_product_name_is_rejected(arm: ArmClient, name: str) -> None:
    answer = arm.call("PUT", f"products/{name}", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameters")


def test_image_is_uploaded_under_the_id_of_its_package(arm: ArmClient) -> None:
    image_id = "c3000000-0000-4000-8000-000000000001"
    package = compose(image_id=image_id, component_id="d3000000-0000-4000-8000-000000000001", name="New")
    body = {"properties": {"image": base64.b64encode(package).decode(), "regionalDataBoundary": "EU"}}
    assert arm.call("PUT", f"images/{IMAGE[:-1]}9", body).status_code == 400
    assert arm.done("PUT", f"images/{image_id}", body)["status"] == "Succeeded"
    assert arm.get(f"images/{image_id}")["properties"]["regionalDataBoundary"] == "EU"


def test_list_of_the_subscription_is_answered_by_the_gateway(arm: ArmClient) -> None:
    path = f"{BASE.split('/resourceGroups')[0]}/providers/Microsoft.AzureSphere/catalogs"
    answer = arm.call("GET", path)
    assert [c["properties"]["tenantId"] for c in answer.json()["value"]] == [TENANT]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "mise-correlation-id" not in answer.headers
    group = arm.call("GET", BASE.rpartition("/")[0])
    assert "mise-correlation-id" in group.headers
    assert "ETag" in arm.call("GET", "").headers
