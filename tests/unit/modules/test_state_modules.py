# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The modules device_group, image and deployment."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import deployment, device_group, image

from tests.simulator.images import compose_package

from .conftest import Bench

ONE = {"image_id": "c1000000-0000-4000-8000-000000000001", "component_id": "d1000000-0000-4000-8000-000000000001"}
OTHER_BUILD = {"image_id": "c1000000-0000-4000-8000-000000000002", "component_id": ONE["component_id"]}
BOARD = {"image_id": "c1000000-0000-4000-8000-000000000003", "component_id": "d1000000-0000-4000-8000-000000000003"}


@pytest.fixture
def kettle(bench: Bench) -> Bench:
    bench.seed(products=[{"name": "Kettle"}], devices=[{"id": "0a" * 64, "device_group": "Kettle/Production"}])
    return bench


def test_device_group_is_created_changed_renamed_and_deleted(kettle: Bench) -> None:
    wanted = {"product": "kettle", "name": "Laboratory", "os_feed": "RetailEval", "allow_crash_dumps_collection": True}
    predicted = kettle.run(device_group, check=True, **wanted)
    made = kettle.run(device_group, **wanted)
    assert made.result.changed
    assert predicted.result.diff == made.result.diff
    assert predicted["device_group"]["id"] is None
    assert made["device_group"]["os_feed"] == "RetailEval"
    assert made["device_group"]["allow_crash_dumps_collection"] is True
    assert made["device_group"]["product"] == "Kettle"
    assert not kettle.run(device_group, **wanted).result.changed

    group_id = made["device_group"]["id"]
    renamed = kettle.run(device_group, id=group_id.upper(), name="Desks", update_policy="No3rdPartyAppUpdates")
    assert renamed["device_group"]["id"] == group_id
    assert renamed["device_group"]["name"] == "Desks"
    assert renamed["device_group"]["update_policy"] == "No3rdPartyAppUpdates"

    gone = kettle.run(device_group, product="Kettle", name="Desks", state="absent")
    assert gone.result.changed
    assert gone["device_group"] is None
    assert gone["operation"]["state"] == "Complete"
    assert not kettle.run(device_group, product="Kettle", name="Desks", state="absent").result.changed


def test_device_group_with_devices_is_not_deleted(kettle: Bench) -> None:
    with pytest.raises(Conflict, match=f"it has 1 device .{'0a' * 64}"):
        kettle.run(device_group, product="Kettle", name="Production", state="absent")


def test_device_group_in_an_unknown_product_names_the_products(kettle: Bench) -> None:
    with pytest.raises(InvalidInput, match=r'Product "Teapot" not found.*Available: "Kettle"'):
        kettle.run(device_group, product="Teapot", name="Laboratory")


@pytest.mark.parametrize(
    "options",
    [{}, {"name": "Laboratory"}, {"product": "Kettle"}, {"product": "Kettle", "id": ONE["image_id"], "name": "Desks"}],
)
def test_device_group_is_named_by_product_and_name_or_by_id(kettle: Bench, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"required|mutually exclusive"):
        kettle.run(device_group, **options)
    assert kettle.requests() == []


def test_package_is_uploaded_once(kettle: Bench, tmp_path: Path) -> None:
    package = str(compose_package(tmp_path / "kettle.imagepackage", name="KettleControl", **ONE))
    predicted = kettle.run(image, check=True, path=package)
    uploaded = kettle.run(image, path=package)
    assert uploaded.result.changed
    assert uploaded["image"] == predicted["image"]
    assert uploaded["image"]["id"] == ONE["image_id"]
    assert uploaded["operation"]["type"] == "ImageUpload"
    again = kettle.run(image, path=package)
    assert not again.result.changed
    assert kettle.requests().count("Image_Upload") == 1


def test_invalid_package_is_reported_before_any_request(kettle: Bench, tmp_path: Path) -> None:
    wrong = tmp_path / "kettle.imagepackage"
    wrong.write_text("not a package")
    with pytest.raises(InvalidInput, match="is not an Azure Sphere image package"):
        kettle.run(image, path=str(wrong))
    assert kettle.requests() == []


def test_deployment_uploads_missing_images_and_is_idempotent(kettle: Bench, tmp_path: Path) -> None:
    packages = [
        str(compose_package(tmp_path / "kettle.imagepackage", name="KettleControl", **ONE)),
        str(compose_package(tmp_path / "board.imagepackage", name="Board", image_type=21, **BOARD)),
    ]
    wanted = {"product": "Kettle", "device_group": "Field Test", "packages": packages}
    predicted = kettle.run(deployment, check=True, **wanted)
    made = kettle.run(deployment, **wanted)
    assert predicted.result.diff == made.result.diff
    assert {each["name"] for each in made["deployment"]["images"]} == {"KettleControl", "Board"}
    assert predicted.unknown[:2] == ["deployment.id", "deployment.deployed_at"]
    kettle.simulator.clear_log()
    assert not kettle.run(deployment, **wanted).result.changed
    by_guid = kettle.run(
        deployment,
        device_group=made["deployment"]["device_group_id"],
        images=[BOARD["image_id"], ONE["image_id"].upper()],
    )
    assert not by_guid.result.changed
    assert set(kettle.requests()) <= {"DeviceGroup_GetInProduct", "DeviceGroup_Get", "Product_GetByName"} | {
        "Product_Get",
        "Image_GetMetadata",
        "Tenants_List",
    }


def test_two_builds_of_one_component_are_refused_before_any_request(kettle: Bench, tmp_path: Path) -> None:
    packages = [
        str(compose_package(tmp_path / "old.imagepackage", name="KettleControl", **ONE)),
        str(compose_package(tmp_path / "new.imagepackage", name="KettleControl", **OTHER_BUILD)),
    ]
    with pytest.raises(InvalidInput, match=r"old\.imagepackage and .*new\.imagepackage are builds of one component"):
        kettle.run(deployment, product="Kettle", device_group="Field Test", packages=packages)
    assert kettle.requests() == []


def test_missing_image_is_named(kettle: Bench) -> None:
    with pytest.raises(InvalidInput, match=f"Image {ONE['image_id']} not found in the tenant"):
        kettle.run(deployment, product="Kettle", device_group="Field Test", images=[ONE["image_id"]])
