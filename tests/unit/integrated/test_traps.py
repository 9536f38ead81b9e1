# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What was seen in real traffic and is easily got wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import EffectMissing, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    ImagePackage,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.support.scripted_server import Answer, Asked
from tests.unit.integrated.recorded import (
    DEPLOYED,
    DEVICE,
    ID,
    IMAGE,
    IN,
    LAB,
    NO_CATALOG,
    NOT_THERE,
    OTHER,
    POLL,
    TENANT,
    MakeBench,
    Series,
    Started,
    catalog,
    device,
    ended,
    group,
    page,
    product,
    refused,
    resource,
)

LAB_REF = group_ref("Kettle", "Lab")
FIELD = f"{IN}/products/Kettle/deviceGroups/Field%20Test"
FIELD_REF = group_ref("Kettle", "Field Test")
IN_FIELD = "/products/Kettle/deviceGroups/Field Test"
IN_NONE = "/products/.default/deviceGroups/.default"
NEW = resource(".default", f"{LAB}/deployments/.default")


def deployment(*images: str, name: str = DEPLOYED) -> dict[str, object]:
    entries = [
        resource(each, f"{ID}/images/{each}", imageId=each, image="Blink", uri="https://x/?sig=1") for each in images
    ]
    found = f"{ID}/products/Kettle/deviceGroups/Lab/deployments/{name}"
    return resource(name, found, deploymentId=name, deployedImages=entries, deploymentDateUtc="2024-04-01T07:08:09Z")


def deadline() -> Deadline:
    return Deadline(600)


# Trap 1
def test_device_ids_of_any_case_are_one_device(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": page(device(DEVICE.upper())),
            f"GET {LAB}/devices/{DEVICE}": device(DEVICE.upper()),
        }
    )
    found = made.service.devices.get(DEVICE)
    assert found is not None
    assert found.id == DEVICE
    assert found.group == LAB_REF
    assert [each.id for each in made.service.devices.list()] == [DEVICE]


# Trap 2
def test_group_list_without_device_ids_uses_names_and_treats_empty_text_as_nothing(bench: MakeBench) -> None:
    listed = device(DEVICE, deviceId=None, chipSku="MT3620AN", lastInstalledOsVersion="", lastOsUpdateUtc=None)
    made = bench({f"GET {LAB}/devices": page(listed)})
    (found,) = made.service.devices.list(LAB_REF)
    assert (found.id, found.chip_sku, found.last_installed_os_version) == (DEVICE, "MT3620AN", None)
    assert found.tenant_id == TENANT


# Trap 3
@pytest.mark.parametrize(("answer", "images"), [(deployment(IMAGE), (IMAGE,)), (NOT_THERE, None), (NEW, None)])
def test_group_whose_has_deployment_is_null_reads_its_deployment(
    bench: MakeBench, answer: object, images: object
) -> None:
    made = bench({f"GET {LAB}": group(hasDeployment=None), f"GET {LAB}/deployments/.default": answer})
    found = made.service.device_groups.get(LAB_REF)
    assert found is not None
    assert (found.current_deployment and found.current_deployment.images) == images


def test_listed_group_without_deployment_reads_none(bench: MakeBench) -> None:
    made = bench({f"GET {IN}/products/Kettle/deviceGroups": page(group(), group("Yard", hasDeployment=True))})
    found = made.service.device_groups.list(ProductRef("Kettle"))
    assert [each.name for each in found] == ["Lab", "Yard"]
    assert [each for each in made.sent if "deployments" in each] == [
        "GET /products/Kettle/deviceGroups/Yard/deployments/.default"
    ]


# Trap 4
def test_image_name_is_read_from_image_and_its_link_is_nowhere_but_in_the_download(bench: MakeBench) -> None:
    link = "https://blob.example/i?sig=secret"
    body = resource(IMAGE, f"{ID}/images/{IMAGE}", image="Blink", uri=link, componentId=OTHER[:8], imageId=IMAGE)
    made = bench({f"GET {IN}/images/{IMAGE}": body, f"GET {IN}/images": page(body)})
    found = made.service.images.get(IMAGE)
    assert found is not None
    assert found.name == "Blink"
    assert "sig" not in repr(made.service.images.list()) + repr(found) + "".join(made.said)
    assert made.service.images.download(IMAGE).url == link


# Trap 5
def test_created_catalog_is_read_again_for_its_tenant(bench: MakeBench) -> None:
    created = catalog("New", tenantId=None)
    path = IN.replace("Contoso", "New")
    lists = f"GET /subscriptions/{IN.split('/')[2]}/providers/Microsoft.AzureSphere/catalogs"
    made = bench({f"GET {path}": Series([NO_CATALOG, catalog("New")]), f"PUT {path}": created, lists: page(catalog())})
    assert made.service.tenants.create("New") is None
    assert [(each.name, each.id) for each in made.service.tenants.list()] == [("Contoso", TENANT), ("New", TENANT)]
    assert json.loads(made.server.asked[1].body) == {"location": "global"}


# Trap 6
def test_existing_catalog_is_never_written_again_so_that_its_tags_stay(bench: MakeBench) -> None:
    made = bench({})
    assert made.service.tenants.create("Contoso") is None
    assert "PUT" not in made.server.methods


def test_changes_leave_out_what_does_not_change(bench: MakeBench) -> None:
    made = bench({f"PATCH {LAB}": group(), f"PUT {LAB}": group()})
    made.service.device_groups.update(LAB_REF, DeviceGroupSpec(os_feed="RetailEval"))
    made.service.device_groups.update(LAB_REF, DeviceGroupSpec(description="", allow_crash_dumps_collection=True))
    assert [json.loads(asked.body)["properties"] for asked in made.server.asked] == [
        {"osFeedType": "RetailEval"},
        {"description": "", "allowCrashDumpsCollection": "Enabled"},
    ]
    assert "PUT" not in made.server.methods


# Trap 7: nothing depends on the location. Trap 8
def test_lists_with_and_without_next_link_are_complete(bench: MakeBench) -> None:
    def second(asked: Asked) -> object:
        if "skip" in asked.path:
            return {"value": [product("Toaster")]}
        link = f"http://{asked.headers['host']}{IN}/products?api-version=2022-09-01-preview&$skipToken=abc"
        return page(product(), link=link)

    made = bench({f"GET {IN}/products": second})
    assert [each.name for each in made.service.products.list()] == ["Kettle", "Toaster"]
    assert "api-version=2024-04-01" in made.server.asked[1].path
    assert "2022" not in made.server.asked[1].path


def test_further_page_on_another_host_never_gets_the_token(bench: MakeBench) -> None:
    made = bench({f"GET {IN}/products": page(product(), link="https://elsewhere.example/next")})
    with pytest.raises(Exception, match="another host"):
        made.service.products.list()


def test_further_page_of_a_post_list_is_read_by_get(bench: MakeBench) -> None:
    def first(asked: Asked) -> object:
        return page(device(), link=f"http://{asked.headers['host']}{IN}/listDevices?api-version=2024-04-01&page=2")

    made = bench({f"POST {IN}/listDevices": first, f"GET {IN}/listDevices": page(device(OTHER))}, read_only=True)
    assert [each.id for each in made.service.devices.list()] == [DEVICE, OTHER]
    assert [each for each in made.sent if "Devices" in each] == ["POST /listDevices", "GET /listDevices"]


# Trap 9
@pytest.mark.parametrize("description", [None, ""])
def test_missing_description_is_one_value(bench: MakeBench, description: str | None) -> None:
    made = bench(
        {
            f"GET {IN}/products/Kettle": product(description=description),
            f"GET {LAB}": group(description=description, hasDeployment=False),
        }
    )
    found, lab = made.service.products.get(ProductRef("kettle".title())), made.service.device_groups.get(LAB_REF)
    assert found is not None
    assert found.description is None
    assert lab is not None
    assert lab.description is None


# Trap 10
def test_body_names_a_group_with_raw_blanks_and_the_path_with_encoded_ones(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": page(device(place=IN_FIELD)),
            f"PATCH {FIELD}/devices/{DEVICE}": Started(),
            f"GET {POLL}": ended(target="DeviceUpdateDeviceGroup"),
        }
    )
    outcomes: list[DeviceOutcome] = []
    made.service.devices.move(
        [DEVICE], group_ref("Kettle", "Wave 2"), deadline(), lambda outcome: not outcomes.append(outcome)
    )
    asked = next(asked for asked in made.server.asked if asked.method == "PATCH")
    assert json.loads(asked.body) == {"properties": {"deviceGroupId": f"{ID}/products/Kettle/deviceGroups/Wave 2"}}
    assert outcomes == [DeviceOutcome(DEVICE)]


# Trap 11
def test_missing_group_is_not_found_whatever_the_code_says(bench: MakeBench) -> None:
    made = bench({f"POST {LAB}/countDevices": refused(404, "InvalidParameters", "Device group not found")})
    with pytest.raises(NotFound):
        made.service.devices.count(LAB_REF)


def test_missing_product_and_group_read_as_none_while_the_catalog_exists(bench: MakeBench) -> None:
    made = bench({})
    assert made.service.products.get(ProductRef("Kettle")) is None
    assert made.service.device_groups.get(LAB_REF) is None
    assert made.sent.count("GET ") == 1


def test_missing_catalog_never_reads_as_empty(bench: MakeBench) -> None:
    routes = {f"GET {IN}": NO_CATALOG, f"GET {IN}/products/Kettle": NO_CATALOG, f"GET {IN}/products": NO_CATALOG}
    lists = IN.replace("/Contoso", "")
    made = bench({**routes, f"GET {lists}": page(catalog("Other"))})
    for read in (
        lambda: made.service.products.get(ProductRef("Kettle")),
        made.service.products.list,
        made.service.tenants.current,
        lambda: made.service.devices.count(LAB_REF),
        made.service.devices.list,
        made.service.images.list,
    ):
        with pytest.raises(InvalidInput, match='Catalog "Contoso" not found') as found:
            read()
        assert "Other" in str(found.value)
        assert found.value.status == 404


def test_missing_resource_group_says_so(bench: MakeBench) -> None:
    gone = refused(404, "ResourceGroupNotFound", "Resource group 'fleet-rg' could not be found.", "gateway")
    made = bench({f"GET {IN}": gone, f"GET {IN}/products/Kettle": gone})
    with pytest.raises(InvalidInput, match="Check resource_group"):
        made.service.products.get(ProductRef("Kettle"))


def test_devices_in_no_group_have_no_place(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": page(
                device(place=IN_NONE), device(OTHER, IN_NONE.replace(".default", ".unassigned"))
            )
        }
    )
    assert [each.group for each in made.service.devices.list()] == [None, None]


def test_move_by_another_process_invalidates_the_address_once(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": Series([page(device()), page(device(place=IN_FIELD))]),
            f"GET {FIELD}/devices/{DEVICE}": device(place=IN_FIELD),
        }
    )
    found = made.service.devices.get(DEVICE)
    assert found is not None
    assert found.group == FIELD_REF
    assert made.sent[:4] == [
        "POST /listDevices",
        f"GET /products/Kettle/deviceGroups/Lab/devices/{DEVICE}",
        "POST /listDevices",
        f"GET /products/Kettle/deviceGroups/Field%20Test/devices/{DEVICE}",
    ]


def test_catalog_is_listed_once_for_many_devices(bench: MakeBench) -> None:
    routes = {f"GET {LAB}/devices/{each}": device(each) for each in (DEVICE, OTHER)}
    made = bench({**routes, f"POST {IN}/listDevices": page(device(), device(OTHER))})
    assert made.service.devices.get(DEVICE)
    assert made.service.devices.get(OTHER)
    assert made.service.devices.get("ab" * 64) is None
    assert made.count("POST /listDevices") == 1


def test_product_whose_default_groups_failed_is_reported_as_accepted(bench: MakeBench) -> None:
    path = f"{IN}/products/Kettle"
    made = bench(
        {
            f"PUT {path}": product(),
            f"GET {path}": Series([NOT_THERE, product()]),
            f"POST {path}/generateDefaultDeviceGroups": Series([refused(409, "Conflict"), page(group())]),
            f"GET {path}/deviceGroups": page(group("Development")),
        }
    )
    with pytest.raises(Exception, match="409") as failed:
        made.service.products.create(ProductSpec("Kettle"))
    assert failed.value.write_state.value == "accepted"  # type: ignore[attr-defined]
    made.service.products.create_default_device_groups(ProductRef("Kettle"))


def test_unknown_values_are_read_as_they_are(bench: MakeBench) -> None:
    made = bench(
        {f"GET {LAB}": group(osFeedType="Canary", updatePolicy="updateall", allowCrashDumpsCollection="Later")}
    )
    found = made.service.device_groups.get(LAB_REF)
    assert found is not None
    assert (found.os_feed, found.update_policy, found.allow_crash_dumps_collection) == ("Canary", "UpdateAll", False)


def test_deletion_that_does_nothing_is_an_error(bench: MakeBench) -> None:
    made = bench({f"DELETE {LAB}": Answer(200, b"null"), f"GET {LAB}": group()})
    with pytest.raises(EffectMissing):
        made.service.device_groups.delete(LAB_REF)
    path = f"{IN}/products/Kettle"
    made = bench({f"DELETE {path}": Answer(204), f"GET {path}": product()})
    with pytest.raises(EffectMissing):
        made.service.products.delete(ProductRef("Kettle"))


def test_deployment_is_sent_once_and_has_several_images(bench: MakeBench) -> None:
    made = bench(
        {
            f"PUT {LAB}/deployments/.default": Started(201, ("Azure-AsyncOperation",)),
            f"GET {POLL}": ended(target="DeployToDeviceGroup"),
        }
    )
    started = made.service.deployments.create(LAB_REF, [OTHER[:8], IMAGE])
    assert made.service.operations.wait(started, deadline()).state == "Complete"
    body = json.loads(made.server.asked[0].body)
    assert body == {
        "properties": {"deployedImages": [{"properties": {"imageId": IMAGE}}, {"properties": {"imageId": OTHER[:8]}}]}
    }


def test_lost_reply_to_a_deployment_is_judged_by_the_current_one(bench: MakeBench) -> None:
    path = f"{LAB}/deployments/.default"
    made = bench({f"PUT {path}": Answer(lost=True), f"GET {path}": deployment(IMAGE)})
    assert made.service.deployments.create(LAB_REF, [IMAGE]).final
    assert made.server.methods.count("PUT") == 1


def test_image_is_uploaded_under_its_own_guid(bench: MakeBench, tmp_path: Path) -> None:
    package = tmp_path / "blink.imagepackage"
    package.write_bytes(b"content")
    made = bench({f"PUT {IN}/images/{IMAGE}": Started(201, ("Azure-AsyncOperation",)), f"GET {POLL}": ended()})
    described = ImagePackage(
        str(package), IMAGE, OTHER[:8], "Applications", "Blink", 7, hashlib.sha256(b"content").hexdigest()
    )
    started = made.service.images.upload(described)
    assert started.type == "ImageUpload"
    assert not started.final
    sent = json.loads(made.server.asked[0].body)["properties"]
    assert base64.b64decode(sent["image"]) == b"content"
    assert sent["imageId"] == IMAGE
