# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What info modules read, and what it takes to read it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    DeadlineExceeded,
    FleetError,
    InvalidInput,
    NotFound,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.modules import (
    ca_certificate_info,
    deployment_info,
    device_group_info,
    device_info,
    image_info,
    operation_info,
    product,
    product_info,
    tenant_info,
    user_info,
)

from .conftest import TENANT, Bench

IMAGE = "c1000000-0000-4000-8000-000000000001"
NEWER = "c1000000-0000-4000-8000-000000000002"
COMPONENT = "d1000000-0000-4000-8000-000000000001"
NOTHING = "00000000-1111-4222-8333-444444444444"
DEVICES = [f"{number:0128x}" for number in range(1, 26)]


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    """Two products; 20 devices in production, four in a group without deployments, one in no group."""
    bench.seed(
        images=[
            {"id": IMAGE, "component_id": COMPONENT, "name": "KettleControl"},
            {"id": NEWER, "component_id": COMPONENT, "name": "KettleControl"},
        ],
        products=[
            {
                "name": "Kettle",
                "device_groups": [
                    {"name": "Production", "deployments": [{"images": [IMAGE]}, {"images": [NEWER]}]},
                    {"name": "Laboratory"},
                ],
            },
            {"name": "Coffee Machine", "device_groups": [{"name": "Production"}]},
        ],
        devices=[
            *({"id": each, "device_group": "Kettle/Production"} for each in DEVICES[:20]),
            *({"id": each, "device_group": "Kettle/Laboratory"} for each in DEVICES[20:24]),
            DEVICES[24],
        ],
        roles={"Fleet automation": ["Administrator"], "ada@contoso.example": ["Reader", "Contributor"]},
    )
    return bench


def names(values: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in values]


def test_tenants_are_listed_without_one_and_read_with_one(fleet: Bench) -> None:
    assert [(each["name"], each["roles"]) for each in fleet.run(tenant_info, tenant=None)["tenants"]] == [
        (TENANT, ["Administrator"])
    ]
    assert names(fleet.run(tenant_info)["tenants"]) == [TENANT]
    assert "Tenants_Get" in fleet.requests()
    with pytest.raises(InvalidInput, match=rf'"Elsewhere".*{TENANT}'):
        fleet.run(tenant_info, tenant="Elsewhere")


def test_products_come_with_their_groups(fleet: Bench) -> None:
    everything = fleet.run(product_info)["products"]
    assert names(everything) == ["Coffee Machine", "Kettle"]
    assert names(everything[1]["device_groups"]) == ["Laboratory", "Production"]
    assert fleet.run(product_info, name="KETTLE")["products"] == everything[1:]
    assert fleet.run(product_info, id=everything[1]["id"].upper())["products"] == everything[1:]
    assert fleet.run(product_info, name="Teapot")["products"] == []
    assert fleet.run(product_info, id=NOTHING)["products"] == []


def test_device_groups_by_product_name_and_id(fleet: Bench) -> None:
    everything = fleet.run(device_group_info)["device_groups"]
    assert [(each["product"], each["name"]) for each in everything] == [
        ("Coffee Machine", "Production"),
        ("Kettle", "Laboratory"),
        ("Kettle", "Production"),
    ]
    assert fleet.run(device_group_info, name="production")["device_groups"] == [everything[0], everything[2]]
    assert "DeviceGroup_ListByName" in fleet.requests()
    assert fleet.run(device_group_info, product="kettle")["device_groups"] == everything[1:]
    assert fleet.run(device_group_info, product="Kettle", name="Production")["device_groups"] == everything[2:]
    assert fleet.run(device_group_info, id=everything[1]["id"])["device_groups"] == everything[1:2]
    assert fleet.run(device_group_info, product="Kettle", name="Attic")["device_groups"] == []
    assert fleet.run(device_group_info, name="Attic")["device_groups"] == []
    with pytest.raises(InvalidInput, match='"Coffee Machine", "Kettle"'):
        fleet.run(device_group_info, product="Teapot")


def test_devices_of_tenant_product_group_and_by_id(fleet: Bench) -> None:
    everything = fleet.run(device_info)
    assert everything["count"] == 25
    assert [each["id"] for each in everything["devices"]] == DEVICES
    places = [(each["product"], each["device_group"]) for each in everything["devices"]]
    assert places == [("Kettle", "Production")] * 20 + [("Kettle", "Laboratory")] * 4 + [(None, None)]
    assert fleet.run(device_info, product="Kettle")["devices"] == everything["devices"][:24]
    in_group = fleet.run(device_info, product="Kettle", device_group="Laboratory")
    assert in_group["devices"] == everything["devices"][20:24]
    asked = fleet.run(device_info, ids=[DEVICES[24], DEVICES[2].upper(), "0f" * 64])
    assert asked["devices"] == [everything["devices"][24], everything["devices"][2]]
    assert asked["missing"] == ["0f" * 64]
    many = fleet.run(device_info, ids=DEVICES[::-1])
    assert many["devices"] == everything["devices"][::-1]


@pytest.mark.parametrize(
    ("scope", "count", "call"),
    [
        ({}, 25, "Devices_Count"),
        ({"product": "Kettle"}, 24, "Devices_CountInProduct"),
        ({"product": "Kettle", "device_group": "Production"}, 20, "Devices_CountInGroup"),
        ({"product": "Coffee Machine"}, 0, "Devices_CountInProduct"),
    ],
)
def test_counts_read_no_device(fleet: Bench, scope: dict[str, str], count: int, call: str) -> None:
    counted = fleet.run(device_info, count_only=True, **scope)
    assert counted.values == {"count": count}
    assert call in fleet.requests()
    assert not {"Devices_List", "Devices_ListInProduct", "Devices_ListInGroup"} & set(fleet.requests())


def test_targeted_images_of_each_device(fleet: Bench) -> None:
    found = fleet.run(device_info, product="Kettle", targeted_images=True)
    targeted = [[image["id"] for image in each["targeted_images"]] for each in found["devices"]]
    assert targeted == [[NEWER]] * 20 + [[]] * 4
    assert fleet.requests().count("Deployments_GetByDevice") == 24
    assert fleet.run(device_info, ids=DEVICES[:1], targeted_images=True)["devices"] == found["devices"][:1]


def test_malformed_device_id_is_reported_before_any_request(fleet: Bench) -> None:
    with pytest.raises(InvalidInput, match="row 2"):
        fleet.run(device_info, ids=[DEVICES[0], "0a0b"])
    assert fleet.requests() == []


def test_images_by_id_component_and_name(fleet: Bench) -> None:
    everything = fleet.run(image_info)["images"]
    assert {each["id"] for each in everything} == {IMAGE, NEWER}
    assert all(each["component_id"] == COMPONENT and each["type"] == "Applications" for each in everything)
    asked = fleet.run(image_info, ids=[NEWER.upper(), NOTHING])
    assert [each["id"] for each in asked["images"]] == [NEWER]
    assert fleet.run(image_info, component_id=COMPONENT.upper())["images"] == everything
    assert fleet.run(image_info, component_id=NOTHING)["images"] == []
    assert fleet.run(image_info, name="kettlecontrol")["images"] == everything
    assert fleet.run(image_info, name="Teapot")["images"] == []


def test_status_and_components_by_the_calls_for_them(fleet: Bench) -> None:
    asked = fleet.run(image_info, ids=[IMAGE, NOTHING], status=True, component_ids=True)
    assert [each["status"] for each in asked["images"]] == ["Succeeded"]
    assert asked["component_ids"] == {IMAGE: COMPONENT}
    assert {"Image_GetStatus", "Image_ListComponentIds"} <= set(fleet.requests())


def test_components_in_a_check_run_send_no_post(fleet: Bench) -> None:
    predicted = fleet.run(image_info, check=True, ids=[IMAGE, NEWER], component_ids=True)
    assert predicted["component_ids"] == {IMAGE: COMPONENT, NEWER: COMPONENT}
    assert fleet.simulator.counts()["writes"] == 0
    assert "Image_ListComponentIds" not in fleet.requests()


def test_download_address_is_returned_on_request_with_a_warning(fleet: Bench) -> None:
    assert "download_url" not in fleet.run(image_info, ids=[IMAGE])["images"][0]
    shown = fleet.run(image_info, ids=[IMAGE], download_url=True)
    assert shown["images"][0]["download_url"].startswith(fleet.simulator.ready["blob_url"])
    assert [warning for warning in shown.warnings if "no_log" in warning]
    assert not fleet.run(image_info, ids=[IMAGE], download_url=True, no_log=True).warnings


def test_deployments_of_the_tenant_a_product_a_group_and_by_id(fleet: Bench) -> None:
    everything = fleet.run(deployment_info)["deployments"]
    assert [(each["product"], each["device_group"], each["current"]) for each in everything] == [
        ("Kettle", "Production", True),
        ("Kettle", "Production", False),
    ]
    assert [[image["id"] for image in each["images"]] for each in everything] == [[NEWER], [IMAGE]]
    assert everything[0]["images"][0]["name"] == "KettleControl"
    assert fleet.run(deployment_info, product="Kettle")["deployments"] == everything
    assert fleet.run(deployment_info, product="Coffee Machine")["deployments"] == []
    assert fleet.run(deployment_info, product="Kettle", device_group="Production")["deployments"] == everything
    by_id = fleet.run(deployment_info, id=everything[1]["id"])["deployments"]
    assert [(each["id"], each["images"], each["device_group"]) for each in by_id] == [
        (everything[1]["id"], everything[1]["images"], None)
    ]
    assert fleet.run(deployment_info, id=NOTHING)["deployments"] == []


def test_current_deployments_need_no_request_per_group(fleet: Bench) -> None:
    current = fleet.run(deployment_info, current=True)["deployments"]
    assert [[image["id"] for image in each["images"]] for each in current] == [[NEWER]]
    assert "Deployments_List" not in fleet.requests()


def test_users_and_the_roles_that_there_are(fleet: Bench) -> None:
    everything = fleet.run(user_info)
    by_mail = {each["mail"]: each["roles"] for each in everything["users"]}
    assert by_mail["ada@contoso.example"] == ["Contributor", "Reader"]
    assert len(by_mail) == 2
    assert sorted(everything["roles_available"]) == ["Administrator", "Contributor", "Reader"]
    one = fleet.run(user_info, user="ADA@contoso.example")["users"]
    assert [(each["mail"], each["roles"]) for each in one] == [("ada@contoso.example", ["Contributor", "Reader"])]
    assert fleet.run(user_info, user="sam@contoso.example")["users"] == []


def test_certificates_are_read_from_their_bodies(bench: Bench) -> None:
    bench.seed(
        certificates=[
            {"active": True, "ends_in_days": 60},
            {"starts_in_days": -1, "ends_in_days": 729},
            {"ends_in_days": -5, "revoked": True},
        ]
    )
    found = bench.run(ca_certificate_info)["certificates"]
    now = datetime.now(timezone.utc)
    days = sorted(round((_moment(each["not_after"]) - now).days / 10) * 10 for each in found if each["not_after"])
    assert days == [60, 730]
    active = next(each for each in found if each["is_active"])
    assert "CN=" in active["subject"]
    assert _moment(active["not_before"]) < now
    expired = next(each for each in found if each["is_revoked"])
    assert (expired["not_after"], expired["not_before"], expired["subject"]) == (None, None, None)
    print_ = ":".join(re.findall("..", active["thumbprint"].lower()))
    assert bench.run(ca_certificate_info, thumbprint=print_)["certificates"] == [active]
    assert bench.run(ca_certificate_info, thumbprint="00")["certificates"] == []


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def test_operation_is_returned_and_waited_for(fleet: Bench) -> None:
    fleet.simulator.settings(operation_seconds=0.5)
    started = fleet.run(product, name="Teapot", wait=False)["operation"]
    now = fleet.run(operation_info, id=started["id"].upper())["operation"]
    assert now["type"] == "CreateProduct"
    assert now["state"] in ("NotStarted", "InProgress")
    over = fleet.run(operation_info, id=started["id"], wait=True)["operation"]
    assert (over["state"], over["error"], over["details"]) == ("Complete", None, None)
    assert over["completed"] is not None


def test_operation_timeout_names_the_last_state(fleet: Bench) -> None:
    fleet.simulator.settings(operation_seconds=300)
    started = fleet.run(product, name="Teapot", wait=False)["operation"]
    with pytest.raises(DeadlineExceeded, match=r"NotStarted|InProgress"):
        fleet.run(operation_info, id=started["id"], wait=True, wait_timeout=0.2)


def test_failed_operation_does_not_fail_the_task(fleet: Bench) -> None:
    fleet.simulator.settings(operation_seconds=0.5)
    service = fleet.service()
    started = service.products.delete(ProductRef("Kettle"))
    assert started is not None
    waited_for = fleet.run(operation_info, id=started.id, wait=True)["operation"]
    assert waited_for["state"] == "Failed"
    assert waited_for["error"]["code"]
    assert fleet.run(operation_info, id=started.id)["operation"] == waited_for


def test_deployment_operation_has_details(fleet: Bench) -> None:
    service = fleet.service()
    started = service.deployments.create(group_ref("Kettle", "Laboratory"), [IMAGE])
    assert started is not None
    reported = fleet.run(operation_info, id=started.id, wait=True)["operation"]
    assert (reported["type"], reported["state"]) == ("DeployToDeviceGroup", "Complete")
    assert reported["details"]
    assert "Deployments_GetCreateDetails" in fleet.requests()


def test_tenant_creation_is_found_outside_of_tenants(fleet: Bench) -> None:
    started = fleet.service().tenants.create("Contoso Laboratory", "0e" * 64)
    reported = fleet.run(operation_info, tenant=None, id=started.id, wait=True)["operation"]
    assert (reported["type"], reported["state"]) == ("TenantCreation", "Complete")
    assert "AsyncOperations_GetGlobal" in fleet.requests()


def test_unknown_operation_is_an_error(fleet: Bench) -> None:
    with pytest.raises(NotFound, match=f"Operation {NOTHING} not found"):
        fleet.run(operation_info, id=NOTHING)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (product_info, {"id": "Kettle"}),
        (device_group_info, {"id": "Kettle"}),
        (image_info, {"ids": [IMAGE, "Kettle"]}),
        (image_info, {"component_id": "Kettle"}),
        (deployment_info, {"id": "Kettle"}),
        (operation_info, {"id": "Kettle"}),
    ],
)
def test_invalid_guid_is_reported_before_any_request(fleet: Bench, module: ModuleType, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r'Invalid .* ID "Kettle": it is not a GUID'):
        fleet.run(module, **options)
    assert fleet.requests() == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (tenant_info, {}),
        (product_info, {}),
        (device_group_info, {"name": "Production"}),
        (device_info, {"targeted_images": True}),
        (image_info, {"status": True}),
        (deployment_info, {}),
        (user_info, {}),
        (ca_certificate_info, {}),
    ],
)
def test_check_mode_reads_the_same_and_writes_nothing(
    fleet: Bench, module: ModuleType, options: dict[str, Any]
) -> None:
    assert fleet.run(module, check=True, **options).values == fleet.run(module, **options).values
    assert fleet.simulator.counts()["writes"] == 0


@pytest.mark.parametrize("dialect", ["documented", "other"])
def test_either_dialect_of_the_service_is_read(fleet: Bench, dialect: str) -> None:
    fleet.simulator.settings(dialect=dialect, page_size=2)
    assert names(fleet.run(product_info)["products"]) == ["Coffee Machine", "Kettle"]
    assert fleet.run(device_info)["count"] == 25
    assert [each["status"] for each in fleet.run(image_info, status=True)["images"]] == ["Succeeded"] * 2
    assert [each["current"] for each in fleet.run(deployment_info)["deployments"]] == [True, False]
    with pytest.raises(FleetError):
        fleet.run(operation_info, id=NOTHING)
