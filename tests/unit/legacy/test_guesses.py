# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Addresses that are guesses, and what takes their place where they lead nowhere (FACTS: not known, 7 to 10)."""

from __future__ import annotations

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ProductSpec

from tests.simulator.harness import Simulator
from tests.unit.legacy.conftest import Connect

FREE = [f"{number:0128x}" for number in range(1, 4)]
LAMP = ProductRef("Lamp")
SEED = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "products": [{"name": "Lamp", "description": "Shines", "device_groups": [{"name": "Lab"}]}],
            "devices": [{"id": FREE[0], "device_group": "Lamp/Lab"}],
        }
    ]
}


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_guessed_address_can_be_rejected_in_any_way(simulator: Simulator, connect: Connect, status: int) -> None:
    simulator.load(SEED)
    service = connect().service
    bulk = service.devices.claim(FREE[1:], Deadline(30), lambda _outcome: True)
    assert bulk is not None
    for operation in ("Devices_CountInProduct", "AsyncOperations_GetBulkClaimDetails", "DeviceGroup_ListByName"):
        simulator.fault("status", match={"operationId": operation}, status=status, times=None)
    assert service.devices.count(LAMP) == 1
    assert [group.name for group in service.device_groups.named("lab")] == ["Lab"]
    found = service.operations.get(bulk.id, details=True)
    assert found is not None
    assert (found.state, found.details) == ("Complete", None)


def test_new_tenant_is_found_without_its_operation(simulator: Simulator, connect: Connect) -> None:
    simulator.settings(guessed_addresses="missing", operation_seconds=0.3)
    service = connect().service
    assert service.operations.wait(service.tenants.create("Second", FREE[0]), Deadline(30)).state == "Complete"
    assert len(service.tenants.list()) == 2


@pytest.mark.parametrize(("empty", "null"), [("clears", "ignored"), ("ignored", "clears")])
def test_description_is_cleared_by_either_form(simulator: Simulator, connect: Connect, empty: str, null: str) -> None:
    simulator.load(SEED)
    simulator.settings(patch_empty=empty, patch_null=null)
    service = connect().service
    service.products.update(LAMP, ProductSpec(description=""))
    assert service.products.get(LAMP) == service.products.list()[0]
    assert [product.description for product in service.products.list()] == [None]
