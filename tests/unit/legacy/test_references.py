# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors


"""Products and device groups by name and by GUID, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    Deployment,
    DeviceGroup,
    DeviceGroupSpec,
    ProductSpec,
)

from tests.support.scripted_server import Answer
from tests.unit.legacy.scripted import (
    BY_NAME,
    DEVICE,
    GUID,
    IN,
    KETTLE,
    LAB,
    OTHER,
    TENANT,
    MakeBench,
    state,
)


def test_names_are_percent_encoded(bench: MakeBench) -> None:
    here = bench({})
    assert here.service.products.get(ProductRef("50% Kettle/é?#")) is None
    assert here.service.device_groups.get(group_ref("A b", "US region")) is None
    assert here.sent == [
        f"GET {IN}/products/name/50%25%20Kettle%2F%C3%A9%3F%23",
        f"GET {IN}/products/name/A%20b/deviceGroups/name/US%20region",
    ]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_cannot_change_the_path(bench: MakeBench, name: str) -> None:
    here = bench({})
    with pytest.raises(InvalidInput):
        here.service.products.get(ProductRef(name))
    assert here.sent == []


GROUPS = [
    {"Id": GUID, "Name": "field test", "ProductId": GUID},
    {"Id": OTHER, "Name": "Field Test", "ProductId": OTHER},
    {"Id": TENANT, "Name": "Production", "ProductId": OTHER},
]


@pytest.mark.parametrize(
    "answer",
    [Answer(404, b""), Answer(400, b""), Answer(405, b""), {"Items": GROUPS[:2]}, GROUPS, {"Name": "odd"}],
    ids=str,
)
def test_groups_are_found_by_name_without_the_guessed_address(bench: MakeBench, answer: Any) -> None:
    products = {"Items": [KETTLE, {"Id": OTHER, "Name": "Pot"}]}
    routes = {f"GET {IN}/devicegroups/name/FIELD%20test": answer, f"GET {IN}/devicegroups": {"Items": GROUPS}}
    here = bench({**routes, f"GET {IN}/products": products})
    assert sorted(group.id for group in here.service.device_groups.named("FIELD test")) == sorted([GUID, OTHER])


def test_empty_reply_to_a_group_name_is_an_empty_list(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/devicegroups/name/X": {"Items": []}})
    assert here.service.device_groups.named("X") == []
    assert len(here.sent) == 1


def test_new_product_always_sends_default_groups_flag(bench: MakeBench) -> None:
    here = bench({f"POST {IN}/products": Answer(202, json.dumps(state(0, OperationType=4)).encode())})
    for wanted in (True, False):
        here.service.products.create(ProductSpec("Kettle", "", wanted))
        assert here.body() == {"Name": "Kettle", "Description": None, "CreateDefaultGroups": wanted}


def test_patch_contains_changes_only(bench: MakeBench) -> None:
    here = bench({**BY_NAME, f"PATCH {IN}/devicegroups/{OTHER}": {}})
    lab = group_ref("Kettle", "Lab")
    here.service.device_groups.update(lab, DeviceGroupSpec(os_feed="RetailEval", description=""))
    assert here.body() == {"OSFeedType": 1, "Description": ""}
    here.service.device_groups.update(
        lab, DeviceGroupSpec(update_policy="UpdateAll", allow_crash_dumps_collection=False)
    )
    assert here.body() == {"UpdatePolicy": 0, "AllowCrashDumpsCollection": False}
    assert [each for each in here.sent if each.startswith("GET")] == [
        f"GET {IN}/products/name/Kettle/deviceGroups/name/Lab",
        f"GET {IN}/products/{GUID}",
    ]


@pytest.mark.parametrize("body", [{"Id": OTHER, "Name": "Lab"}, Answer(200, b"")], ids=str)
def test_new_group_is_returned_or_looked_up(bench: MakeBench, body: Any) -> None:
    here = bench({**BY_NAME, f"POST {IN}/devicegroups": body, f"GET {IN}/devicegroups/{OTHER}": LAB})
    here.service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec("Lab", os_feed="RetailEval"))
    made = here.service.device_groups.get(group_ref("kettle", "lab"))
    assert made is not None
    assert (made.id, made.product_id, str(made.ref)) == (OTHER, GUID, "Kettle/Lab")
    sent = json.loads(next(asked.body for asked in here.server.asked if asked.method == "POST"))
    assert sent == {"Name": "Lab", "Description": None, "ProductId": GUID, "OsFeedType": 1, "UpdatePolicy": 0}


def test_recorded_device_group_is_read(bench: MakeBench) -> None:
    deployed = {
        "Id": GUID,
        "DeployedImages": [GUID.upper(), "A" + GUID[1:]],
        "DeploymentDateUtc": "2024-05-06T07:08:09Z",
    }
    recorded = {
        "Id": OTHER.upper(),
        "TenantId": TENANT,
        "OsFeedType": 1,
        "ProductId": GUID.upper(),
        "Name": "Lab",
        "Description": None,
        "CurrentDeployment": deployed,
        "UpdatePolicy": 2,
    }
    here = bench({f"GET {IN}/devicegroups/{OTHER}": recorded, f"GET {IN}/products/{GUID}": KETTLE})
    assert here.service.device_groups.with_id(OTHER) == DeviceGroup(
        group_ref("Kettle", "Lab"),
        os_feed="RetailEval",
        update_policy="NoUpdates",
        current_deployment=Deployment(GUID, tuple(sorted([GUID, "a" + GUID[1:]])), "2024-05-06T07:08:09Z"),
        id=OTHER,
        product_id=GUID,
    )


def test_device_group_without_newer_members_is_read(bench: MakeBench) -> None:
    here = bench({f"GET {IN}/devicegroups": [{"Id": OTHER, "Name": "X"}]})
    (group,) = here.service.device_groups.list()
    assert (group.id, group.product_id, group.name, group.os_feed) == (OTHER, None, "X", "Retail")


TWIN = {"Id": TENANT, "Name": "KETTLE"}


def test_products_with_one_name_are_distinguished_by_id(bench: MakeBench) -> None:
    """Even where the service resolves the name to the other one."""
    here = bench(
        {
            **BY_NAME,
            f"GET {IN}/products/{TENANT}": TWIN,
            f"GET {IN}/products": [KETTLE, TWIN],
            f"GET {IN}/products/{TENANT}/deviceGroups": [{"Id": DEVICE[:36], "Name": "Lab", "ProductId": TENANT}],
            f"PATCH {IN}/products/{TENANT}": {},
        }
    )
    twin = here.service.products.with_id(TENANT)
    assert twin is not None
    group = here.service.device_groups.get(GroupRef(twin.ref, "lab"))
    assert group is not None
    assert group.id == DEVICE[:36]
    here.service.products.update(twin.ref, ProductSpec(description="Hot"))
    assert here.sent[-1] == f"PATCH {IN}/products/{TENANT}"
    listed = here.service.products.list()
    assert {each.id for each in listed} == {GUID, TENANT}
    assert len({each.ref for each in listed}) == 2


def test_group_of_a_device_is_resolved_lazily(bench: MakeBench) -> None:
    device = {"DeviceId": DEVICE, "TenantId": TENANT, "ProductId": GUID, "DeviceGroupId": OTHER}
    routes = {
        f"GET {IN}/devices/{DEVICE}": device,
        f"GET {IN}/devicegroups": [LAB],
        f"GET {IN}/products/{GUID}": KETTLE,
    }
    here = bench({**BY_NAME, **routes})
    found = here.service.devices.get(DEVICE)
    assert found is not None
    assert len(here.sent) == 1
    assert str(found.group) == "Kettle/Lab"
    assert len(here.sent) == 3
    again = here.service.devices.get(DEVICE)
    assert again is not None
    assert again.is_within(group_ref("kettle", "lab"))
    assert again.is_within(ProductRef("Kettle"))
    assert not again.is_within(ProductRef("Pot"))
    assert len(here.sent) == 4
