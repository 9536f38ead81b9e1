# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices, images and deployments of the overlay behave as the service does."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, FleetError, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    Device,
    DeviceGroupDraft,
    ImagePackage,
    Placeholder,
    PlannedBytes,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.support.memory import TENANT, MemoryService

CLAIMED, UNCLAIMED = "0a" * 64, "0b" * 64
COMPONENTS = ("d1000000-0000-4000-8000-000000000001", "d2000000-0000-4000-8000-000000000001")
OLD, NEW, OTHER = (f"c{number}000000-0000-4000-8000-000000000001" for number in (1, 2, 3))


def package(image_id: str, component_id: str = COMPONENTS[0]) -> ImagePackage:
    return ImagePackage(f"{image_id}.imagepackage", image_id, component_id, "Applications", "Blink", 100)


class Told:
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
    service.create_product("Kettle", None, False)
    kettle = service.products()[0].id
    lab = service.create_device_group(DeviceGroupDraft(kettle, "Lab"))
    service.create_device_group(DeviceGroupDraft(kettle, "Shop"))
    service.claim_devices([CLAIMED], Deadline(10), Told())
    service.move_devices([CLAIMED], lab.id, Deadline(10), Told())
    service.upload_image(package(OLD))
    service.create_deployment(lab.id, [OLD])
    return service


@pytest.fixture
def overlay(below: MemoryService) -> Overlay:
    return Overlay(below)


def group(overlay: Overlay, name: str) -> str:
    found = overlay.device_group_named("Kettle", name)
    assert found is not None
    return found.id


def test_a_claim_brings_a_device_into_the_tenant_and_no_group(overlay: Overlay, below: MemoryService) -> None:
    told = Told()
    operation = overlay.claim_devices([UNCLAIMED, CLAIMED], Deadline(10), told)
    assert operation is not None
    assert (operation.type, operation.state) == ("BulkDeviceClaim", "Complete")
    assert told.errors == {UNCLAIMED: None, CLAIMED: None}
    assert overlay.device(UNCLAIMED) == Device(UNCLAIMED, tenant_id=TENANT.id)
    assert overlay.device_count() == 2
    claimed = overlay.device(CLAIMED)
    assert claimed is not None
    assert claimed.device_group_id == group(overlay, "Lab")
    assert below.device(UNCLAIMED) is None


def test_a_move_takes_a_device_from_one_group_to_another(overlay: Overlay) -> None:
    lab, shop = group(overlay, "Lab"), group(overlay, "Shop")
    overlay.move_devices([CLAIMED], shop, Deadline(10), Told())
    assert [device.id for device in overlay.devices(None, shop)] == [CLAIMED]
    assert overlay.devices(None, lab) == []
    assert (overlay.device_count(None, lab), overlay.device_count(None, shop)) == (0, 1)
    assert overlay.device_count(overlay.products()[0].id) == 1


def test_a_place_that_is_not_there_is_no_empty_one_though_all_was_read_before(overlay: Overlay) -> None:
    nowhere = "99999999-9999-4999-8999-999999999999"
    assert len(overlay.devices()) == 1
    assert len(overlay.device_groups()) == 2
    for read in (lambda: overlay.devices(None, nowhere), lambda: overlay.devices(nowhere)):
        with pytest.raises(NotFound):
            read()
    with pytest.raises(NotFound):
        overlay.device_groups(nowhere)
    assert [device.id for device in overlay.devices(None, group(overlay, "Lab"))] == [CLAIMED]


def test_how_far_a_move_has_come_is_not_known_unless_waited_for(overlay: Overlay) -> None:
    shop = group(overlay, "Shop")
    waited = overlay.move_devices([CLAIMED], shop, Deadline(10), Told())
    left = overlay.move_devices([CLAIMED], shop, Deadline(10), Told(), wait=False)
    assert waited is not None
    assert left is not None
    assert (waited.state, isinstance(left.state, Placeholder)) == ("Complete", True)


def test_a_device_that_is_not_claimed_fails_alone(overlay: Overlay) -> None:
    told = Told()
    overlay.move_devices([UNCLAIMED, CLAIMED], group(overlay, "Shop"), Deadline(10), told)
    assert isinstance(told.errors[UNCLAIMED], NotFound)
    assert told.errors[CLAIMED] is None


def test_a_report_can_stop_the_rest(overlay: Overlay) -> None:
    ids = [f"{number:0128x}" for number in range(5)]
    told = Told(most=2)
    overlay.claim_devices(ids, Deadline(10), told)
    assert list(told.errors) == ids[:2]
    assert overlay.device_count() == 3


def test_nobody_moves_into_a_group_that_is_not_there(overlay: Overlay) -> None:
    told = Told()
    overlay.move_devices([CLAIMED], "b9000000-0000-4000-8000-000000000001", Deadline(10), told)
    assert isinstance(told.errors[CLAIMED], NotFound)


def test_a_group_that_is_only_planned_takes_devices(overlay: Overlay) -> None:
    overlay.create_product("Toaster", None, True)
    found = overlay.device_group_named("Toaster", "Production")
    assert found is not None
    overlay.move_devices([CLAIMED], found.id, Deadline(10), Told())
    assert overlay.device_count(None, found.id) == 1
    assert [device.device_group_id for device in overlay.devices(found.product_id)] == [found.id]


def test_a_capability_file_is_planned_for_claimed_devices_only(overlay: Overlay) -> None:
    assert isinstance(overlay.device_capability(CLAIMED, ["appDevelopment"]), PlannedBytes)
    with pytest.raises(NotFound):
        overlay.device_capability(UNCLAIMED, [])


def test_an_image_is_uploaded_once(overlay: Overlay, below: MemoryService) -> None:
    overlay.upload_image(package(NEW))
    assert overlay.image(NEW) is not None
    assert overlay.image_status(NEW) == "Succeeded"
    assert [image.id for image in overlay.images()] == [OLD, NEW]
    assert overlay.component_ids([OLD, NEW, OTHER]) == {OLD: COMPONENTS[0], NEW: COMPONENTS[0]}
    for image_id in (OLD, NEW):
        with pytest.raises(Conflict):
            overlay.upload_image(package(image_id))
    assert below.image(NEW) is None


def test_a_deployment_takes_the_place_of_the_one_before(overlay: Overlay) -> None:
    overlay.upload_image(package(NEW))
    lab = group(overlay, "Lab")
    overlay.create_deployment(lab, [NEW])
    deployments = overlay.deployments(lab)
    assert [deployment.images for deployment in deployments] == [(NEW,), (OLD,)]
    current = overlay.device_group(lab)
    assert current is not None
    assert current.current_deployment == deployments[0]
    assert isinstance(deployments[0].id, Placeholder)
    assert overlay.deployment(deployments[0].id) == deployments[0]
    assert overlay.deployment(deployments[1].id) == deployments[1]


def test_a_deployment_has_each_component_once(overlay: Overlay) -> None:
    overlay.upload_image(package(NEW))
    with pytest.raises(InvalidInput, match="component"):
        overlay.create_deployment(group(overlay, "Lab"), [OLD, NEW])
    with pytest.raises(NotFound):
        overlay.create_deployment(group(overlay, "Lab"), [OTHER])
    overlay.upload_image(package(OTHER, COMPONENTS[1]))
    overlay.create_deployment(group(overlay, "Lab"), [OTHER, OLD])
    assert overlay.deployments(group(overlay, "Lab"))[0].images == (OLD, OTHER)


def test_a_device_is_to_run_what_its_planned_group_runs(overlay: Overlay) -> None:
    overlay.upload_image(package(NEW))
    overlay.create_deployment(group(overlay, "Shop"), [NEW])
    assert [image.id for image in overlay.targeted_images(CLAIMED)] == [OLD]
    overlay.move_devices([CLAIMED], group(overlay, "Shop"), Deadline(10), Told())
    assert [image.id for image in overlay.targeted_images(CLAIMED)] == [NEW]


def test_operations_of_the_overlay_are_over_and_unknown_below(overlay: Overlay) -> None:
    operation = overlay.upload_image(package(NEW))
    assert isinstance(operation.state, Placeholder)
    assert overlay.wait(operation, Deadline(0)).state == "Complete"
    assert overlay.operation(operation.id) is None
