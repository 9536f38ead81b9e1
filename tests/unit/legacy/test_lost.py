# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Starts of operations whose answer was lost: an operation shows nothing before its end, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import AmbiguousWrite, OperationFailed
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    ImagePackage,
    Operation,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import product as products
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import execute

from tests.simulator.harness import Simulator
from tests.simulator.images import compose
from tests.unit.legacy.conftest import Connect

IMAGE = "c1000000-0000-4000-8000-000000000001"
BUILD = "c1000000-0000-4000-8000-000000000002"
COMPONENT = "d1000000-0000-4000-8000-000000000002"
SEED = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "products": [{"name": "Lamp", "device_groups": [{"name": "Lab"}]}],
            "images": [{"name": "App", "id": IMAGE}],
        }
    ]
}


@pytest.fixture
def slow(simulator: Simulator) -> Simulator:
    """A small fleet, where operations take longer than it takes to look again."""
    simulator.load(SEED)
    simulator.settings(operation_seconds=0.6)
    return simulator


def soon() -> Deadline:
    return Deadline(30)


def sent(simulator: Simulator, operation: str) -> int:
    return int(simulator.counts()["operations"].get(operation, 0))


LAMP = ProductRef("Lamp")
LAB = GroupRef(LAMP, "Lab")


def package(folder: Path) -> ImagePackage:
    content = compose(image_id=BUILD, component_id=COMPONENT, name="App")
    file = folder / "app.imagepackage"
    file.write_bytes(content)
    return ImagePackage(str(file), BUILD, COMPONENT, "Applications", "App", len(content), sha256(content).hexdigest())


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
@pytest.mark.parametrize("operation", ["Product_Create", "Image_Upload", "Deployments_Create", "Tenants_Create"])
def test_start_with_lost_reply_is_polled_and_not_repeated(
    slow: Simulator, connect: Connect, tmp_path: Path, operation: str, kind: str
) -> None:
    service = connect().service
    upload = package(tmp_path)
    starts: dict[str, Callable[[], Operation]] = {
        "Product_Create": lambda: service.products.create(ProductSpec("Kettle", default_device_groups=False)),
        "Image_Upload": lambda: service.images.upload(upload),
        "Deployments_Create": lambda: service.deployments.create(LAB, [IMAGE]),
        "Tenants_Create": lambda: service.tenants.create("Other Fleet", f"{7:0128x}"),
    }
    made: dict[str, Callable[[], int]] = {
        "Product_Create": lambda: sum(product.name == "Kettle" for product in service.products.list()),
        "Image_Upload": lambda: sum(image.id == BUILD for image in service.images.list()),
        "Deployments_Create": lambda: len(service.deployments.list(LAB)),
        "Tenants_Create": lambda: sum(tenant.name == "Other Fleet" for tenant in service.tenants.list()),
    }
    slow.fault(kind, match={"operationId": operation})
    assert service.operations.wait(starts[operation](), soon()).state == "Complete"
    assert made[operation]() == 1
    assert sent(slow, operation) == 1


def test_start_that_never_arrived_has_unknown_outcome(slow: Simulator, connect: Connect) -> None:
    service = connect(retry_timeout=0.5).service
    slow.fault("drop_before", match={"operationId": "Product_Create"})
    with pytest.raises(AmbiguousWrite, match="While creating the product Kettle"):
        service.products.create(ProductSpec("Kettle", default_device_groups=False))
    assert sent(slow, "Product_Create") == 1


def test_older_equal_deployment_is_not_taken_for_the_lost_one(slow: Simulator, connect: Connect) -> None:
    service = connect(retry_timeout=0.5).service
    for images in ([IMAGE], []):
        service.operations.wait(service.deployments.create(LAB, images), soon())
    slow.fault("drop_before", match={"operationId": "Deployments_Create"})
    with pytest.raises(AmbiguousWrite):
        service.deployments.create(LAB, [IMAGE])


@pytest.mark.parametrize("operation", ["Product_Delete", "DeviceGroup_Delete"])
def test_deletion_sent_twice_has_unknown_outcome(slow: Simulator, connect: Connect, operation: str) -> None:
    """The first one wins, and the operation of the second fails: nothing is left to delete."""
    service = connect().service
    slow.fault("drop_after", match={"operationId": operation})
    started = service.products.delete(LAMP) if operation == "Product_Delete" else service.device_groups.delete(LAB)
    with pytest.raises(AmbiguousWrite, match="its effect is visible nevertheless"):
        service.operations.wait(started, soon())
    assert service.device_groups.get(LAB) is None


def test_operation_of_a_killed_run_is_waited_for(slow: Simulator, connect: Connect) -> None:
    """Its operation is under way and shows nothing; what it makes is found when the second one is turned down."""
    connect().service.products.create(ProductSpec("Kettle"))
    warned: list[str] = []
    service = connect().service
    context = Context(lambda: service, Disk(), warned.append)
    spec = ProductSpec("Kettle", "Boils")
    outcome = execute(context, lambda now: products.plan(now, spec), Waiting(True, soon()))
    assert outcome.error is None
    assert outcome.after.values["description"] == "Boils"
    assert ["Reading the state again" in text for text in warned] == [True]


def test_failure_unrelated_to_lost_reply_is_reported(slow: Simulator, connect: Connect) -> None:
    service = connect().service
    started = service.deployments.create(LAB, [IMAGE])
    slow.settings(operation_seconds=0)
    service.operations.wait(service.products.delete(LAMP), soon())
    with pytest.raises(OperationFailed) as failed:
        service.operations.wait(started, soon())
    assert not isinstance(failed.value, AmbiguousWrite)
