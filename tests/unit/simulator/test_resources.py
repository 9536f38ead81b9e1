# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Resources and how requests change them."""

from __future__ import annotations

import base64
import re

from tests.simulator import images
from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import COMPONENT, FIELD, FOREIGN, IMAGE, KETTLE, LAB, OWN, UNCLAIMED

OTHER_IMAGE = "c2000000-0000-4000-8000-000000000001"
OTHER_COMPONENT = "d2000000-0000-4000-8000-000000000001"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def package(image_id: str = OTHER_IMAGE) -> bytes:
    return images.compose(image_id=image_id, component_id=OTHER_COMPONENT, name="LampApp", payload=b"lamp")


def test_product_has_five_default_groups(client: Client) -> None:
    client.done("POST", "products", {"Name": "Lamp", "CreateDefaultGroups": True})
    product = client.get("products/name/LAMP")
    groups = client.get(f"products/{product['Id']}/deviceGroups")["Items"]
    assert [(g["Name"], g["OsFeedType"], g["UpdatePolicy"]) for g in groups] == [
        ("Development", 0, 1),
        ("Field Test", 0, 0),
        ("Production", 0, 0),
        ("Production OS Evaluation", 1, 0),
        ("Field Test OS Evaluation", 1, 0),
    ]
    assert groups[1]["Description"] == "Default test device group"
    assert not any(g["AllowCrashDumpsCollection"] or g["CurrentDeployment"] for g in groups)


def test_missing_default_groups_are_created(client: Client) -> None:
    made = client.call("POST", f"products/{KETTLE}/devicegroups").json()["Items"]
    assert [g["Name"] for g in made][:2] == ["Development", "Field Test"]
    assert made[1]["Id"] == FIELD
    assert len(client.get(f"products/{KETTLE}/deviceGroups")["Items"]) == 6


def test_product_without_default_groups_has_none(client: Client) -> None:
    client.done("POST", "products", {"Name": "Lamp", "CreateDefaultGroups": False, "Description": "shines"})
    product = client.get("products/name/Lamp")
    assert product["Description"] == "shines"
    assert client.get(f"products/{product['Id']}/deviceGroups")["Items"] == []


def test_patch_changes_given_members_and_returns_resource(client: Client) -> None:
    changed = client.call("PATCH", f"products/{KETTLE}", {"Description": "boils"}).json()
    assert changed == {"Id": KETTLE, "TenantId": TENANT, "Name": "Kettle", "Description": "boils"}
    patch = {"Name": "lab", "OSFeedType": 1, "UpdatePolicy": 1, "AllowCrashDumpsCollection": True, "Description": "d"}
    group = client.call("PATCH", f"devicegroups/{LAB}", patch).json()
    assert group == client.get(f"devicegroups/{LAB}")
    assert (group["Name"], group["OsFeedType"], group["UpdatePolicy"]) == ("lab", 1, 1)
    assert group["AllowCrashDumpsCollection"] is True
    assert client.call("PATCH", f"devicegroups/{LAB}", {"UpdatePolicy": 0}).json()["OsFeedType"] == 1


def test_patch_ignores_null_and_clears_with_empty_string(client: Client) -> None:
    assert client.call("PATCH", f"devicegroups/{FIELD}", {"Description": None}).json()["Description"]
    assert client.call("PATCH", f"devicegroups/{FIELD}", {"Description": ""}).json()["Description"] is None


def test_patch_can_clear_with_null(client: Client) -> None:
    client.simulator.settings(patch_null="clears")
    assert client.call("PATCH", f"devicegroups/{FIELD}", {"Description": None}).json()["Description"] is None


def test_names_are_unique_regardless_of_case(client: Client) -> None:
    taken = {"Name": "FIELD test", "ProductId": KETTLE}
    assert client.call("POST", "devicegroups", taken).status_code == 409
    assert client.call("PATCH", f"devicegroups/{LAB}", {"Name": "field TEST"}).status_code == 409
    assert client.call("PATCH", f"devicegroups/{LAB}", {"Name": "LAB"}).status_code == 200


def test_group_is_created_immediately(client: Client) -> None:
    body = {"Name": "US region", "ProductId": KETTLE, "OsFeedType": 1, "UpdatePolicy": 0, "Description": "far"}
    group = client.call("POST", "devicegroups", body).json()
    assert group["CurrentDeployment"] is None
    assert client.get("products/name/kettle/deviceGroups/name/us%20REGION") == group
    assert client.get("devicegroups/name/US%20region")["Items"] == [group]
    assert client.done("DELETE", f"devicegroups/{group['Id']}")["State"] == 2


def test_claim_is_permanent_and_idempotent(client: Client) -> None:
    for _unused in range(2):
        assert client.done("PUT", f"devices/{UNCLAIMED[0].upper()}/claim")["State"] == 2
    device = client.get(f"devices/{UNCLAIMED[0]}")
    assert device["DeviceId"] == UNCLAIMED[0].upper()
    assert (device["TenantId"], device["ProductId"], device["DeviceGroupId"]) == (TENANT, None, None)


def test_claims_of_foreign_and_missing_devices_fail_alike(client: Client) -> None:
    failures = [client.done("PUT", f"devices/{device}/claim") for device in (FOREIGN, "f" * 128)]
    assert [failure["State"] for failure in failures] == [3, 3]
    assert failures[0]["Error"] == failures[1]["Error"]


def test_claims_can_fail_immediately(client: Client) -> None:
    client.simulator.settings(claim_failures="status")
    assert client.call("PUT", f"devices/{FOREIGN}/claim").status_code == 404


def test_any_device_can_be_claimed_with_unclaimed_any(client: Client) -> None:
    document = client.simulator.order("GET", "state")
    client.simulator.load({**document, "unclaimed": "any"})
    assert client.done("PUT", f"devices/{'e' * 128}/claim")["State"] == 2
    assert client.done("PUT", f"devices/{FOREIGN}/claim")["State"] == 3


def test_unclaimed_device_is_not_found_or_has_no_tenant(client: Client) -> None:
    assert client.call("GET", f"devices/{UNCLAIMED[0]}").status_code == 404
    client.simulator.settings(unclaimed_device="object")
    assert client.get(f"devices/{UNCLAIMED[0]}")["TenantId"] is None
    assert client.call("GET", f"devices/{FOREIGN}").status_code == 404


def test_move_takes_bare_string_and_changes_product(client: Client) -> None:
    client.done("PUT", f"devices/{UNCLAIMED[0]}/claim")
    for group in (LAB, FIELD):
        assert client.done("PUT", f"devices/{UNCLAIMED[0]}/devicegroup", group)["State"] == 2
    device = client.get(f"devices/{UNCLAIMED[0]}")
    assert (device["ProductId"], device["DeviceGroupId"]) == (KETTLE, FIELD)
    counts = [client.get(f"deviceGroups/{group}/devices/count") for group in (LAB, FIELD)]
    assert counts == [len(OWN), 1]
    assert client.get(f"products/{KETTLE}/devices/count") == client.get("devices/count") == len(OWN) + 1


def test_move_to_missing_group_fails_in_operation(client: Client) -> None:
    failed = client.done("PUT", f"devices/{OWN[0]}/devicegroup", OTHER_IMAGE)
    assert failed["Error"]["Code"] == 8
    assert client.call("PUT", f"devices/{UNCLAIMED[0]}/devicegroup", LAB).status_code == 404


def test_image_metadata_is_read_from_package(client: Client) -> None:
    answer = client.call("POST", "images", data=package(), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code == 200
    operation = client.follow(answer.json()["OperationId"])
    assert operation["State"] == 2
    assert client.get(f"images/{OTHER_IMAGE}/metadata") == {
        "Id": OTHER_IMAGE,
        "Name": "LampApp",
        "Description": None,
        "ComponentId": OTHER_COMPONENT,
        "ImageType": 10,
        "Type": 10,
    }
    assert client.get(f"images/{OTHER_IMAGE}/status") == {"Status": "Succeeded"}
    assert len(client.get("images")["Items"]) == 2
    assert client.get(operation["DetailsLocation"].replace("/v2/", "/v2/"))["State"] == 2


def test_second_upload_fails_in_operation(client: Client) -> None:
    assert client.upload(package())["State"] == 2
    again = client.upload(package())
    assert (again["State"], again["Error"]["Code"]) == (3, 7)


def test_invalid_package_is_rejected(client: Client) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    for content in (b"", b"nonsense" * 100, package()[:-1]):
        assert client.call("POST", "images", data=content, headers=headers).status_code == 400
    client.simulator.settings(bad_package="operation")
    assert client.upload(b"nonsense")["Error"]["Code"] == 5


def test_upload_as_json_is_rejected(client: Client) -> None:
    answer = client.call("POST", "images", data=package(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 415


def test_component_ids_of_images(client: Client) -> None:
    pairs = client.call("POST", "images/componentIdsForImages", [IMAGE, OTHER_IMAGE]).json()
    assert pairs == [{"ImageId": IMAGE, "ComponentId": COMPONENT}]


def test_deployment_replaces_previous_one(client: Client) -> None:
    client.upload(package())
    assert client.get(f"devices/{OWN[0]}/images")["Items"] == []
    for image_ids in ([IMAGE], [IMAGE.upper(), OTHER_IMAGE]):
        operation = client.done("POST", f"devicegroups/{LAB}/deployments", image_ids)
        assert operation["State"] == 2
    current = client.get(f"devicegroups/{LAB}")["CurrentDeployment"]
    assert current["DeployedImages"] == [IMAGE, OTHER_IMAGE]
    assert DATE.fullmatch(current["DeploymentDateUtc"])
    assert client.get(f"deployments/{current['Id']}") == current
    assert client.get(operation["DetailsLocation"])["DeploymentId"] == current["Id"]
    assert len(client.get(f"devicegroups/{LAB}/deployments")["Items"]) == 2
    assert [image["Id"] for image in client.get(f"devices/{OWN[0]}/images")["Items"]] == [IMAGE, OTHER_IMAGE]


def test_unknown_image_cannot_be_deployed(client: Client) -> None:
    assert client.call("POST", f"devicegroups/{LAB}/deployments", [OTHER_IMAGE]).status_code == 404
    client.simulator.settings(unknown_image="operation")
    assert client.done("POST", f"devicegroups/{LAB}/deployments", [OTHER_IMAGE])["Error"]["Code"] == 8
    assert client.get(f"devicegroups/{LAB}")["CurrentDeployment"] is None


def test_capability_bytes_depend_on_device_and_capabilities(client: Client) -> None:
    def capability(device: str, *numbers: int) -> bytes:
        body = {"DeviceId": device, "Capabilities": list(numbers)}
        answer = client.call("POST", "deviceCapabilityImage", body)
        assert answer.status_code == 200
        return base64.b64decode(answer.json()["SignedDeviceCapabilityImageBytes"])

    different = {capability(OWN[0], 11), capability(OWN[1], 11), capability(OWN[0], 11, 13), capability(OWN[0])}
    assert len(different) == 4
    assert capability(OWN[0], 13, 11) == capability(OWN[0].upper(), 11, 13)
    foreign = {"DeviceId": FOREIGN, "Capabilities": []}
    assert client.call("POST", "deviceCapabilityImage", foreign).status_code == 404


def test_more_than_1000_insights_are_paged(client: Client) -> None:
    document = client.simulator.order("GET", "state")
    tenant = next(tenant for tenant in document["tenants"] if tenant["id"] == TENANT)
    tenant["insights"] = [{"device_id": OWN[0], "start": 1_700_000_000 + n, "count": 2} for n in range(1500)]
    client.simulator.load(document)
    page = client.get("getDeviceInsights")
    assert len(page["Items"]) == 1000
    events = client.every("getDeviceInsights")
    assert len({event["StartTimestampInUnix"] for event in events}) == 1500
    assert events[0]["DeviceId"] == OWN[0].upper()
    assert events[0]["EventCount"] == 2


def test_device_creates_one_tenant_and_stays_unclaimed(client: Client) -> None:
    order = {"DeviceId": UNCLAIMED[0], "TenantFriendlyName": "Second"}
    answer = client.call("POST", "/v2/tenants/create", order)
    assert answer.status_code == 200
    assert answer.json()["TenantId"] is None
    operation = client.get(f"/v2/operations/{answer.json()['OperationId']}")
    assert (operation["State"], operation["OperationType"]) == (2, 8)
    tenants = {tenant["Name"]: tenant for tenant in client.get("/v2/tenants")}
    assert tenants["Second"]["Id"] == operation["TenantId"]
    assert tenants["Second"]["Roles"] == ["Administrator"]
    assert client.done("PUT", f"devices/{UNCLAIMED[0]}/claim")["State"] == 2
    for device in (UNCLAIMED[0], OWN[0], FOREIGN):
        again = client.call("POST", "/v2/tenants/create", {**order, "DeviceId": device}).json()
        assert client.get(f"/v2/operations/{again['OperationId']}")["State"] == 3


def test_tenant_can_be_renamed_and_legacy_authorization_blocked(client: Client) -> None:
    assert client.call("PATCH", "", {"Name": "Fleet 2"}).json()["Name"] == "Fleet 2"
    for _unused in range(2):
        assert client.call("POST", "blocklegacyauthorization").status_code == 200
    document = client.simulator.order("GET", "state")
    assert next(t for t in document["tenants"] if t["id"] == TENANT)["legacy_authorization_blocked"] is True
