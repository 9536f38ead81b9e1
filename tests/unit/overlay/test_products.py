# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups of the overlay behave as the service does."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroupChange,
    DeviceGroupDraft,
    Placeholder,
    ProductChange,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay

from tests.support.memory import MemoryService

DEVICE = "0a" * 64


@pytest.fixture
def below() -> MemoryService:
    """A tenant with the product Kettle and a device in its group Lab."""
    service = MemoryService()
    service.create_product("Kettle", "Hot", False)
    kettle = service.product_named("Kettle")
    assert kettle is not None
    lab = service.create_device_group(DeviceGroupDraft(kettle.id, "Lab"))
    service.claim_devices([DEVICE], Deadline(10), lambda _outcome: True)
    service.move_devices([DEVICE], lab.id, Deadline(10), lambda _outcome: True)
    return service


@pytest.fixture
def overlay(below: MemoryService) -> Overlay:
    return Overlay(below)


def named(overlay: Overlay, product: str, group: str | None = None) -> str:
    found = overlay.product_named(product) if group is None else overlay.device_group_named(product, group)
    assert found is not None
    return found.id


def test_a_new_product_comes_with_the_default_groups_of_the_service(overlay: Overlay) -> None:
    operation = overlay.create_product("Toaster", None, True)
    assert overlay.wait(operation, Deadline(0)).final
    toaster = named(overlay, "toaster")
    assert isinstance(toaster, Placeholder)
    groups = [(group.name, group.os_feed, group.update_policy) for group in overlay.device_groups(toaster)]
    assert sorted(groups) == sorted(DEFAULT_DEVICE_GROUPS)


def test_missing_default_groups_are_added_to_those_that_are_there(overlay: Overlay) -> None:
    kettle = named(overlay, "Kettle")
    overlay.create_device_group(DeviceGroupDraft(kettle, "field TEST", update_policy="No3rdPartyAppUpdates"))
    overlay.create_default_device_groups(kettle)
    names = [group.name for group in overlay.device_groups(kettle)]
    assert len(names) == len(DEFAULT_DEVICE_GROUPS) + 1
    assert "field TEST" in names
    assert "Field Test" not in names


@pytest.mark.parametrize("name", ["Kettle", "KETTLE", "kettle"])
def test_names_are_the_same_whatever_their_case(overlay: Overlay, name: str) -> None:
    assert overlay.product_named(name) is not None
    with pytest.raises(Conflict, match="already"):
        overlay.create_product(name, None, False)
    with pytest.raises(Conflict, match="already"):
        overlay.create_device_group(DeviceGroupDraft(named(overlay, name), "LAB"))


@pytest.mark.parametrize("name", ["", " Kettle", "Kettle!", "K" * 51, "Kettle/2"])
def test_names_that_the_service_would_not_take(overlay: Overlay, name: str) -> None:
    with pytest.raises(InvalidInput):
        overlay.create_product(name, None, False)
    with pytest.raises(InvalidInput):
        overlay.create_device_group(DeviceGroupDraft(named(overlay, "Kettle"), name))


def test_a_change_leaves_alone_what_it_does_not_name(overlay: Overlay, below: MemoryService) -> None:
    kettle = named(overlay, "Kettle")
    overlay.update_product(kettle, ProductChange(name="kettle two"))
    changed = overlay.product(kettle)
    assert changed is not None
    assert (changed.name, changed.description) == ("kettle two", "Hot")
    assert overlay.product_named("Kettle") is None
    overlay.update_product(kettle, ProductChange(description=""))
    assert overlay.products()[0].description is None
    assert below.products()[0].name == "Kettle"


def test_a_product_that_changed_is_found_by_its_name_as_it_is_now(overlay: Overlay) -> None:
    overlay.update_product(named(overlay, "Kettle"), ProductChange(description="Cold"))
    found = overlay.product_named("kettle")
    assert found is not None
    assert found.description == "Cold"


def test_renaming_to_a_name_that_is_taken_fails(overlay: Overlay) -> None:
    overlay.create_product("Toaster", None, False)
    with pytest.raises(Conflict):
        overlay.update_product(named(overlay, "Toaster"), ProductChange(name="KETTLE"))
    kettle = named(overlay, "Kettle")
    overlay.create_device_group(DeviceGroupDraft(kettle, "Shop"))
    with pytest.raises(Conflict):
        overlay.update_device_group(named(overlay, "Kettle", "Shop"), DeviceGroupChange(name="lab"))


def test_another_case_of_its_own_name_is_no_clash(overlay: Overlay) -> None:
    overlay.update_product(named(overlay, "Kettle"), ProductChange(name="KETTLE"))
    assert [product.name for product in overlay.products()] == ["KETTLE"]


def test_every_member_of_a_group_can_change(overlay: Overlay) -> None:
    lab = named(overlay, "Kettle", "Lab")
    overlay.update_device_group(
        lab,
        DeviceGroupChange(
            name="Laboratory",
            description="Inside",
            os_feed="RetailEval",
            update_policy="No3rdPartyAppUpdates",
            allow_crash_dumps_collection=True,
        ),
    )
    group = overlay.device_group(lab)
    assert group is not None
    assert (group.name, group.description, group.os_feed) == ("Laboratory", "Inside", "RetailEval")
    assert (group.update_policy, group.allow_crash_dumps_collection) == ("No3rdPartyAppUpdates", True)
    overlay.update_device_group(lab, DeviceGroupChange(allow_crash_dumps_collection=False))
    group = overlay.device_group(lab)
    assert group is not None
    assert (group.name, group.allow_crash_dumps_collection) == ("Laboratory", False)


def test_nothing_is_deleted_while_devices_are_in_it(overlay: Overlay) -> None:
    with pytest.raises(Conflict, match="1"):
        overlay.delete_device_group(named(overlay, "Kettle", "Lab"))
    with pytest.raises(Conflict, match="1"):
        overlay.delete_product(named(overlay, "Kettle"))


def test_a_deleted_product_takes_its_groups_along(overlay: Overlay, below: MemoryService) -> None:
    kettle, lab = named(overlay, "Kettle"), named(overlay, "Kettle", "Lab")
    overlay.create_product("Toaster", None, True)
    overlay.move_devices([DEVICE], named(overlay, "Toaster", "Development"), Deadline(10), lambda _outcome: True)
    overlay.delete_product(kettle)
    assert overlay.product(kettle) is overlay.product_named("Kettle") is overlay.device_group(lab) is None
    assert lab not in {group.id for group in overlay.device_groups()}
    assert below.product(kettle) is not None


def test_a_product_made_again_is_another_one(overlay: Overlay) -> None:
    overlay.create_product("Toaster", None, False)
    first = named(overlay, "Toaster")
    overlay.delete_product(first)
    overlay.create_product("Toaster", None, False)
    assert named(overlay, "Toaster") != first
    assert overlay.product(first) is None


def test_what_is_not_there_cannot_be_written_to(overlay: Overlay) -> None:
    nowhere = "a9000000-0000-4000-8000-000000000001"
    with pytest.raises(NotFound):
        overlay.update_product(nowhere, ProductChange(name="X"))
    with pytest.raises(NotFound):
        overlay.delete_product(nowhere)
    with pytest.raises(NotFound):
        overlay.create_device_group(DeviceGroupDraft(nowhere, "Lab"))
    with pytest.raises(NotFound):
        overlay.update_device_group(nowhere, DeviceGroupChange(name="X"))
    with pytest.raises(NotFound):
        overlay.delete_device_group(nowhere)


def test_groups_of_one_name_are_found_in_all_products(overlay: Overlay) -> None:
    overlay.create_product("Toaster", None, False)
    overlay.create_device_group(DeviceGroupDraft(named(overlay, "Toaster"), "LAB"))
    assert sorted(group.name for group in overlay.device_groups_named("lab")) == ["LAB", "Lab"]
