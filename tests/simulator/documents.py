# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state as a canonical document: equal states are equal bytes."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from .names import FEED_NAMES, POLICY_NAMES
from .state import Device, DeviceGroup, State, Tenant

Document = dict[str, Any]


def canonical(document: Document) -> bytes:
    """Return the document as canonical bytes."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def dump(state: State) -> Document:
    """Return the durable state as a document; lists without a meaningful order are sorted."""
    return {
        "directories": [asdict(d) for _id, d in sorted(state.directories.items())],
        "applications": sorted((asdict(a) for a in state.applications), key=lambda a: str(a["client_id"])),
        "people": sorted((asdict(p) for p in state.people), key=lambda p: str(p["object_id"])),
        "managed_identities": sorted((asdict(m) for m in state.managed_identities), key=lambda m: str(m["object_id"])),
        "principals": [asdict(p) for _id, p in sorted(state.principals.items())],
        "unclaimed": "any" if state.any_unclaimed else sorted(state.unclaimed),
        "tenant_makers": sorted(state.tenant_makers),
        "resource_groups": {
            subscription: sorted(groups.values()) for subscription, groups in sorted(state.resource_groups.items())
        },
        "role_assignments": sorted(
            (asdict(a) for a in state.role_assignments), key=lambda a: (a["scope"], a["principal"], a["role"])
        ),
        "paused": state.paused,
        "root": {"certificate": state.root_certificate, "key": state.root_key},
        "tenants": [_dump_tenant(tenant) for _id, tenant in sorted(state.tenants.items())],
    }


def timestamp(moment: datetime) -> str:
    """Format a time for a document: ISO 8601 in UTC with microseconds and a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _dump_tenant(tenant: Tenant) -> Document:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "legacy_authorization_blocked": tenant.legacy_authorization_blocked,
        "paused": tenant.paused,
        "catalog": None if tenant.catalog is None else asdict(tenant.catalog),
        "roles": {who: sorted(roles) for who, roles in sorted(tenant.roles.items()) if roles},
        "products": [
            {
                "id": product.id,
                "name": product.name,
                "description": product.description,
                "device_groups": [_dump_group(group) for _id, group in sorted(product.groups.items())],
            }
            for _id, product in sorted(tenant.products.items())
        ],
        "devices": [_dump_device(device) for _id, device in sorted(tenant.devices.items())],
        "images": [
            {
                "id": image.id,
                "component_id": image.component_id,
                "name": image.name,
                "type": image.type,
                "description": image.description,
                "package": base64.b64encode(image.package).decode(),
                "regional_data_boundary": image.regional_data_boundary,
            }
            for _id, image in sorted(tenant.images.items())
        ],
        "certificates": sorted((asdict(c) for c in tenant.certificates), key=lambda c: str(c["thumbprint"])),
        "insights": [asdict(insight) for insight in tenant.insights],
    }


def _dump_group(group: DeviceGroup) -> Document:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "os_feed": FEED_NAMES[group.os_feed],
        "update_policy": POLICY_NAMES[group.update_policy],
        "allow_crash_dumps_collection": group.allow_crash_dumps_collection,
        "regional_data_boundary": group.regional_data_boundary,
        "deployments": [asdict(deployment) for deployment in group.deployments],
    }


def _dump_device(device: Device) -> Document:
    return {
        "id": device.id,
        "device_group": device.group_id,
        "last_available_os_version": device.last_available_os_version,
        "last_installed_os_version": device.last_installed_os_version,
        "last_os_update": device.last_os_update,
        "last_update_request": device.last_update_request,
    }
