# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every verb of the port over the Public API v2, against the simulator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    Conflict,
    FleetError,
    Forbidden,
    InvalidInput,
    NotFound,
    OperationFailed,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroup,
    DeviceGroupChange,
    DeviceGroupDraft,
    ImagePackage,
    Operation,
    Product,
    ProductChange,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Service

from tests.simulator.harness import Simulator
from tests.simulator.images import compose
from tests.simulator.seeds import FOREIGN_DEVICES, FOREIGN_TENANT_NAME, OBJECT_ID, TENANT_NAME
from tests.unit.legacy.conftest import Connect

FREE = [f"{number:0128x}" for number in range(1, 20)]
NOWHERE = str(uuid.UUID(int=5))


def soon() -> Deadline:
    return Deadline(30)


def going_on(_outcome: DeviceOutcome) -> bool:
    return True


def finish(service: Service, start: Callable[[], Operation]) -> Operation:
    return service.wait(start(), soon())


def kettle(service: Service, default_device_groups: bool = True) -> Product:
    service.wait(service.create_product("Kettle", "Boils", default_device_groups), soon())
    found = service.product_named("kettle")
    assert found is not None
    return found


def upload(service: Service, path: Path, number: int = 1, component: int = 1) -> ImagePackage:
    image, parts = uuid.UUID(int=0xA0 + number), uuid.UUID(int=0xC0 + component)
    content = compose(image_id=str(image), component_id=str(parts), name=f"App{number}")
    file = path / f"{number}.imagepackage"
    file.write_bytes(content)
    package = ImagePackage(str(file), str(image), str(parts), "Applications", f"App{number}", len(content))
    service.wait(service.upload_image(package), soon())
    return package


def test_tenants(service: Service, simulator: Simulator) -> None:
    (tenant,) = service.tenants()
    assert (tenant.name, tenant.id, tenant.roles) == (TENANT_NAME, simulator.ready["tenant_id"], ("Administrator",))
    assert service.tenant() == tenant
    service.rename_tenant("Contoso Renamed")
    assert service.tenant().name == "Contoso Renamed"


def test_a_new_tenant(service: Service) -> None:
    started = service.create_tenant("Second", FREE[0])
    assert service.wait(started, soon()).type == "TenantCreation"
    assert "Second" in [tenant.name for tenant in service.tenants()]
    with pytest.raises(FleetError):
        service.wait(service.create_tenant("Third", FREE[0]), soon())


def test_legacy_authorization(service: Service, simulator: Simulator) -> None:
    before = simulator.state()
    service.block_legacy_authorization()
    assert simulator.state() != before


def test_certificates(service: Service) -> None:
    certificates = service.certificates()
    active = next(certificate for certificate in certificates if certificate.is_active)
    assert active.body is not None
    assert service.certificate(None) == active.body
    for certificate in certificates:
        assert service.certificate(certificate.thumbprint) == certificate.body
        assert active.body in service.certificate_chain(active.thumbprint)
    assert b"proof4me" in service.proof_of_possession("proof4me", active.thumbprint)
    with pytest.raises(NotFound):
        service.certificate("00" * 20)


def test_products(service: Service) -> None:
    product = kettle(service)
    assert product == Product(product.id, "Kettle", "Boils")
    assert service.products() == [product]
    assert service.product(product.id) == product
    assert service.product(NOWHERE) is service.product_named("Toaster") is None
    service.update_product(product.id, ProductChange(name="Pot 2", description="Cooks"))
    assert service.product_named("POT 2") == Product(product.id, "Pot 2", "Cooks")
    service.update_product(product.id, ProductChange(description=""))
    assert service.product(product.id) == Product(product.id, "Pot 2")
    service.wait(service.delete_product(product.id), soon())
    assert service.products() == []
    with pytest.raises(NotFound, match=f"While deleting the product {product.id}"):
        service.delete_product(product.id)


def test_a_second_product_of_a_name(service: Service) -> None:
    kettle(service)
    with pytest.raises((Conflict, OperationFailed), match=r"While creating the product KETTLE|CreateProduct failed"):
        service.wait(service.create_product("KETTLE", None, True), soon())


def test_default_groups_with_the_product_and_later(service: Service) -> None:
    product = kettle(service, default_device_groups=False)
    assert service.device_groups(product.id) == []
    service.create_default_device_groups(product.id)
    groups = {(group.name, group.os_feed, group.update_policy) for group in service.device_groups(product.id)}
    assert groups == set(DEFAULT_DEVICE_GROUPS)


def test_device_groups(service: Service) -> None:
    product = kettle(service)
    lab = service.create_device_group(
        DeviceGroupDraft(product.id, "US region", "East", os_feed="RetailEval", update_policy="No3rdPartyAppUpdates")
    )
    assert lab == DeviceGroup(lab.id, product.id, "US region", "East", "RetailEval", "No3rdPartyAppUpdates")
    assert service.device_group(lab.id) == lab
    assert service.device_group_named("KETTLE", "us REGION") == lab
    assert service.device_group_named(product.id, "us REGION") == lab
    assert service.device_groups_named("us region") == [lab]
    assert service.device_groups_named("nothing") == []
    assert service.device_group(NOWHERE) is service.device_group_named("Kettle", "x") is None
    assert lab in service.device_groups()
    assert len(service.device_groups()) == len(service.device_groups(product.id)) == 6
    change = DeviceGroupChange("EU", "", "Retail", "UpdateAll", allow_crash_dumps_collection=True)
    service.update_device_group(lab.id, change)
    assert service.device_group(lab.id) == DeviceGroup(
        lab.id, product.id, "EU", None, "Retail", "UpdateAll", allow_crash_dumps_collection=True
    )
    service.wait(service.delete_device_group(lab.id), soon())
    assert service.device_group(lab.id) is None


def test_what_holds_devices_cannot_be_deleted(service: Service) -> None:
    product = kettle(service)
    group = service.device_groups(product.id)[0]
    service.claim_devices(FREE[:1], soon(), going_on)
    service.move_devices(FREE[:1], group.id, soon(), going_on)
    for delete in (lambda: service.delete_device_group(group.id), lambda: service.delete_product(product.id)):
        with pytest.raises((OperationFailed, Conflict), match=r"devices are in .* move its devices first") as caught:
            finish(service, delete)
        assert caught.value.code == "Conflict"
    assert service.product(product.id) == product


def test_devices(service: Service, simulator: Simulator) -> None:
    product = kettle(service)
    group = service.device_groups(product.id)[0]
    service.claim_devices(FREE[:3], soon(), going_on)
    service.move_devices(FREE[:2], group.id, soon(), going_on)
    assert [device.id for device in service.devices()] == FREE[:3]
    assert [device.id for device in service.devices(device_group_id=group.id)] == FREE[:2]
    assert [device.id for device in service.devices(product_id=product.id)] == FREE[:2]
    assert (service.device_count(), service.device_count(product.id)) == (3, 2)
    assert service.device_count(device_group_id=group.id) == 2
    moved = service.device(FREE[0].upper())
    assert moved is not None
    assert (moved.tenant_id, moved.product_id) == (simulator.ready["tenant_id"], product.id)
    assert (moved.device_group_id, moved.chip_sku) == (group.id, "MT3620AN")
    for device_id in (FREE[5], FOREIGN_DEVICES[0]):
        unclaimed = service.device(device_id)
        assert unclaimed is None or unclaimed.tenant_id is None
    assert service.device_capability(FREE[0], ["appDevelopment"])


def test_images_and_deployments(service: Service, tmp_path: Path) -> None:
    product = kettle(service)
    group = service.device_groups(product.id)[0]
    first, second, third = (upload(service, tmp_path, number, number // 3) for number in (1, 3, 4))
    assert [image.name for image in service.images()] == ["App1", "App3", "App4"]
    found = service.image(first.id)
    assert found is not None
    assert (found.id, found.component_id, found.type) == (first.id, first.component_id, "Applications")
    assert service.image(NOWHERE) is service.image_status(NOWHERE) is None
    assert service.image_status(first.id) == "Succeeded"
    assert service.component_ids([first.id, second.id]) == {
        first.id: first.component_id,
        second.id: second.component_id,
    }

    for images in ([first.id], [first.id, second.id]):
        service.wait(service.create_deployment(group.id, images), soon())
    newest, oldest = service.deployments(group.id)
    assert newest.images == tuple(sorted([first.id, second.id]))
    assert oldest.images == (first.id,)
    assert (newest.deployed_at or "") > (oldest.deployed_at or "")
    assert service.deployment(newest.id) == newest
    assert service.deployment(NOWHERE) is None
    current = service.device_group(group.id)
    assert current is not None
    assert current.current_deployment == newest

    with pytest.raises(FleetError):
        service.wait(service.create_deployment(group.id, [second.id, third.id]), soon())
    service.claim_devices(FREE[:1], soon(), going_on)
    service.move_devices(FREE[:1], group.id, soon(), going_on)
    assert [image.id for image in service.targeted_images(FREE[0])] == [first.id, second.id]


def test_an_image_comes_back_as_it_went_and_the_token_stays_here(
    service: Service, simulator: Simulator, tmp_path: Path
) -> None:
    package = upload(service, tmp_path)
    download = service.image_download(package.id)
    parts: list[bytes] = []
    service.fetch_image(download, parts.append)
    assert b"".join(parts) == Path(package.path).read_bytes()
    blob = [entry for entry in simulator.log() if entry["kind"] == "blob"]
    assert [entry["status"] for entry in blob] == [200]
    assert [entry["note"] for entry in blob] == [None]


def test_operations_and_their_details(service: Service, dialect: str, tmp_path: Path) -> None:
    product = kettle(service)
    group = service.device_groups(product.id)[0]
    package = upload(service, tmp_path)
    deploying = service.create_deployment(group.id, [package.id])
    service.wait(deploying, soon())
    found = service.operation(deploying.id, details=True)
    assert found is not None
    assert (found.type, found.state) == ("DeployToDeviceGroup", "Complete")
    assert found.details is not None
    assert service.deployments(group.id)[0].id in str(found.details)
    bulk = service.claim_devices(FREE[:2], soon(), going_on)
    assert bulk is not None
    detailed = service.operation(bulk.id, details=True)
    assert detailed is not None
    # The address of these is a guess.
    assert (detailed.details is not None) == (dialect == "documented")
    assert service.operation(NOWHERE) is None


def test_insights_reach_over_all_pages(speaking: Simulator, connect: Connect) -> None:
    events = [{"device_id": FREE[0], "start": 1714979289 + number, "count": 2} for number in range(1205)]
    speaking.load({"tenants": [{"name": TENANT_NAME, "devices": FREE[:1], "insights": events}]})
    found = list(connect().service.insights())
    assert len(found) == 1205
    assert {insight.device_id for insight in found} == {FREE[0]}
    assert min(insight.start or "" for insight in found) == "2024-05-06T07:08:09Z"
    assert {insight.count for insight in found} == {2}


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21])
def test_lists_are_whole_at_every_length(speaking: Simulator, connect: Connect, count: int) -> None:
    speaking.settings(page_size=7)
    speaking.load({"tenants": [{"name": TENANT_NAME, "devices": [f"{number:0128x}" for number in range(count)]}]})
    assert len(connect().service.devices()) == count
    pages = [entry for entry in speaking.log() if entry["operation"] == "Devices_List" and entry["status"] == 200]
    assert len(pages) == max(1, -(-count // 7))


def test_users_and_roles(service: Service) -> None:
    (me,) = service.users()
    assert me.id == OBJECT_ID
    assert service.account() == (me.mail, me.id)
    assert service.user(OBJECT_ID) == service.user(str(me.mail).upper()) == me
    address = "grace@contoso.example"
    assert service.user(address) is None
    service.invite_user(address)
    service.assign_role(address, "Reader")
    service.assign_role(address, "Contributor")
    grace = service.user(address)
    assert grace is not None
    assert (grace.mail, grace.roles) == (address, ("Contributor", "Reader"))
    service.unassign_role(address, "Reader")
    assert [user.roles for user in service.users() if user.mail == address] == [("Contributor",)]
    service.unassign_role(address, "Contributor")
    assert service.user(address) is None
    assert service.roles() == ["Administrator", "Contributor", "Reader"]


READER = {"roles": {"Fleet automation": ["Reader"]}, "products": [{"name": "Kettle"}], "devices": FREE[:2]}


def test_a_reader_reads_and_is_told_what_it_may_not(speaking: Simulator, connect: Connect) -> None:
    speaking.load({"tenants": [{"name": TENANT_NAME, **READER}]})
    service = connect().service
    (product,) = service.products()
    assert len(service.devices()) == 2
    for verb in (
        lambda: service.create_product("Pot", None, False),
        lambda: service.delete_product(product.id),
        lambda: service.update_product(product.id, ProductChange(description="x")),
        lambda: service.assign_role(OBJECT_ID, "Administrator"),
        lambda: service.device_capability(FREE[0], ["appDevelopment"]),
    ):
        with pytest.raises((Forbidden, NotFound), match="role"):
            verb()
    with pytest.raises(Forbidden, match="Administrators"):
        service.users()


def test_another_tenant_is_closed(speaking: Simulator, connect: Connect) -> None:
    del speaking
    with pytest.raises(InvalidInput, match=f"Set tenant to .*{TENANT_NAME}"):
        connect(tenant=NOWHERE).service.tenant()
    with pytest.raises(InvalidInput, match=TENANT_NAME):
        connect(tenant=FOREIGN_TENANT_NAME).service.products()
    with pytest.raises((NotFound, Forbidden), match="role"):
        connect(tenant=NOWHERE).service.products()


def test_a_check_run_reads_everything_by_get(speaking: Simulator, connect: Connect, tmp_path: Path) -> None:
    real = connect().service
    product = kettle(real)
    group = real.device_groups(product.id)[0]
    package = upload(real, tmp_path)
    real.wait(real.create_deployment(group.id, [package.id]), soon())
    real.claim_devices(FREE[:1], soon(), going_on)
    checked = connect(read_only=True).service
    for service in (real, checked):
        found = (
            service.tenants(),
            service.tenant(),
            service.products(),
            service.device_groups(),
            service.devices(),
            service.device(FREE[0]),
            service.images(),
            service.deployments(group.id),
            service.users(),
            service.certificates(),
            service.component_ids([package.id]),
            list(service.insights()),
        )
        if service is real:
            expected = found
            before = len(speaking.log())
    assert found == expected
    sent = [entry["method"] for entry in speaking.log()[before:] if entry["kind"] == "api"]
    assert len(sent) >= 12
    assert set(sent) == {"GET"}
