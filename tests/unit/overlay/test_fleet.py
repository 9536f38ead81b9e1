# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices, images and deployments of the overlay behave as the service does."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, FleetError, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    Device,
    DeviceGroupSpec,
    ImagePackage,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder, PlannedBytes
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.support.memory import TENANT, MemoryService

CLAIMED, UNCLAIMED = "0a" * 64, "0b" * 64
LAB = group_ref("Kettle", "Lab")
COMPONENTS = ("d1000000-0000-4000-8000-000000000001", "d2000000-0000-4000-8000-000000000001")
OLD, NEW, OTHER = (f"c{number}000000-0000-4000-8000-000000000001" for number in (1, 2, 3))


def package(image_id: str, component_id: str = COMPONENTS[0]) -> ImagePackage:
    return ImagePackage(f"{image_id}.imagepackage", image_id, component_id, "Applications", "Blink", 100, "")


class Reported:
    """What a bulk write reported; stops it after so many."""

    def __init__(self, most: int = 1000) -> None:
        self.errors: dict[str, FleetError | None] = {}
        self._most = most

    def __call__(self, outcome: DeviceOutcome) -> bool:
        self.errors[outcome.id] = outcome.error
        return len(self.errors) < self._most


@pytest.fixture
def below() -> MemoryService:
    """Kettle with the groups Lab and Shop, one device in Lab, the image OLD deployed there."""
    service = MemoryService()
    kettle = ProductRef("Kettle")
    service.products.create(ProductSpec("Kettle", None, False))
    for name in ("Lab", "Shop"):
        service.device_groups.create(kettle, DeviceGroupSpec(name))
    service.devices.claim([CLAIMED], Deadline(10), Reported())
    service.devices.move([CLAIMED], LAB, Deadline(10), Reported())
    service.images.upload(package(OLD))
    service.deployments.create(LAB, [OLD])
    return service


@pytest.fixture
def overlay(below: MemoryService) -> Overlay:
    return Overlay(below)


def group(_overlay: Overlay, name: str) -> GroupRef:
    return group_ref("Kettle", name)


def test_claim_adds_device_to_the_tenant_without_group(overlay: Overlay, below: MemoryService) -> None:
    reported = Reported()
    operation = overlay.devices.claim([UNCLAIMED, CLAIMED], Deadline(10), reported)
    assert operation is not None
    assert (operation.type, operation.state) == ("BulkDeviceClaim", "Complete")
    assert reported.errors == {UNCLAIMED: None, CLAIMED: None}
    assert overlay.devices.get(UNCLAIMED) == Device(UNCLAIMED, tenant_id=TENANT.id)
    assert overlay.devices.count() == 2
    claimed = overlay.devices.get(CLAIMED)
    assert claimed is not None
    assert claimed.group == group(overlay, "Lab")
    assert below.devices.get(UNCLAIMED) is None


def test_move_takes_a_device_from_one_group_to_another(overlay: Overlay) -> None:
    lab, shop = group(overlay, "Lab"), group(overlay, "Shop")
    overlay.devices.move([CLAIMED], shop, Deadline(10), Reported())
    assert [device.id for device in overlay.devices.list(shop)] == [CLAIMED]
    assert overlay.devices.list(lab) == []
    assert (overlay.devices.count(lab), overlay.devices.count(shop)) == (0, 1)
    assert overlay.devices.count(ProductRef("Kettle")) == 1


def test_missing_group_is_not_found_after_reading_all(overlay: Overlay) -> None:
    nowhere = ProductRef("Nowhere")
    assert len(overlay.devices.list()) == 1
    assert len(overlay.device_groups.list()) == 2
    for read in (lambda: overlay.devices.list(GroupRef(nowhere, "Lab")), lambda: overlay.devices.list(nowhere)):
        with pytest.raises(NotFound):
            read()
    with pytest.raises(NotFound):
        overlay.device_groups.list(nowhere)
    assert [device.id for device in overlay.devices.list(group(overlay, "Lab"))] == [CLAIMED]


def test_how_far_a_move_has_come_is_not_known_unless_waited_for(overlay: Overlay) -> None:
    shop = group(overlay, "Shop")
    waited = overlay.devices.move([CLAIMED], shop, Deadline(10), Reported())
    left = overlay.devices.move([CLAIMED], shop, Deadline(10), Reported(), wait=False)
    assert waited is not None
    assert left is not None
    assert (waited.state, isinstance(left.state, Placeholder)) == ("Complete", True)


def test_unclaimed_device_does_not_fail_other_devices(overlay: Overlay) -> None:
    reported = Reported()
    overlay.devices.move([UNCLAIMED, CLAIMED], group(overlay, "Shop"), Deadline(10), reported)
    assert isinstance(reported.errors[UNCLAIMED], NotFound)
    assert reported.errors[CLAIMED] is None


def test_report_can_stop_the_remaining_devices(overlay: Overlay) -> None:
    ids = [f"{number:0128x}" for number in range(5)]
    reported = Reported(most=2)
    overlay.devices.claim(ids, Deadline(10), reported)
    assert list(reported.errors) == ids[:2]
    assert overlay.devices.count() == 3


def test_move_into_missing_group_fails(overlay: Overlay) -> None:
    reported = Reported()
    overlay.devices.move([CLAIMED], group_ref("Kettle", "Attic"), Deadline(10), reported)
    assert isinstance(reported.errors[CLAIMED], NotFound)


def test_group_that_is_only_planned_takes_devices(overlay: Overlay) -> None:
    overlay.products.create(ProductSpec("Toaster"))
    production = group_ref("Toaster", "Production")
    overlay.devices.move([CLAIMED], production, Deadline(10), Reported())
    assert overlay.devices.count(production) == 1
    assert [device.group for device in overlay.devices.list(production.product)] == [production]


def test_capability_file_is_planned_for_claimed_devices_only(overlay: Overlay) -> None:
    assert isinstance(overlay.devices.capability_file(CLAIMED, ["appDevelopment"]), PlannedBytes)
    with pytest.raises(NotFound):
        overlay.devices.capability_file(UNCLAIMED, [])


def test_image_is_uploaded_once(overlay: Overlay, below: MemoryService) -> None:
    overlay.images.upload(package(NEW))
    assert overlay.images.get(NEW) is not None
    assert overlay.images.status(NEW) == "Succeeded"
    assert [image.id for image in overlay.images.list()] == [OLD, NEW]
    assert overlay.images.component_ids([OLD, NEW, OTHER]) == {OLD: COMPONENTS[0], NEW: COMPONENTS[0]}
    for image_id in (OLD, NEW):
        with pytest.raises(Conflict):
            overlay.images.upload(package(image_id))
    assert below.images.get(NEW) is None


def test_deployment_replaces_the_previous_one(overlay: Overlay) -> None:
    overlay.images.upload(package(NEW))
    lab = group(overlay, "Lab")
    overlay.deployments.create(lab, [NEW])
    deployments = overlay.deployments.list(lab)
    assert [deployment.images for deployment in deployments] == [(NEW,), (OLD,)]
    current = overlay.device_groups.get(lab)
    assert current is not None
    assert current.current_deployment == deployments[0]
    assert isinstance(deployments[0].id, Placeholder)
    assert overlay.deployments.get(deployments[1].id) == deployments[1]


def test_deployment_has_each_component_once(overlay: Overlay) -> None:
    overlay.images.upload(package(NEW))
    with pytest.raises(InvalidInput, match="component"):
        overlay.deployments.create(group(overlay, "Lab"), [OLD, NEW])
    with pytest.raises(NotFound):
        overlay.deployments.create(group(overlay, "Lab"), [OTHER])
    overlay.images.upload(package(OTHER, COMPONENTS[1]))
    overlay.deployments.create(group(overlay, "Lab"), [OTHER, OLD])
    assert overlay.deployments.list(group(overlay, "Lab"))[0].images == (OLD, OTHER)


def test_device_targets_images_of_its_planned_group(overlay: Overlay) -> None:
    overlay.images.upload(package(NEW))
    overlay.deployments.create(group(overlay, "Shop"), [NEW])
    assert [image.id for image in overlay.devices.targeted_images(CLAIMED)] == [OLD]
    overlay.devices.move([CLAIMED], group(overlay, "Shop"), Deadline(10), Reported())
    assert [image.id for image in overlay.devices.targeted_images(CLAIMED)] == [NEW]


def test_operations_of_the_overlay_are_over_and_unknown_below(overlay: Overlay) -> None:
    operation = overlay.images.upload(package(NEW))
    assert isinstance(operation.state, Placeholder)
    assert overlay.operations.wait(operation, Deadline(0)).state == "Complete"
    assert overlay.operations.get(operation.id) is None
