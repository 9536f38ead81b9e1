# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The handler of each operation of the description."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import (
    access,
    capabilities,
    certificates,
    claiming,
    deployments,
    device_groups,
    devices,
    images,
    insights,
    operations,
    products,
    tenants,
)
from .call import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "Tenants_List": tenants.list_tenants,
        "Tenants_Create": tenants.create,
        "Tenants_Get": tenants.get,
        "Tenants_Patch": tenants.patch,
        "Tenants_BlockLegacy": tenants.block_legacy,
        "Tenants_ListCertificateMetadata": certificates.list_metadata,
        "Tenants_GetCertificate": certificates.get,
        "Tenants_GetCertificateChain": certificates.get_chain,
        "Tenants_GetProofOfPossession": certificates.get_proof_of_possession,
        "Tenants_ListCertificates": certificates.list_all,
        "Tenants_ListCertificateChains": certificates.list_all_chains,
        "AccessControl_ListUsers": access.list_users,
        "AccessControl_ListRolesByUser": access.list_roles_by_user,
        "AccessControl_AssignRole": access.assign_role,
        "AccessControl_UnassignRole": access.unassign_role,
        "AccessControl_ListAvailableRoles": access.list_available_roles,
        "AccessControl_InviteUser": access.invite_user,
        "Product_List": products.list_products,
        "Product_Create": products.create,
        "Product_Get": products.get,
        "Product_Patch": products.patch,
        "Product_Delete": products.delete,
        "Product_GetByName": products.get_by_name,
        "Product_ListGroups": device_groups.list_in_product,
        "DeviceGroup_CreateDefaults": device_groups.create_defaults,
        "DeviceGroup_List": device_groups.list_groups,
        "DeviceGroup_Create": device_groups.create,
        "DeviceGroup_Get": device_groups.get,
        "DeviceGroup_Patch": device_groups.patch,
        "DeviceGroup_Delete": device_groups.delete,
        "DeviceGroup_GetInProduct": device_groups.get_in_product,
        "DeviceGroup_ListByName": device_groups.list_by_name,
        "Devices_List": devices.list_devices,
        "Devices_ListInProduct": devices.list_in_product,
        "Devices_ListInGroup": devices.list_in_group,
        "Devices_Get": devices.get,
        "Devices_Move": devices.move,
        "Devices_Count": devices.count,
        "Devices_CountInProduct": devices.count_in_product,
        "Devices_CountInGroup": devices.count_in_group,
        "Devices_Claim": claiming.claim,
        "Devices_BulkClaim": claiming.bulk_claim,
        "DeviceCapability_Create": capabilities.create,
        "Deployments_List": deployments.list_in_group,
        "Deployments_Create": deployments.create,
        "Deployments_Get": deployments.get,
        "Deployments_GetByDevice": deployments.get_by_device,
        "Image_ListForTenant": images.list_images,
        "Image_Upload": images.upload,
        "Image_GetUrl": images.get_url,
        "Image_GetMetadata": images.get_metadata,
        "Image_GetStatus": images.get_status,
        "Image_ListComponentIds": images.list_component_ids,
        "ErrorReporting_List": insights.list_insights,
        "AsyncOperations_Get": operations.get,
        "AsyncOperations_GetGlobal": operations.get_global,
        "AsyncOperations_GetImageUploadDetails": operations.get_image_upload_details,
        "Deployments_GetCreateDetails": operations.get_deployment_details,
        "AsyncOperations_GetBulkClaimDetails": operations.get_bulk_claim_details,
    }
)
