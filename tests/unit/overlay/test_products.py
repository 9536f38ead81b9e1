# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups of the overlay behave as the service does."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroup,
    DeviceGroupSpec,
    Product,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay

from tests.support.fakes import Part
from tests.support.memory import EmptyService, MemoryService

DEVICE = "0a" * 64
KETTLE, TOASTER, NOWHERE = ProductRef("Kettle"), ProductRef("Toaster"), ProductRef("Nowhere")
LAB = GroupRef(KETTLE, "Lab")


@pytest.fixture
def below() -> MemoryService:
    """A tenant with the product Kettle and a device in its group Lab."""
    service = MemoryService()
    service.products.create(ProductSpec("Kettle", "Hot", False))
    service.device_groups.create(KETTLE, DeviceGroupSpec("Lab"))
    service.devices.claim([DEVICE], Deadline(10), lambda _outcome: True)
    service.devices.move([DEVICE], LAB, Deadline(10), lambda _outcome: True)
    return service


@pytest.fixture
def overlay(below: MemoryService) -> Overlay:
    return Overlay(below)


def product(overlay: Overlay, ref: ProductRef) -> Product:
    found = overlay.products.get(ref)
    assert found is not None
    return found


def group(overlay: Overlay, ref: GroupRef) -> DeviceGroup:
    found = overlay.device_groups.get(ref)
    assert found is not None
    return found


def test_new_product_comes_with_the_default_groups_of_the_service(overlay: Overlay) -> None:
    operation = overlay.products.create(ProductSpec("Toaster"))
    assert overlay.operations.wait(operation, Deadline(0)).final
    assert isinstance(product(overlay, ProductRef("toaster")).id, Placeholder)
    groups = [(group.name, group.os_feed, group.update_policy) for group in overlay.device_groups.list(TOASTER)]
    assert sorted(groups) == sorted(DEFAULT_DEVICE_GROUPS)


def test_missing_default_groups_are_added_to_those_that_are_there(overlay: Overlay) -> None:
    overlay.device_groups.create(KETTLE, DeviceGroupSpec("field TEST", update_policy="No3rdPartyAppUpdates"))
    overlay.products.create_default_device_groups(KETTLE)
    names = [group.name for group in overlay.device_groups.list(KETTLE)]
    assert len(names) == len(DEFAULT_DEVICE_GROUPS) + 1
    assert "field TEST" in names
    assert "Field Test" not in names


@pytest.mark.parametrize("name", ["Kettle", "KETTLE", "kettle"])
def test_names_are_the_same_whatever_their_case(overlay: Overlay, name: str) -> None:
    assert product(overlay, ProductRef(name)).name == "Kettle"
    with pytest.raises(Conflict, match="already"):
        overlay.products.create(ProductSpec(name, default_device_groups=False))
    with pytest.raises(Conflict, match="already"):
        overlay.device_groups.create(ProductRef(name), DeviceGroupSpec("LAB"))


@pytest.mark.parametrize("name", ["", " Kettle", "Kettle!", "K" * 51, "Kettle/2"])
def test_invalid_names_are_rejected(overlay: Overlay, name: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid product name"):
        overlay.products.create(ProductSpec(name))
    with pytest.raises(InvalidInput, match="Invalid product name"):
        overlay.products.update(KETTLE, ProductSpec(name))
    with pytest.raises(InvalidInput, match="Invalid device group name"):
        overlay.device_groups.create(KETTLE, DeviceGroupSpec(name))
    with pytest.raises(InvalidInput, match="Invalid device group name"):
        overlay.device_groups.update(LAB, DeviceGroupSpec(name))


def test_update_leaves_other_settings_alone(overlay: Overlay, below: MemoryService) -> None:
    overlay.products.update(KETTLE, ProductSpec(name="kettle two"))
    changed = product(overlay, ProductRef("Kettle Two"))
    assert (changed.name, changed.description) == ("kettle two", "Hot")
    assert overlay.products.get(KETTLE) is None
    overlay.products.update(changed.ref, ProductSpec(description=""))
    assert overlay.products.list()[0].description is None
    assert below.products.list()[0].name == "Kettle"


def test_renaming_to_a_name_that_is_taken_fails(overlay: Overlay) -> None:
    overlay.products.create(ProductSpec("Toaster", None, False))
    with pytest.raises(Conflict):
        overlay.products.update(TOASTER, ProductSpec(name="KETTLE"))
    overlay.device_groups.create(KETTLE, DeviceGroupSpec("Shop"))
    with pytest.raises(Conflict):
        overlay.device_groups.update(GroupRef(KETTLE, "Shop"), DeviceGroupSpec(name="lab"))


def test_renaming_to_another_case_is_allowed(overlay: Overlay) -> None:
    overlay.products.update(KETTLE, ProductSpec(name="KETTLE"))
    overlay.device_groups.update(LAB, DeviceGroupSpec(name="LAB"))
    assert [product.name for product in overlay.products.list()] == ["KETTLE"]
    assert [str(group.ref) for group in overlay.device_groups.list()] == ["KETTLE/LAB"]
    assert str(overlay.devices.list()[0].group) == "KETTLE/LAB"


def test_every_setting_of_a_group_can_change(overlay: Overlay) -> None:
    spec = DeviceGroupSpec("Laboratory", "Inside", "RetailEval", "No3rdPartyAppUpdates", True)
    overlay.device_groups.update(LAB, spec)
    renamed = GroupRef(KETTLE, "laboratory")
    there = group(overlay, renamed)
    assert (there.name, there.description, there.os_feed) == ("Laboratory", "Inside", "RetailEval")
    assert (there.update_policy, there.allow_crash_dumps_collection) == ("No3rdPartyAppUpdates", True)
    overlay.device_groups.update(renamed, DeviceGroupSpec(allow_crash_dumps_collection=False))
    there = group(overlay, renamed)
    assert (there.name, there.allow_crash_dumps_collection) == ("Laboratory", False)


def test_everything_follows_a_renamed_product(overlay: Overlay, below: MemoryService) -> None:
    """Whatever was read or changed before; the service below is asked under the old name."""
    overlay.device_groups.create(KETTLE, DeviceGroupSpec("Shop"))
    overlay.device_groups.update(LAB, DeviceGroupSpec(description="Inside"))
    overlay.products.update(KETTLE, ProductSpec(name="Pot"))
    pot, lab = ProductRef("Pot"), group_ref("Pot", "Lab")
    assert [str(each.ref) for each in overlay.device_groups.list(pot)] == ["Pot/Lab", "Pot/Shop"]
    assert [str(each.ref) for each in overlay.device_groups.named("lab")] == ["Pot/Lab"]
    assert group(overlay, lab).description == "Inside"
    assert overlay.device_groups.get(LAB) is None
    [device] = overlay.devices.list(lab)
    assert device.group == lab
    assert device.is_within(pot)
    assert not device.is_within(KETTLE)
    assert (overlay.devices.count(pot), overlay.devices.count(lab)) == (1, 1)
    with pytest.raises(NotFound):
        overlay.device_groups.create(KETTLE, DeviceGroupSpec("Attic"))
    assert [str(each.ref) for each in below.device_groups.list()] == ["Kettle/Lab"]


def test_new_product_with_a_freed_name_has_another_id(overlay: Overlay) -> None:
    overlay.products.update(KETTLE, ProductSpec(name="Pot"))
    overlay.products.create(ProductSpec("Kettle", "Cold", False))
    assert overlay.device_groups.list(KETTLE) == []
    assert (overlay.devices.count(KETTLE), overlay.devices.count(ProductRef("Pot"))) == (0, 1)
    assert product(overlay, KETTLE).description == "Cold"
    assert overlay.device_groups.get(LAB) is None
    assert str(overlay.devices.list()[0].group) == "Pot/Lab"


def test_product_can_take_the_name_of_a_deleted_one(overlay: Overlay) -> None:
    overlay.products.create(ProductSpec("Toaster", None, False))
    overlay.device_groups.create(TOASTER, DeviceGroupSpec("Lab", "Brown"))
    overlay.devices.move([DEVICE], GroupRef(TOASTER, "Lab"), Deadline(10), lambda _outcome: True)
    overlay.products.delete(KETTLE)
    overlay.products.update(TOASTER, ProductSpec(name="Kettle"))
    assert [(str(each.ref), each.description) for each in overlay.device_groups.list()] == [("Kettle/Lab", "Brown")]
    assert overlay.devices.list(LAB)[0].group == LAB


def test_group_keeps_its_devices_and_deployments_when_renamed(overlay: Overlay) -> None:
    overlay.device_groups.update(LAB, DeviceGroupSpec(name="Shop"))
    shop = GroupRef(KETTLE, "Shop")
    assert [device.id for device in overlay.devices.list(shop)] == [DEVICE]
    assert overlay.devices.list()[0].group == shop
    overlay.device_groups.create(KETTLE, DeviceGroupSpec("Lab"))
    assert overlay.devices.list(LAB) == []
    assert [each.name for each in overlay.device_groups.list(KETTLE)] == ["Lab", "Shop"]
    overlay.device_groups.update(shop, DeviceGroupSpec(name="Attic"))
    overlay.device_groups.update(LAB, DeviceGroupSpec(name="Shop"))
    assert (overlay.devices.count(shop), overlay.devices.count(GroupRef(KETTLE, "Attic"))) == (0, 1)


def test_renamed_product_is_found_by_its_id(overlay: Overlay, below: MemoryService) -> None:
    before = below.products.list()[0]
    assert before.id is not None
    overlay.products.update(KETTLE, ProductSpec(name="Pot"))
    again = overlay.products.with_id(before.id)
    assert again is not None
    assert again.name == "Pot"
    lab = below.device_groups.list()[0]
    assert lab.id is not None
    found = overlay.device_groups.with_id(lab.id)
    assert found is not None
    assert str(found.ref) == "Pot/Lab"
    overlay.devices.claim(["0b" * 64], Deadline(10), lambda _outcome: True)


def test_nothing_is_deleted_while_devices_are_in_it(overlay: Overlay) -> None:
    with pytest.raises(Conflict, match="1"):
        overlay.device_groups.delete(LAB)
    with pytest.raises(Conflict, match="1"):
        overlay.products.delete(KETTLE)


def test_deleting_a_product_deletes_its_groups(overlay: Overlay, below: MemoryService) -> None:
    kettle, lab = below.products.list()[0].id, below.device_groups.list()[0].id
    overlay.products.create(ProductSpec("Toaster"))
    overlay.devices.move([DEVICE], GroupRef(TOASTER, "Development"), Deadline(10), lambda _outcome: True)
    overlay.products.delete(KETTLE)
    assert overlay.products.get(KETTLE) is overlay.device_groups.get(LAB) is None
    assert overlay.products.with_id(kettle or "") is overlay.device_groups.with_id(lab or "") is None
    assert LAB not in {group.ref for group in overlay.device_groups.list()}
    assert below.products.get(KETTLE) is not None


def test_recreated_product_has_another_id(overlay: Overlay) -> None:
    overlay.devices.move([DEVICE], LAB, Deadline(10), lambda _outcome: True)
    overlay.products.create(ProductSpec("Toaster"))
    overlay.products.delete(TOASTER)
    overlay.products.create(ProductSpec("Toaster", None, False))
    assert overlay.device_groups.list(TOASTER) == []
    assert overlay.device_groups.get(GroupRef(TOASTER, "Production")) is None


def test_writes_to_missing_resources_fail(overlay: Overlay) -> None:
    with pytest.raises(NotFound):
        overlay.products.update(NOWHERE, ProductSpec(name="X"))
    with pytest.raises(NotFound):
        overlay.products.delete(NOWHERE)
    with pytest.raises(NotFound):
        overlay.device_groups.create(NOWHERE, DeviceGroupSpec("Lab"))
    with pytest.raises(NotFound):
        overlay.device_groups.update(GroupRef(NOWHERE, "Lab"), DeviceGroupSpec(name="X"))
    with pytest.raises(NotFound):
        overlay.device_groups.delete(GroupRef(KETTLE, "X"))


def test_groups_of_one_name_are_found_in_all_products(overlay: Overlay) -> None:
    overlay.products.create(ProductSpec("Toaster", None, False))
    overlay.device_groups.create(TOASTER, DeviceGroupSpec("LAB"))
    assert sorted(group.name for group in overlay.device_groups.named("lab")) == ["LAB", "Lab"]


def test_products_of_one_name_stay_apart() -> None:
    """A service that let two differ in case only gives the second a key."""
    kettle, twin = Product(KETTLE, "Hot", "a8"), Product(ProductRef("KETTLE", "a9"), "Twin", "a9")
    service = EmptyService()
    service.products = Part(
        service.products,
        list=lambda: [kettle, twin],
        get=lambda ref: next((each for each in (kettle, twin) if each.ref == ref), None),
        with_id=lambda guid: next((each for each in (kettle, twin) if each.id == guid), None),
    )
    overlay = Overlay(service)
    assert overlay.products.with_id("a9") == twin
    overlay.products.update(twin.ref, ProductSpec(description="Cold"))
    assert [each.description for each in overlay.products.list()] == ["Hot", "Cold"]
    assert product(overlay, KETTLE).description == "Hot"
