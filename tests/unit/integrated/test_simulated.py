# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The Integrated backend with the simulated Resource Manager, in the variants that the facts leave open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    Conflict,
    FleetError,
    InvalidInput,
    SignInError,
    Unsupported,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.backoff import Backoff
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session, Settings
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import DeviceRow
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated import moves
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.client import (
    FAILURE_HINTS,
    READ_OPERATIONS,
    bucket_of,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.paths import CatalogPath
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.service import IntegratedService
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroupSpec,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.devices import Limits, apply_devices
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import execute
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.tenant import DesiredTenant, planner
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package
from tests.support.ansible_files import disk
from tests.support.fakes import Recorder, surround
from tests.unit.simulator.conftest import FOREIGN, IMAGE, OWN, UNCLAIMED, seed
from tests.unit.simulator.resource_manager.client import CATALOG, GROUP, SUBSCRIPTION, request_token

LAB, FIELD = group_ref("Kettle", "Lab"), group_ref("Kettle", "Field Test")
Outcomes = dict[str, "FleetError | None"]


@dataclass
class Signed:
    """Tokens of one application."""

    simulator: Simulator
    application: str
    source: str = "access_token"

    def token(self) -> str:
        return request_token(self.simulator, self.application)

    def renew(self, _rejected: str, claims: str | None = None) -> str:
        return request_token(self.simulator, self.application, **({"claims": claims} if claims else {}))

    def account(self) -> Any:
        raise AssertionError("nobody asks whom a token is for")


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    """The simulator with the small fleet of its own tests."""
    simulator.load(seed())
    return simulator


@pytest.fixture
def service(fleet: Simulator) -> Iterator[IntegratedService]:
    settings = Settings(
        fleet.url, verify=fleet.ca, retry_timeout=5, concurrency=4, hints=FAILURE_HINTS, bucket_of=bucket_of
    )
    session = Session(settings, Signed(fleet, "Administrator"), read_only=False, reads=READ_OPERATIONS)
    path = CatalogPath(SUBSCRIPTION, GROUP, CATALOG)
    yield IntegratedService(session, path, lambda _text: None, Backoff(0.01, 1.6, 0.1))
    session.close()


def claim(service: IntegratedService, ids: list[str], group: GroupRef | None) -> Outcomes:
    found: list[DeviceOutcome] = []
    service.devices.claim(ids, Deadline(30), lambda outcome: not found.append(outcome), group)
    return {outcome.id: outcome.error for outcome in found}


def move(service: IntegratedService, ids: list[str], group: GroupRef | None) -> Outcomes:
    found: list[DeviceOutcome] = []
    service.devices.move(ids, group, Deadline(30), lambda outcome: not found.append(outcome))
    return {outcome.id: outcome.error for outcome in found}


STARTERS = [
    {},
    {"arm_starters": "accepted"},
    {"arm_starters": "accepted", "arm_operation_headers": "location"},
    {"arm_starters": "accepted", "arm_operation_headers": "azure_async_operation"},
    {"arm_starters": "at_once"},
    {"arm_shapes": "documented"},
    {"arm_device_path": "any_group", "arm_no_deployment": "null", "arm_put_omitted": "kept"},
    {"arm_missing_deletion": "404", "arm_retry_after": "0", "arm_running_status": "Accepted"},
]


@pytest.mark.parametrize("settings", STARTERS, ids=str)
def test_fleet_is_provisioned_whatever_shape_operations_have(
    fleet: Simulator, service: IntegratedService, settings: dict[str, Any], tmp_path: Path
) -> None:
    fleet.settings(check_replies=False, **settings)

    def finish(operation: Any) -> None:
        if operation is not None:
            service.operations.wait(operation, Deadline(30))

    finish(service.products.create(ProductSpec("Toaster", "Makes toast")))
    toaster = ProductRef("Toaster")
    names = {group.name for group in service.device_groups.list(toaster)}
    assert names == {name for name, _feed, _policy in DEFAULT_DEVICE_GROUPS}
    spec = DeviceGroupSpec("Wave 1", "First", "RetailEval", "No3rdPartyAppUpdates", True)
    finish(service.device_groups.create(toaster, spec))
    wave = GroupRef(toaster, "Wave 1")
    finish(service.device_groups.update(wave, DeviceGroupSpec(description="Second")))
    found = service.device_groups.get(wave)
    assert found is not None
    assert (found.description, found.os_feed, found.allow_crash_dumps_collection) == ("Second", "RetailEval", True)
    assert found.current_deployment is None

    path = tmp_path / "app.imagepackage"
    compose_package(path, image_id=f"{IMAGE[:-2]}aa", component_id=f"{IMAGE[:-2]}bb", name="App")
    built = read_package(str(path))
    finish(service.images.upload(built))
    finish(service.deployments.create(wave, [built.id]))
    found = service.device_groups.get(wave)
    assert found is not None
    assert found.current_deployment is not None
    assert found.current_deployment.images == (built.id,)
    assert service.deployments.get(found.current_deployment.id) == found.current_deployment

    assert claim(service, UNCLAIMED[:3], wave) == dict.fromkeys(UNCLAIMED[:3])
    assert claim(service, UNCLAIMED[3:4], None) == dict.fromkeys(UNCLAIMED[3:4])
    assert {device.id for device in service.devices.list(wave)} == set(UNCLAIMED[:3])
    assert service.devices.count(wave) == 3
    assert [image.id for image in service.devices.targeted_images(UNCLAIMED[0])] == [built.id]
    assert move(service, [*UNCLAIMED[:4], OWN[0]], FIELD) == dict.fromkeys([*UNCLAIMED[:4], OWN[0]])
    assert service.devices.capability_file(OWN[0], ["appDevelopment"])
    assert move(service, [OWN[0]], None) == {OWN[0]: None}
    left = service.devices.get(OWN[0])
    assert left is not None
    assert left.group is None
    finish(service.device_groups.delete(wave))
    assert service.device_groups.get(wave) is None
    finish(service.products.delete(toaster))
    assert service.products.get(toaster) is None


@pytest.mark.parametrize("shape", ["failed", "succeeded_with_details", "all_failed", "refused", "hidden"])
@pytest.mark.parametrize("group", [LAB, None], ids=str)
def test_foreign_device_in_a_bulk_claim_fails_alone(
    fleet: Simulator, service: IntegratedService, shape: str, group: GroupRef | None
) -> None:
    fleet.settings(arm_bulk_claim_failures=shape)
    outcomes = claim(service, [UNCLAIMED[0], FOREIGN, UNCLAIMED[1]], group)
    assert outcomes.pop(UNCLAIMED[0]) is None
    assert outcomes.pop(UNCLAIMED[1]) is None
    assert isinstance(outcomes.pop(FOREIGN), Conflict)
    assert not outcomes
    found = service.devices.get(UNCLAIMED[0])
    assert found is not None
    assert found.group == group


def test_many_devices_are_moved_and_listed(fleet: Simulator, service: IntegratedService) -> None:
    more = seed()
    ids = [f"{number:0128x}" for number in range(0x100, 0x120)]
    more["unclaimed"] = ids
    fleet.load(more)
    assert claim(service, ids, LAB) == dict.fromkeys(ids)
    assert move(service, ids, FIELD) == dict.fromkeys(ids)
    assert {device.id for device in service.devices.list(FIELD)} == set(ids)
    assert {device.id for device in service.devices.list(ProductRef("Kettle"))} == {*ids, *OWN}
    assert service.devices.count() == len(ids) + len(OWN)


def test_creation_that_another_process_overtook_resets_nothing(service: IntegratedService) -> None:
    with pytest.raises(AmbiguousWrite, match="it exists already"):
        service.products.create(ProductSpec("Kettle", default_device_groups=False))
    with pytest.raises(AmbiguousWrite, match="it exists already"):
        service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec("Field Test"))
    found = service.device_groups.get(FIELD)
    assert found is not None
    assert found.description == "Default test device group"


def test_group_with_devices_is_not_deleted(service: IntegratedService) -> None:
    with pytest.raises(FleetError, match="Move the devices out of it first"):
        service.device_groups.delete(LAB)


def test_catalogs_certificates_and_images_are_read(service: IntegratedService) -> None:
    current = service.tenants.current()
    assert current in service.tenants.list()
    assert service.devices.get(OWN[0]) == service.devices.list(LAB)[0]
    active = next(each for each in service.certificates.list() if each.is_active)
    assert service.certificates.get(None) == service.certificates.get(active.thumbprint) == active.body
    assert service.certificates.chain(active.thumbprint)
    assert service.certificates.proof_of_possession("code", None)
    image = service.images.get(IMAGE)
    assert image is not None
    assert image.name == "KettleApp"
    assert service.images.component_ids([IMAGE]) == {IMAGE: image.component_id}


def test_catalog_is_created_once_with_its_tenant(service: IntegratedService) -> None:
    operation = service.tenants.create("New-Catalog")
    if operation is not None:
        service.operations.wait(operation, Deadline(30))
    made = next(tenant for tenant in service.tenants.list() if tenant.name == "New-Catalog")
    assert len(made.id) == 36
    assert service.tenants.create("New-Catalog") is None


def test_claims_challenge_is_met_once(fleet: Simulator, service: IntegratedService) -> None:
    fleet.settings(arm_claims_challenge="once")
    assert service.products.list()
    fleet.settings(arm_claims_challenge="always")
    with pytest.raises(SignInError):
        service.products.list()


def test_unregistered_subscription_says_what_to_do(fleet: Simulator, service: IntegratedService) -> None:
    fleet.settings(arm_registration="missing")
    with pytest.raises(FleetError, match=r"az provider register"):
        service.products.list()


@pytest.mark.parametrize("shape", ["recorded", "empty", "html", "text"])
def test_refusals_of_any_shape_are_errors(fleet: Simulator, service: IntegratedService, shape: str) -> None:
    fleet.settings(arm_error_shape=shape)
    with pytest.raises(FleetError) as failed:
        service.device_groups.delete(LAB)
    assert failed.value.status == 400


@pytest.mark.parametrize("answer", ["success", "refused"])
def test_claimed_devices_are_claimed_again_without_harm(
    fleet: Simulator, service: IntegratedService, answer: str
) -> None:
    fleet.settings(arm_claimed_device="conflict" if answer == "refused" else "unchanged")
    outcomes = claim(service, [OWN[0]], LAB)
    assert isinstance(outcomes[OWN[0]], (type(None), FleetError))
    found = service.devices.get(OWN[0])
    assert found is not None
    assert found.group == LAB


def rows(ids: list[str], group: str | None = None, **more: Any) -> list[DeviceRow]:
    return [DeviceRow(each, row, "Kettle" if group else None, group, **more) for row, each in enumerate(ids, 1)]


def test_devices_are_claimed_into_their_groups_without_moves(fleet: Simulator, service: IntegratedService) -> None:
    placed = [*rows(UNCLAIMED[:2], "Lab"), *rows(UNCLAIMED[2:3], "Field Test")]
    wanted = [*placed, *rows(UNCLAIMED[3:4]), *rows(OWN[:1], "Lab")]
    recorder = Recorder(service)
    result = apply_devices(surround(recorder).context, wanted, Limits(claim=True), waiting(), NO_APPROVAL, "all")
    assert result.error is None
    summary = result.values["summary"]
    assert (summary["claimed"], summary["moved"], summary["unchanged"], summary["failed"]) == (4, 3, 1, 0)
    assert recorder.writes == ["devices.claim"] * 3
    assert len(service.devices.list(LAB)) == len(OWN) + 2
    again = apply_devices(surround(service).context, wanted, Limits(claim=True), waiting(), NO_APPROVAL, "all")
    assert not again.changed


def test_foreign_device_fails_and_the_others_are_in_their_group(service: IntegratedService) -> None:
    wanted = rows([UNCLAIMED[0], FOREIGN, UNCLAIMED[1]], "Lab")
    result = apply_devices(surround(service).context, wanted, Limits(claim=True), waiting(), NO_APPROVAL, "all")
    assert [outcome["failed"] for outcome in result.values["outcomes"]] == [False, True, False]
    assert [outcome["actions"] for outcome in result.values["outcomes"]] == [["claim", "move"], [], ["claim", "move"]]


def test_devices_leave_all_groups(service: IntegratedService) -> None:
    wanted = rows(OWN[:2], unassign=True)
    result = apply_devices(surround(service).context, wanted, Limits(), waiting(), NO_APPROVAL, "all")
    assert result.error is None
    assert [outcome["actions"] for outcome in result.values["outcomes"]] == [["move"], ["move"]]
    assert {each.id for each in service.devices.list() if each.group is None} == set(OWN[:2])
    assert not apply_devices(surround(service).context, wanted, Limits(), waiting(), NO_APPROVAL, "all").changed


NO_APPROVAL = Approval(None, None)


def waiting() -> Waiting:
    return Waiting(True, Deadline(60))


def create(service: Any, name: str, confirm: str | None) -> Any:
    planned = planner(DesiredTenant(name=name, confirm=confirm), disk())
    return execute(surround(service).context, planned, waiting())


def test_catalog_is_created_by_its_name_and_stays_as_it_is(service: IntegratedService) -> None:
    made = create(service, "Second", "Second")
    assert made.error is None
    assert made.changed
    assert made.after.values["name"] == "Second"
    recorder = Recorder(service)
    assert not create(recorder, "Second", "Second").changed
    assert not create(recorder, CATALOG, CATALOG).changed
    assert not recorder.writes


@pytest.mark.parametrize(("name", "confirm"), [("Second", "second"), ("Second", "Other"), ("Two words", "Two words")])
def test_catalog_is_not_created_without_its_exact_name(service: IntegratedService, name: str, confirm: str) -> None:
    with pytest.raises(InvalidInput):
        create(service, name, confirm)
    assert [tenant.name for tenant in service.tenants.list()] == [CATALOG]


def test_catalog_is_not_renamed(service: IntegratedService) -> None:
    with pytest.raises(Unsupported, match="create another one"):
        create(service, "Second", None)


def test_moves_are_reported_block_by_block(
    fleet: Simulator, service: IntegratedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "BLOCK", 10)
    more = seed()
    ids = [f"{number:0128x}" for number in range(0x100, 0x11B)]
    more["tenants"][0]["devices"] = [{"id": each, "device_group": "Kettle/Lab"} for each in ids]
    fleet.load(more)
    reported: list[int] = []

    def report(outcome: DeviceOutcome) -> bool:
        assert outcome.error is None
        reported.append(len(service.devices.list(FIELD)))
        return True

    service.devices.move(ids, FIELD, Deadline(60), report)
    assert len(reported) == len(ids)
    assert reported[0] < len(ids)
