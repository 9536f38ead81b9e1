# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""All operations of the API, and the polling of long-running ones."""

from __future__ import annotations

from . import (
    bodies,
    catalogs,
    certificates,
    deployments,
    device_groups,
    devices,
    images,
    long_running,
    products,
    provider,
)
from .call import Answer, Call, Described
from .names import PROVIDER

_SUBSCRIPTION = "/subscriptions/{subscription}"
_P = f"{_SUBSCRIPTION}/resourceGroups/{{resource_group}}/providers/{PROVIDER}"
_C = f"{_P}/catalogs/{{catalog}}"
_PRODUCT = f"{_C}/products/{{product}}"
_GROUP = f"{_PRODUCT}/deviceGroups/{{group}}"
_DEVICE = f"{_GROUP}/devices/{{device}}"
_DEPLOYMENT = f"{_GROUP}/deployments/{{deployment}}"
_IMAGE = f"{_C}/images/{{image}}"
_CERTIFICATE = f"{_C}/certificates/{{certificate}}"
_OWN = f"{_SUBSCRIPTION}/providers/{PROVIDER}"


def _list_operations(call: Call) -> Answer:
    return provider.list_permissions(call, {operation.permission for operation in OPERATIONS if operation.permission})


OPERATIONS: tuple[Described, ...] = (
    Described("Operations_List", "GET", f"/providers/{PROVIDER}/operations", "", _list_operations),
    Described(
        "Catalogs_ListBySubscription",
        "GET",
        f"{_OWN}/catalogs",
        "",
        catalogs.list_by_subscription,
        gateway=True,
    ),
    Described("Catalogs_ListByResourceGroup", "GET", f"{_P}/catalogs", "", catalogs.list_by_resource_group),
    Described("Catalogs_Get", "GET", _C, "catalogs/read", catalogs.get),
    Described("Catalogs_CreateOrUpdate", "PUT", _C, "catalogs/write", catalogs.create_or_update, check=bodies.CATALOG),
    Described("Catalogs_Update", "PATCH", _C, "catalogs/write", catalogs.update, check=bodies.CATALOG_UPDATE),
    Described("Catalogs_Delete", "DELETE", _C, "catalogs/delete", catalogs.delete),
    Described(
        "Catalogs_CountDevices",
        "POST",
        f"{_C}/countDevices",
        "catalogs/countDevices/action",
        catalogs.count_devices,
        reads=True,
    ),
    Described(
        "Catalogs_ListDeployments",
        "POST",
        f"{_C}/listDeployments",
        "catalogs/listDeployments/action",
        catalogs.list_deployments,
        reads=True,
        options=True,
    ),
    Described(
        "Catalogs_ListDeviceGroups",
        "POST",
        f"{_C}/listDeviceGroups",
        "catalogs/listDeviceGroups/action",
        catalogs.list_device_groups,
        check=bodies.GROUP_FILTER,
        reads=True,
        options=True,
    ),
    Described(
        "Catalogs_ListDeviceInsights",
        "POST",
        f"{_C}/listDeviceInsights",
        "catalogs/listDeviceInsights/action",
        catalogs.list_device_insights,
        reads=True,
        options=True,
    ),
    Described(
        "Catalogs_ListDevices",
        "POST",
        f"{_C}/listDevices",
        "catalogs/listDevices/action",
        catalogs.list_devices,
        reads=True,
        options=True,
    ),
    Described(
        "Catalogs_UploadImage",
        "POST",
        f"{_C}/uploadImage",
        "catalogs/uploadImage/action",
        images.upload,
        check=bodies.IMAGE,
        long_running=True,
    ),
    Described(
        "Certificates_ListByCatalog",
        "GET",
        f"{_C}/certificates",
        "catalogs/certificates/read",
        certificates.list_by_catalog,
        options=True,
    ),
    Described("Certificates_Get", "GET", _CERTIFICATE, "catalogs/certificates/read", certificates.get),
    Described(
        "Certificates_RetrieveCertChain",
        "POST",
        f"{_CERTIFICATE}/retrieveCertChain",
        "catalogs/certificates/retrieveCertChain/action",
        certificates.retrieve_cert_chain,
        reads=True,
    ),
    Described(
        "Certificates_RetrieveProofOfPossessionNonce",
        "POST",
        f"{_CERTIFICATE}/retrieveProofOfPossessionNonce",
        "catalogs/certificates/retrieveProofOfPossessionNonce/action",
        certificates.retrieve_proof_of_possession,
        check=bodies.PROOF,
        reads=True,
    ),
    Described(
        "Images_ListByCatalog", "GET", f"{_C}/images", "catalogs/images/read", images.list_by_catalog, options=True
    ),
    Described("Images_Get", "GET", _IMAGE, "catalogs/images/read", images.get),
    Described(
        "Images_CreateOrUpdate",
        "PUT",
        _IMAGE,
        "catalogs/images/write",
        images.create_or_update,
        check=bodies.IMAGE,
        long_running=True,
    ),
    Described("Images_Delete", "DELETE", _IMAGE, "catalogs/images/delete", images.delete),
    Described("Products_ListByCatalog", "GET", f"{_C}/products", "catalogs/products/read", products.list_by_catalog),
    Described("Products_Get", "GET", _PRODUCT, "catalogs/products/read", products.get),
    Described(
        "Products_CreateOrUpdate",
        "PUT",
        _PRODUCT,
        "catalogs/products/write",
        products.create_or_update,
        check=bodies.PRODUCT,
    ),
    Described("Products_Update", "PATCH", _PRODUCT, "catalogs/products/write", products.update, check=bodies.PRODUCT),
    Described("Products_Delete", "DELETE", _PRODUCT, "catalogs/products/delete", products.delete),
    Described(
        "Products_CountDevices",
        "POST",
        f"{_PRODUCT}/countDevices",
        "catalogs/products/countDevices/action",
        products.count_devices,
        reads=True,
    ),
    Described(
        "Products_GenerateDefaultDeviceGroups",
        "POST",
        f"{_PRODUCT}/generateDefaultDeviceGroups",
        "catalogs/products/generateDefaultDeviceGroups/action",
        products.generate_default_device_groups,
    ),
    Described(
        "DeviceGroups_ListByProduct",
        "GET",
        f"{_PRODUCT}/deviceGroups",
        "catalogs/products/deviceGroups/read",
        device_groups.list_by_product,
        options=True,
    ),
    Described("DeviceGroups_Get", "GET", _GROUP, "catalogs/products/deviceGroups/read", device_groups.get),
    Described(
        "DeviceGroups_CreateOrUpdate",
        "PUT",
        _GROUP,
        "catalogs/products/deviceGroups/write",
        device_groups.create_or_update,
        check=bodies.GROUP,
    ),
    Described(
        "DeviceGroups_Update",
        "PATCH",
        _GROUP,
        "catalogs/products/deviceGroups/write",
        device_groups.update,
        check=bodies.GROUP,
    ),
    Described("DeviceGroups_Delete", "DELETE", _GROUP, "catalogs/products/deviceGroups/delete", device_groups.delete),
    Described(
        "DeviceGroups_ClaimDevices",
        "POST",
        f"{_GROUP}/claimDevices",
        "catalogs/products/deviceGroups/claimDevices/action",
        device_groups.claim_devices,
        check=bodies.CLAIM,
        long_running=True,
    ),
    Described(
        "DeviceGroups_CountDevices",
        "POST",
        f"{_GROUP}/countDevices",
        "catalogs/products/deviceGroups/countDevices/action",
        device_groups.count_devices,
        reads=True,
    ),
    Described(
        "Deployments_ListByDeviceGroup",
        "GET",
        f"{_GROUP}/deployments",
        "catalogs/products/deviceGroups/deployments/read",
        deployments.list_by_device_group,
        options=True,
    ),
    Described(
        "Deployments_Get",
        "GET",
        _DEPLOYMENT,
        "catalogs/products/deviceGroups/deployments/read",
        deployments.get,
    ),
    Described(
        "Deployments_CreateOrUpdate",
        "PUT",
        _DEPLOYMENT,
        "catalogs/products/deviceGroups/deployments/write",
        deployments.create,
        check=bodies.DEPLOYMENT,
        long_running=True,
    ),
    Described(
        "Deployments_Delete",
        "DELETE",
        _DEPLOYMENT,
        "catalogs/products/deviceGroups/deployments/delete",
        deployments.delete,
    ),
    Described(
        "Devices_ListByDeviceGroup",
        "GET",
        f"{_GROUP}/devices",
        "catalogs/products/deviceGroups/devices/read",
        devices.list_by_device_group,
    ),
    Described("Devices_Get", "GET", _DEVICE, "catalogs/products/deviceGroups/devices/read", devices.get),
    Described(
        "Devices_CreateOrUpdate",
        "PUT",
        _DEVICE,
        "catalogs/products/deviceGroups/devices/write",
        devices.create_or_update,
        check=bodies.DEVICE,
        long_running=True,
    ),
    Described(
        "Devices_Update",
        "PATCH",
        _DEVICE,
        "catalogs/products/deviceGroups/devices/write",
        devices.update,
        check=bodies.DEVICE_UPDATE,
        long_running=True,
    ),
    Described("Devices_Delete", "DELETE", _DEVICE, "catalogs/products/deviceGroups/devices/delete", devices.delete),
    Described(
        "Devices_GenerateCapabilityImage",
        "POST",
        f"{_DEVICE}/generateCapabilityImage",
        "catalogs/products/deviceGroups/devices/generateCapabilityImage/action",
        devices.generate_capability_image,
        check=bodies.CAPABILITY,
    ),
)
_LOCATIONS = f"{_OWN}/locations/{{location}}"
#: Polling, and the registration of the provider, which the API does not list as operations of its own.
OTHERS: tuple[Described, ...] = (
    Described(
        "OperationStatuses_Get",
        "GET",
        f"{_LOCATIONS}/{long_running.STATUSES}/{{operation}}",
        "locations/operationStatuses/read",
        long_running.status,
    ),
    Described(
        "OperationResults_Get",
        "GET",
        f"{_LOCATIONS}/{long_running.RESULTS}/{{operation}}",
        "locations/operationStatuses/read",
        long_running.result,
    ),
    Described("Providers_Register", "POST", f"{_OWN}/register", "register/action", provider.register, gateway=True),
    Described("Providers_Get", "GET", _OWN, "", provider.get, gateway=True),
)
