# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Microsoft's azure-mgmt-sphere, unmodified, calls all operations."""

from __future__ import annotations

import base64
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.sphere import models

from tests.simulator import images
from tests.simulator.resource_manager.table import OPERATIONS
from tests.simulator.settings import SWITCHES
from tests.unit.simulator.conftest import FOREIGN, IMAGE, OWN, UNCLAIMED
from tests.unit.simulator.resource_manager.client import CATALOG, GROUP, ArmClient
from tests.unit.simulator.resource_manager.strict import sphere_client

NEW_IMAGE = "c3000000-0000-4000-8000-000000000001"
OTHER_IMAGE = "c3000000-0000-4000-8000-000000000002"
FIELDS = (GROUP, CATALOG, "Kettle", "Lab")


def package(image_id: str) -> str:
    component = image_id.replace("c3", "d3", 1)
    return base64.b64encode(images.compose(image_id=image_id, component_id=component, name="New")).decode()


@pytest.mark.parametrize("shapes", SWITCHES["arm_shapes"])
@pytest.mark.parametrize("starters", SWITCHES["arm_starters"])
@pytest.mark.parametrize("headers", SWITCHES["arm_operation_headers"])
def test_sdk_calls_all_operations(arm: ArmClient, shapes: str, starters: str, headers: str) -> None:
    arm.simulator.settings(
        arm_shapes=shapes, arm_starters=starters, arm_operation_headers=headers, page_size=2, arm_retry_after="0"
    )
    arm.simulator.clear_log()
    with sphere_client(arm) as (client, strict):
        assert list(client.operations.list())
        client.catalogs.begin_create_or_update(GROUP, "Second", models.Catalog(location="global")).result()
        assert [c.name for c in client.catalogs.list_by_subscription()] == [CATALOG, "Second"]
        assert [c.name for c in client.catalogs.list_by_resource_group(GROUP)] == [CATALOG, "Second"]
        assert client.catalogs.get(GROUP, "Second").properties.tenant_id
        client.catalogs.update(GROUP, "Second", models.CatalogUpdate(tags={"a": "b"}))
        assert client.catalogs.get(GROUP, "Second").tags == {"a": "b"}
        client.catalogs.begin_delete(GROUP, "Second").result()

        certificate = next(iter(client.certificates.list_by_catalog(GROUP, CATALOG)))
        assert client.certificates.get(GROUP, CATALOG, certificate.name).name == certificate.name
        assert client.certificates.retrieve_cert_chain(GROUP, CATALOG, ".default").certificate_chain
        nonce = models.ProofOfPossessionNonceRequest(proof_of_possession_nonce="code")
        assert client.certificates.retrieve_proof_of_possession_nonce(GROUP, CATALOG, "active", nonce).certificate

        for place, image_id in (("put", NEW_IMAGE), ("post", OTHER_IMAGE)):
            image = models.Image(properties=models.ImageProperties(image=package(image_id)))
            if place == "put":
                client.images.begin_create_or_update(GROUP, CATALOG, image_id, image).result()
            else:
                client.catalogs.begin_upload_image(GROUP, CATALOG, image).result()
            assert client.images.get(GROUP, CATALOG, image_id).properties.image_id == image_id
        assert {i.name for i in client.images.list_by_catalog(GROUP, CATALOG)} == {IMAGE, NEW_IMAGE, OTHER_IMAGE}
        client.images.begin_delete(GROUP, CATALOG, NEW_IMAGE).result()

        client.products.begin_create_or_update(GROUP, CATALOG, "Lamp", models.Product()).result()
        text = models.ProductUpdate(properties=models.ProductUpdateProperties(description="bright"))
        client.products.begin_update(GROUP, CATALOG, "Lamp", text).result()
        assert client.products.get(GROUP, CATALOG, "Lamp").properties.description == "bright"
        assert {p.name for p in client.products.list_by_catalog(GROUP, CATALOG)} == {"Kettle", "Lamp"}
        assert len(list(client.products.generate_default_device_groups(GROUP, CATALOG, "Lamp"))) == 5
        assert client.products.count_devices(GROUP, CATALOG, "Kettle").value == len(OWN)
        client.products.begin_delete(GROUP, CATALOG, "Lamp").result()

        group = models.DeviceGroup(properties=models.DeviceGroupProperties(description="new"))
        client.device_groups.begin_create_or_update(GROUP, CATALOG, "Kettle", "New", group).result()
        change = models.DeviceGroupUpdate(properties=models.DeviceGroupUpdateProperties(os_feed_type="RetailEval"))
        client.device_groups.begin_update(GROUP, CATALOG, "Kettle", "New", change).result()
        found = client.device_groups.get(GROUP, CATALOG, "Kettle", "New").properties
        assert (found.description, found.os_feed_type) == ("new", "RetailEval")
        assert len(list(client.device_groups.list_by_product(GROUP, CATALOG, "Kettle"))) == 3
        named = models.ListDeviceGroupsRequest(device_group_name="New")
        assert [g.name for g in client.catalogs.list_device_groups(GROUP, CATALOG, named)] == ["New"]
        ids = models.ClaimDevicesRequest(device_identifiers=UNCLAIMED[:3])
        client.device_groups.begin_claim_devices(GROUP, CATALOG, "Kettle", "New", ids).result()
        assert client.device_groups.count_devices(GROUP, CATALOG, "Kettle", "New").value == 3

        deployed = models.DeploymentProperties(
            deployed_images=[models.Image(properties=models.ImageProperties(image_id=NEW_IMAGE))]
        )
        deployment = models.Deployment(properties=deployed)
        client.deployments.begin_create_or_update(*FIELDS, ".default", deployment).result()
        current = client.deployments.get(*FIELDS, ".default")
        assert [d.name for d in client.deployments.list_by_device_group(*FIELDS)] == [current.name]
        assert [d.name for d in client.catalogs.list_deployments(GROUP, CATALOG)] == [current.name]
        client.deployments.begin_delete(*FIELDS, current.name).result()

        client.devices.begin_create_or_update(*FIELDS, UNCLAIMED[3], models.Device()).result()
        assert client.devices.get(*FIELDS, UNCLAIMED[3]).name == UNCLAIMED[3]
        target = arm.get("products/Kettle/deviceGroups/New")["id"]
        move = models.DeviceUpdate(properties=models.DeviceUpdateProperties(device_group_id=target))
        # Without Location, the client reads the device at its old path, where it no longer is.
        moves = pytest.raises(HttpResponseError) if headers == "azure_async_operation" else nullcontext()
        poller = client.devices.begin_update(*FIELDS, UNCLAIMED[3], move)
        with moves if starters != "at_once" else nullcontext():
            poller.result()
        assert len(list(client.devices.list_by_device_group(GROUP, CATALOG, "Kettle", "New"))) == 4
        assert len(list(client.catalogs.list_devices(GROUP, CATALOG))) == len(OWN) + 4
        assert client.catalogs.count_devices(GROUP, CATALOG).value == len(OWN) + 4
        assert list(client.catalogs.list_device_insights(GROUP, CATALOG)) == []
        wanted = models.GenerateCapabilityImageRequest(capabilities=["FieldServicing"])
        assert client.devices.begin_generate_capability_image(*FIELDS, OWN[0], wanted).result().image
        client.devices.begin_delete(*FIELDS, OWN[0]).result()

        nowhere = arm.get("")["id"] + "/products/.default/deviceGroups/.default"
        move = models.DeviceUpdate(properties=models.DeviceUpdateProperties(device_group_id=nowhere))
        for device in UNCLAIMED[:4]:
            client.devices.begin_update(GROUP, CATALOG, "Kettle", "New", device, move, polling=False)
        client.device_groups.begin_delete(GROUP, CATALOG, "Kettle", "New").result()
    assert strict.misfits == []
    called = set(arm.simulator.counts()["operations"])
    assert called >= {operation.id for operation in OPERATIONS}
    assert len(OPERATIONS) == 45


def test_sdk_returns_the_operation_for_a_move(arm: ArmClient) -> None:
    """Both headers of a move have the same address, from which the client reads what it takes for the device."""
    target = arm.get("products/Kettle/deviceGroups/Field%20Test")["id"]
    move = models.DeviceUpdate(properties=models.DeviceUpdateProperties(device_group_id=target))
    with sphere_client(arm) as (client, _strict):
        device = client.devices.begin_update(*FIELDS, OWN[0], move).result()
    assert "/operationStatuses/" in device.id
    assert device.properties.device_id is None


def test_sdk_reports_failed_operation(arm: ArmClient) -> None:
    with sphere_client(arm) as (client, _strict), pytest.raises(HttpResponseError, match="not found or is claimed"):
        client.devices.begin_create_or_update(*FIELDS, FOREIGN, models.Device()).result()


def test_sdk_registers_the_provider(arm: ArmClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # It waits ten seconds before it looks whether the provider is registered.
    monkeypatch.setattr("azure.mgmt.core.policies._base.time", SimpleNamespace(sleep=lambda _seconds: None))
    arm.simulator.settings(arm_registration="missing")
    with sphere_client(arm) as (client, _strict):
        assert client.catalogs.get(GROUP, CATALOG).name == CATALOG
    assert arm.simulator.counts()["operations"]["Providers_Register"] == 1
