# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every verb of the port over the Public API v2, against the simulator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from hashlib import sha256
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
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroup,
    DeviceGroupSpec,
    ImagePackage,
    Operation,
    Product,
    ProductSpec,
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


def finish(service: Service, start: Callable[[], Operation | None]) -> Operation:
    started = start()
    assert started is not None
    return service.operations.wait(started, soon())


def kettle(service: Service, default_device_groups: bool = True) -> Product:
    finish(service, lambda: service.products.create(ProductSpec("Kettle", "Boils", default_device_groups)))
    found = service.products.get(ProductRef("kettle"))
    assert found is not None
    return found


def upload(service: Service, path: Path, number: int = 1, component: int = 1) -> ImagePackage:
    image, parts = uuid.UUID(int=0xA0 + number), uuid.UUID(int=0xC0 + component)
    content = compose(image_id=str(image), component_id=str(parts), name=f"App{number}")
    file = path / f"{number}.imagepackage"
    file.write_bytes(content)
    digest = sha256(content).hexdigest()
    package = ImagePackage(str(file), str(image), str(parts), "Applications", f"App{number}", len(content), digest)
    service.operations.wait(service.images.upload(package), soon())
    return package


def test_tenants_are_listed(service: Service, simulator: Simulator) -> None:
    (tenant,) = service.tenants.list()
    assert (tenant.name, tenant.id, tenant.roles) == (TENANT_NAME, simulator.ready["tenant_id"], ("Administrator",))
    assert service.tenants.current() == tenant
    service.tenants.rename("Contoso Renamed")
    assert service.tenants.current().name == "Contoso Renamed"


def test_tenant_is_created(service: Service) -> None:
    started = service.tenants.create("Second", FREE[0])
    assert service.operations.wait(started, soon()).type == "TenantCreation"
    assert "Second" in [tenant.name for tenant in service.tenants.list()]
    with pytest.raises(FleetError):
        service.operations.wait(service.tenants.create("Third", FREE[0]), soon())


def test_legacy_authorization_is_blocked(service: Service, simulator: Simulator) -> None:
    before = simulator.state()
    service.tenants.block_legacy_authorization()
    assert simulator.state() != before


def test_certificates_are_read(service: Service) -> None:
    certificates = service.certificates.list()
    active = next(certificate for certificate in certificates if certificate.is_active)
    assert active.body is not None
    assert service.certificates.get(None) == active.body
    for certificate in certificates:
        assert service.certificates.get(certificate.thumbprint) == certificate.body
        assert active.body in service.certificates.chain(active.thumbprint)
    assert b"proof4me" in service.certificates.proof_of_possession("proof4me", active.thumbprint)
    with pytest.raises(NotFound):
        service.certificates.get("00" * 20)


def test_products_are_created_changed_and_deleted(service: Service) -> None:
    product = kettle(service)
    assert product == Product(ProductRef("Kettle"), "Boils", product.id)
    assert product.id is not None
    assert service.products.list() == [product]
    assert service.products.with_id(product.id) == product
    assert service.products.with_id(NOWHERE) is service.products.get(ProductRef("Toaster")) is None
    service.products.update(product.ref, ProductSpec(name="Pot 2", description="Cooks"))
    pot = ProductRef("POT 2")
    assert service.products.get(pot) == Product(ProductRef("Pot 2"), "Cooks", product.id)
    assert service.products.get(product.ref) is None
    service.products.update(pot, ProductSpec(description=""))
    assert service.products.with_id(product.id) == Product(ProductRef("Pot 2"), None, product.id)
    finish(service, lambda: service.products.delete(pot))
    assert service.products.list() == []
    assert service.products.get(pot) is None
    with pytest.raises(NotFound, match='Product "POT 2" not found'):
        service.products.delete(pot)


def test_deleted_product_differs_from_new_one_with_its_name(service: Service) -> None:
    first = kettle(service)
    finish(service, lambda: service.products.delete(first.ref))
    second = kettle(service)
    assert first.id != second.id
    assert len(service.device_groups.list(second.ref)) == len(DEFAULT_DEVICE_GROUPS)


def test_recreated_product_is_found(service: Service, connect: Connect) -> None:
    """The GUID that is known leads nowhere any more."""
    kettle(service)
    lab = group_ref("Kettle", "Production")
    before = service.device_groups.get(lab)
    other = connect().service
    finish(other, lambda: other.products.delete(ProductRef("Kettle")))
    kettle(other)
    now = service.device_groups.get(lab)
    assert before is not None
    assert now is not None
    assert before.id != now.id
    assert service.products.get(ProductRef("Kettle")) == other.products.get(ProductRef("Kettle"))


def test_second_product_with_a_name_is_rejected(service: Service) -> None:
    kettle(service)
    with pytest.raises((Conflict, OperationFailed), match=r"While creating the product KETTLE|CreateProduct failed"):
        finish(service, lambda: service.products.create(ProductSpec("KETTLE")))


def test_default_groups_are_created_with_the_product_or_later(service: Service) -> None:
    product = kettle(service, default_device_groups=False)
    assert service.device_groups.list(product.ref) == []
    service.products.create_default_device_groups(product.ref)
    groups = {(group.name, group.os_feed, group.update_policy) for group in service.device_groups.list(product.ref)}
    assert groups == set(DEFAULT_DEVICE_GROUPS)


def test_device_groups_are_created_changed_and_deleted(service: Service) -> None:
    product = kettle(service)
    spec = DeviceGroupSpec("US region", "East", "RetailEval", "No3rdPartyAppUpdates", True)
    service.device_groups.create(product.ref, spec)
    lab = service.device_groups.get(group_ref("KETTLE", "us REGION"))
    assert lab is not None
    assert lab.id is not None
    settings = ("East", "RetailEval", "No3rdPartyAppUpdates", True)
    assert lab == DeviceGroup(GroupRef(product.ref, "US region"), *settings, id=lab.id, product_id=product.id)
    assert str(lab.ref) == "Kettle/US region"
    assert service.device_groups.with_id(lab.id) == lab
    assert service.device_groups.named("us region") == [lab]
    assert service.device_groups.named("nothing") == []
    assert service.device_groups.with_id(NOWHERE) is service.device_groups.get(group_ref("Kettle", "x")) is None
    assert lab in service.device_groups.list()
    assert len(service.device_groups.list()) == len(service.device_groups.list(product.ref)) == 6
    service.device_groups.update(lab.ref, DeviceGroupSpec("EU", "", "Retail", "UpdateAll", False))
    renamed = GroupRef(product.ref, "eu")
    assert service.device_groups.get(renamed) == DeviceGroup(
        GroupRef(product.ref, "EU"), None, "Retail", "UpdateAll", id=lab.id, product_id=product.id
    )
    assert service.device_groups.get(lab.ref) is None
    finish(service, lambda: service.device_groups.delete(renamed))
    assert service.device_groups.with_id(lab.id) is None


def test_groups_and_products_with_devices_are_not_deleted(service: Service) -> None:
    product = kettle(service)
    group = service.device_groups.list(product.ref)[0].ref
    service.devices.claim(FREE[:1], soon(), going_on)
    service.devices.move(FREE[:1], group, soon(), going_on)
    for delete in (lambda: service.device_groups.delete(group), lambda: service.products.delete(product.ref)):
        with pytest.raises((OperationFailed, Conflict), match=r"devices are in .* move the devices first") as caught:
            finish(service, delete)
        assert caught.value.code == "Conflict"
    assert service.products.get(product.ref) == product


def test_devices_are_claimed_and_moved(service: Service, simulator: Simulator) -> None:
    product = kettle(service)
    group = service.device_groups.list(product.ref)[0]
    service.devices.claim(FREE[:3], soon(), going_on)
    service.devices.move(FREE[:2], group.ref, soon(), going_on)
    assert [device.id for device in service.devices.list()] == FREE[:3]
    assert [device.id for device in service.devices.list(group.ref)] == FREE[:2]
    assert [device.id for device in service.devices.list(product.ref)] == FREE[:2]
    assert (service.devices.count(), service.devices.count(product.ref)) == (3, 2)
    assert service.devices.count(group.ref) == 2
    moved = service.devices.get(FREE[0].upper())
    assert moved is not None
    assert (moved.tenant_id, moved.product_id) == (simulator.ready["tenant_id"], product.id)
    assert (moved.group, moved.device_group_id, moved.chip_sku) == (group.ref, group.id, "MT3620AN")
    for device_id in (FREE[5], FOREIGN_DEVICES[0]):
        unclaimed = service.devices.get(device_id)
        assert unclaimed is None or unclaimed.tenant_id is None
    assert service.devices.capability_file(FREE[0], ["appDevelopment"])


def test_images_are_uploaded_and_deployed(service: Service, tmp_path: Path) -> None:
    product = kettle(service)
    group = service.device_groups.list(product.ref)[0]
    first, second, third = (upload(service, tmp_path, number, number // 3) for number in (1, 3, 4))
    assert [image.name for image in service.images.list()] == ["App1", "App3", "App4"]
    found = service.images.get(first.id)
    assert found is not None
    assert (found.id, found.component_id, found.type) == (first.id, first.component_id, "Applications")
    assert service.images.get(NOWHERE) is service.images.status(NOWHERE) is None
    assert service.images.status(first.id) == "Succeeded"
    assert service.images.component_ids([first.id, second.id]) == {
        first.id: first.component_id,
        second.id: second.component_id,
    }

    for images in ([first.id], [first.id, second.id]):
        service.operations.wait(service.deployments.create(group.ref, images), soon())
    newest, oldest = service.deployments.list(group.ref)
    assert newest.images == tuple(sorted([first.id, second.id]))
    assert oldest.images == (first.id,)
    assert (newest.deployed_at or "") > (oldest.deployed_at or "")
    assert service.deployments.get(newest.id) == newest
    assert service.deployments.get(NOWHERE) is None
    current = service.device_groups.get(group.ref)
    assert current is not None
    assert current.current_deployment == newest

    with pytest.raises(FleetError):
        service.operations.wait(service.deployments.create(group.ref, [second.id, third.id]), soon())
    service.devices.claim(FREE[:1], soon(), going_on)
    service.devices.move(FREE[:1], group.ref, soon(), going_on)
    assert [image.id for image in service.devices.targeted_images(FREE[0])] == [first.id, second.id]


def test_downloaded_image_is_unchanged_and_no_token_is_sent(
    service: Service, simulator: Simulator, tmp_path: Path
) -> None:
    package = upload(service, tmp_path)
    download = service.images.download(package.id)
    parts: list[bytes] = []
    service.images.fetch(download, parts.append)
    assert b"".join(parts) == Path(package.path).read_bytes()
    blob = [entry for entry in simulator.log() if entry["kind"] == "blob"]
    assert [entry["status"] for entry in blob] == [200]
    assert [entry["note"] for entry in blob] == [None]


def test_operations_have_details(service: Service, dialect: str, tmp_path: Path) -> None:
    product = kettle(service)
    group = service.device_groups.list(product.ref)[0]
    package = upload(service, tmp_path)
    deploying = service.deployments.create(group.ref, [package.id])
    service.operations.wait(deploying, soon())
    found = service.operations.get(deploying.id, details=True)
    assert found is not None
    assert (found.type, found.state) == ("DeployToDeviceGroup", "Complete")
    assert found.details is not None
    assert service.deployments.list(group.ref)[0].id in str(found.details)
    bulk = service.devices.claim(FREE[:2], soon(), going_on)
    assert bulk is not None
    detailed = service.operations.get(bulk.id, details=True)
    assert detailed is not None
    # The address of these is a guess.
    assert (detailed.details is not None) == (dialect == "documented")
    assert service.operations.get(NOWHERE) is None


def test_insights_of_all_pages_are_returned(speaking: Simulator, connect: Connect) -> None:
    events = [{"device_id": FREE[0], "start": 1714979289 + number, "count": 2} for number in range(1205)]
    speaking.load({"tenants": [{"name": TENANT_NAME, "devices": FREE[:1], "insights": events}]})
    found = list(connect().service.insights.list())
    assert len(found) == 1205
    assert {insight.device_id for insight in found} == {FREE[0]}
    assert min(insight.start or "" for insight in found) == "2024-05-06T07:08:09Z"
    assert {insight.count for insight in found} == {2}


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21])
def test_lists_of_every_length_are_complete(speaking: Simulator, connect: Connect, count: int) -> None:
    speaking.settings(page_size=7)
    speaking.load({"tenants": [{"name": TENANT_NAME, "devices": [f"{number:0128x}" for number in range(count)]}]})
    assert len(connect().service.devices.list()) == count
    pages = [entry for entry in speaking.log() if entry["operation"] == "Devices_List" and entry["status"] == 200]
    assert len(pages) == max(1, -(-count // 7))


def test_users_get_and_lose_roles(service: Service) -> None:
    (me,) = service.users.list()
    assert me.id == OBJECT_ID
    assert tuple(service.users.account()) == (me.mail, me.id)
    assert service.users.get(OBJECT_ID) == service.users.get(str(me.mail).upper()) == me
    address = "grace@contoso.example"
    assert service.users.get(address) is None
    service.users.invite(address)
    service.users.assign_role(address, "Reader")
    service.users.assign_role(address, "Contributor")
    grace = service.users.get(address)
    assert grace is not None
    assert (grace.mail, grace.roles) == (address, ("Contributor", "Reader"))
    service.users.unassign_role(address, "Reader")
    assert [user.roles for user in service.users.list() if user.mail == address] == [("Contributor",)]
    service.users.unassign_role(address, "Contributor")
    assert service.users.get(address) is None
    assert list(service.users.roles()) == ["Administrator", "Contributor", "Reader"]


READER = {"roles": {"Fleet automation": ["Reader"]}, "products": [{"name": "Kettle"}], "devices": FREE[:2]}


def test_reader_can_read_and_denied_writes_are_reported(speaking: Simulator, connect: Connect) -> None:
    speaking.load({"tenants": [{"name": TENANT_NAME, **READER}]})
    service = connect().service
    (product,) = service.products.list()
    assert len(service.devices.list()) == 2
    for verb in (
        lambda: service.products.create(ProductSpec("Pot")),
        lambda: service.products.delete(product.ref),
        lambda: service.products.update(product.ref, ProductSpec(description="x")),
        lambda: service.users.assign_role(OBJECT_ID, "Administrator"),
        lambda: service.devices.capability_file(FREE[0], ["appDevelopment"]),
    ):
        with pytest.raises((Forbidden, NotFound), match="role"):
            verb()
    with pytest.raises(Forbidden, match="Administrators"):
        service.users.list()


def test_tenant_without_role_is_not_accessible(speaking: Simulator, connect: Connect) -> None:
    del speaking
    with pytest.raises(InvalidInput, match=f"Set tenant to .*{TENANT_NAME}"):
        connect(tenant=NOWHERE).service.tenants.current()
    with pytest.raises(InvalidInput, match=TENANT_NAME):
        connect(tenant=FOREIGN_TENANT_NAME).service.products.list()
    with pytest.raises((NotFound, Forbidden), match="role"):
        connect(tenant=NOWHERE).service.products.list()


def test_read_only_connection_reads_by_get_only(speaking: Simulator, connect: Connect, tmp_path: Path) -> None:
    real = connect().service
    product = kettle(real)
    group = real.device_groups.list(product.ref)[0]
    package = upload(real, tmp_path)
    real.operations.wait(real.deployments.create(group.ref, [package.id]), soon())
    real.devices.claim(FREE[:1], soon(), going_on)
    checked = connect(read_only=True).service
    for service in (real, checked):
        found = (
            service.tenants.list(),
            service.tenants.current(),
            service.products.list(),
            service.device_groups.list(),
            service.devices.list(),
            service.devices.get(FREE[0]),
            service.images.list(),
            service.deployments.list(group.ref),
            service.users.list(),
            service.certificates.list(),
            service.images.component_ids([package.id]),
            list(service.insights.list()),
        )
        if service is real:
            expected = found
            before = len(speaking.log())
    assert found == expected
    sent = [entry["method"] for entry in speaking.log()[before:] if entry["kind"] == "api"]
    assert len(sent) >= 12
    assert set(sent) == {"GET"}
