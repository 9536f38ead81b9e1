# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state as resources of Resource Manager.

A resource differs by where it is read: trap by trap as recorded, or uniformly as documented.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from .. import certificates
from ..blob import signed_address
from ..names import FEED_NAMES, NO_UPDATES, POLICY_NAMES
from ..state import CaCertificate, Catalog, Deployment, Device, DeviceGroup, Image, Insight, Product, Tenant
from ..world import World
from .access import Caller
from .names import DEFAULT, IMAGE_TYPES, PROVIDER

Wire = dict[str, Any]
#: Where a resource is shown: a single GET, a list by GET or by POST, the reply to PUT or PATCH.
GET, LIST, POST_LIST, PUT, PATCH = "get", "list", "post_list", "put", "patch"
_CHIP = "MT3620AN"
_DOWNLOAD_SECONDS = 8 * 3600
_SUCCEEDED = "Succeeded"


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 with seven digits and a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def iso_text(text: str | None) -> str | None:
    """Return a time of the state as ISO 8601; a value that is not a time is returned unchanged."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


class Writer:
    """Writes resources of one catalog for one request."""

    def __init__(self, world: World, tenant: Tenant, catalog: Catalog, caller: Caller) -> None:
        self._world = world
        self._tenant = tenant
        self._catalog = catalog
        self._caller = caller
        self._recorded = world.settings.arm_shapes == "recorded"

    def product_id(self, product: Product) -> str:
        return f"{self._catalog.id}/products/{product.name}"

    def group_id(self, group: DeviceGroup) -> str:
        return f"{self.product_id(self._tenant.products[group.product_id])}/deviceGroups/{group.name}"

    def device_id(self, device: Device, shown: str | None = None) -> str:
        """Return the resource ID of a device, which depends on its group; `shown` is the device ID as requested."""
        above = f"{self._catalog.id}/products/{DEFAULT}/deviceGroups/{DEFAULT}"
        if device.group_id is not None:
            above = self.group_id(self._tenant.groups[device.group_id])
        return f"{above}/devices/{shown or device.id}"

    def image_id(self, image_id: str) -> str:
        return f"{self._catalog.id}/images/{image_id}"

    def catalog(self, view: str) -> Wire:
        catalog = self._catalog
        properties: Wire = {"provisioningState": _SUCCEEDED}
        if view != PATCH or not self._recorded:
            properties["tenantId"] = None if view == PUT and self._recorded else self._tenant.id
        document: Wire = {
            "id": catalog.id,
            "name": catalog.name,
            "type": _type(self._world, "catalogs", lower=True),
            "location": "Global" if view == GET and catalog.location == "global" else catalog.location,
            "systemData": {
                "createdBy": catalog.created_by,
                "createdByType": catalog.created_by_type,
                "createdAt": iso_text(catalog.created_at),
                "lastModifiedBy": catalog.created_by,
                "lastModifiedByType": catalog.created_by_type,
                "lastModifiedAt": iso_text(catalog.modified_at),
            },
            "properties": properties,
        }
        if catalog.tags is not None:
            document["tags"] = dict(catalog.tags)
        return document

    def product(self, product: Product, view: str) -> Wire:
        in_list = view in (LIST, POST_LIST) and self._recorded
        properties = {
            "description": (product.description or "") if in_list else product.description,
            "provisioningState": _SUCCEEDED,
        }
        return self._child(self.product_id(product), "catalogs/products", view, properties)

    def group(self, group: DeviceGroup, view: str) -> Wire:
        hidden = view == GET and self._recorded
        properties = {
            "description": group.description,
            "osFeedType": FEED_NAMES[group.os_feed],
            "updatePolicy": self._policy(group.update_policy),
            "allowCrashDumpsCollection": "Enabled" if group.allow_crash_dumps_collection else "Disabled",
            "regionalDataBoundary": group.regional_data_boundary,
            "hasDeployment": None if hidden else bool(group.deployments),
            "provisioningState": _SUCCEEDED,
        }
        return self._child(self.group_id(group), "catalogs/products/deviceGroups", view, properties)

    def device(self, device: Device, view: str, *, shown: str | None = None, in_group: bool = False) -> Wire:
        """Return a device. `in_group` is whether the list is that of a group."""
        unknown = "" if view not in (LIST, POST_LIST) and self._recorded else None
        properties = {
            "deviceId": None if in_group and self._recorded else device.id,
            "chipSku": _CHIP,
            "lastAvailableOsVersion": device.last_available_os_version or unknown,
            "lastInstalledOsVersion": device.last_installed_os_version or unknown,
            "lastOsUpdateUtc": iso_text(device.last_os_update),
            "lastUpdateRequestUtc": iso_text(device.last_update_request),
            "provisioningState": _SUCCEEDED,
        }
        path = self.device_id(device, shown)
        return self._child(path, "catalogs/products/deviceGroups/devices", view, properties, name=device.id)

    def image(self, image: Image, view: str) -> Wire:
        properties: Wire = {
            "image": image.name,
            "imageId": image.id,
            "regionalDataBoundary": image.regional_data_boundary,
            "uri": self._download(image),
            "description": image.description,
            "componentId": image.component_id,
            "imageType": IMAGE_TYPES.get(image.type, "Other"),
            "provisioningState": _SUCCEEDED,
        }
        if not self._recorded:
            properties |= {"image": properties["uri"], "imageName": image.name}
        return self._child(self.image_id(image.id), "catalogs/images", view, properties)

    def deployment(self, deployment: Deployment, group: DeviceGroup, view: str) -> Wire:
        images = self._tenant.images
        properties = {
            "deploymentId": deployment.id,
            "deployedImages": [self.image(images[image], GET) for image in deployment.images if image in images],
            "deploymentDateUtc": iso_text(deployment.deployed_at),
            "provisioningState": _SUCCEEDED,
        }
        path = f"{self.group_id(group)}/deployments/{deployment.id}"
        document = self._child(path, "catalogs/products/deviceGroups/deployments", view, properties)
        if view != PUT and self._recorded:
            date = iso_text(deployment.deployed_at)
            document["systemData"] = {"createdAt": date, "lastModifiedAt": date}
        return document

    def certificate(self, ca: CaCertificate, view: str) -> Wire:
        details = certificates.details(ca)
        properties = {
            "certificate": certificates.body(ca),
            "status": self._status(ca),
            "subject": details.subject.rfc4514_string(),
            "thumbprint": ca.thumbprint,
            "expiryUtc": iso(details.not_valid_after_utc),
            "notBeforeUtc": iso(details.not_valid_before_utc),
            "provisioningState": _SUCCEEDED,
        }
        path = f"{self._catalog.id}/certificates/{serial_number(ca)}"
        return self._child(path, "catalogs/certificates", view, properties)

    def insight(self, insight: Insight) -> Wire:
        return {
            "deviceId": insight.device_id,
            "description": insight.description,
            "startTimestampUtc": _unix(insight.start),
            "endTimestampUtc": _unix(insight.end),
            "eventCategory": insight.event_category,
            "eventClass": insight.event_class,
            "eventType": insight.event_type,
            "eventCount": insight.count,
        }

    def _child(self, path: str, kind: str, view: str, properties: Wire, *, name: str | None = None) -> Wire:
        document: Wire = {
            "id": path,
            "name": name or path.rpartition("/")[2],
            "type": _type(self._world, kind, lower=view == PUT),
            "properties": properties,
        }
        if view == PUT:
            document["systemData"] = _system_data(self._world, self._caller)
        elif view == POST_LIST and self._recorded:
            document["systemData"] = None
        return document

    def _policy(self, number: int) -> str | None:
        """Return the name of an update policy. NoUpdates, which only the Legacy API has, depends on the settings."""
        shown = self._world.settings.arm_no_updates
        if number == NO_UPDATES:
            return None if shown == "null" else shown
        return POLICY_NAMES[number]

    def _download(self, image: Image) -> str:
        """Return a signed address, which is different each time."""
        expires = self._world.clock.timestamp() + _DOWNLOAD_SECONDS
        return f"{signed_address(self._world, self._tenant.id, image.id, expires)}&rscid={uuid.uuid4()}"

    def _status(self, ca: CaCertificate) -> str:
        now = self._world.clock.now()
        if ca.revoked:
            return "Revoked"
        if certificates.is_expired(ca, now):
            return "Expired"
        return "Active" if ca is certificates.active(self._tenant.certificates, now) else "Inactive"


def serial_number(ca: CaCertificate) -> str:
    """Return the serial number: text of 34 upper-case digits with leading zeros."""
    return f"{certificates.details(ca).serial_number:034X}"


def accepted(world: World, caller: Caller, path: str, kind: str) -> Wire:
    """Return the body of a 201: names as requested, and no properties but the state."""
    return {
        "id": path,
        "name": path.rpartition("/")[2],
        "type": _type(world, kind, lower=True),
        "systemData": _system_data(world, caller),
        "properties": {"provisioningState": "Accepted"},
    }


def _type(world: World, kind: str, *, lower: bool) -> str:
    name = f"{PROVIDER}/{kind}"
    return name.lower() if lower and world.settings.arm_shapes == "recorded" else name


def _system_data(world: World, caller: Caller) -> Wire:
    now = iso(world.clock.now())
    by = caller.name or caller.id
    kind = "User" if caller.name else "Application"
    return {
        "createdBy": by,
        "createdByType": kind,
        "createdAt": now,
        "lastModifiedBy": by,
        "lastModifiedByType": kind,
        "lastModifiedAt": now,
    }


def _unix(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
