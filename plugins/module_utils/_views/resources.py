# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The values that results, lookups and inventories show of each part of the model, in a fixed order of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from .._model.resources import (
    Deployment,
    Device,
    DeviceGroup,
    DeviceGroupSpec,
    Image,
    Insight,
    Operation,
    Product,
    Tenant,
    User,
)

Values = dict[str, Any]


def tenant_values(tenant: Tenant) -> Values:
    return {"id": tenant.id, "name": tenant.name, "roles": sorted(tenant.roles)}


def product_values(product: Product, groups: Iterable[DeviceGroup]) -> Values:
    """Returns a product with its device groups, by name."""
    return {
        "id": product.id,
        "name": product.name,
        "description": product.description,
        "device_groups": [_group_members(group) for group in by_name(groups)],
    }


def device_group_values(group: DeviceGroup) -> Values:
    """Returns a device group with the name of its product."""
    return {**_group_members(group), "product_id": group.product_id, "product": group.ref.product.name}


def device_group_shown(group: DeviceGroup) -> Values:
    """Returns a device group as differences show it. Its current deployment has a difference of its own."""
    return {"name": group.name, "product": group.ref.product.name, **group_settings(group)}


def group_settings(group: DeviceGroup) -> Values:
    """Returns the settings of a device group without its name."""
    names = [each.name for each in fields(DeviceGroupSpec) if each.name != "name"]
    return {name: getattr(group, name) for name in names}


def _group_members(group: DeviceGroup) -> Values:
    current = group.current_deployment
    return {
        "id": group.id,
        "name": group.name,
        **group_settings(group),
        "current_deployment": None
        if current is None
        else {"id": current.id, "deployed_at": current.deployed_at, "images": list(current.images)},
    }


def device_values(device: Device) -> Values:
    """Returns a device with the names of its product and device group."""
    group = device.group
    return {
        "id": device.id,
        "product": None if group is None else group.product.name,
        "device_group": None if group is None else group.name,
        "product_id": device.product_id,
        "device_group_id": device.device_group_id,
        "chip_sku": device.chip_sku,
        "last_available_os_version": device.last_available_os_version,
        "last_installed_os_version": device.last_installed_os_version,
        "last_os_update": device.last_os_update,
        "last_update_request": device.last_update_request,
    }


def image_values(image: Image) -> Values:
    return {
        "id": image.id,
        "name": image.name,
        "description": image.description,
        "component_id": image.component_id,
        "type": image.type,
    }


def deployment_values(deployment: Deployment, images: Mapping[str, Image]) -> Values:
    """Returns a deployment with what is known of its images, by GUID."""
    return {
        "id": deployment.id,
        "deployed_at": deployment.deployed_at,
        "images": [image_values(images.get(image_id, Image(image_id))) for image_id in deployment.images],
    }


def operation_details(operation: Operation) -> Values:
    """Returns everything that the service reports about an operation."""
    values = asdict(operation)
    values.pop("details_location")
    return values


def user_values(user: User) -> Values:
    return {"id": user.id, "name": user.name, "mail": user.mail, "roles": sorted(user.roles)}


def insight_values(insight: Insight) -> Values:
    return asdict(insight)


def by_name(groups: Iterable[DeviceGroup]) -> list[DeviceGroup]:
    return sorted(groups, key=lambda group: group.name.casefold())


def image_label(image_id: str, image: Image | None) -> str:
    """Returns an image as differences show it: its name and its GUID."""
    return f"{image.name} ({image_id})" if image is not None and image.name else image_id
