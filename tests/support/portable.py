# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulator's state without what differs between two runs that do the same: GUIDs that it gave, and times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
_SETTINGS = ("description", "os_feed", "update_policy", "allow_crash_dumps_collection")


def portable(state: bytes) -> dict[str, Any]:
    """Returns the tenants of a state document by name, everything in them by name, and the known principals."""
    document = json.loads(state)
    mails = {each["id"]: each["mail"] for each in document["principals"]}
    return {
        "tenants": {tenant["name"]: _tenant(tenant, mails) for tenant in document["tenants"]},
        "principals": sorted(mails.values()),
        "tenant_makers": sorted(document["tenant_makers"]),
    }


def placement(state: bytes) -> dict[str, str | None]:
    """Returns the place of each claimed device, as `Tenant: Product/Group`; of one in no group, `Tenant: `."""
    places: dict[str, str | None] = {}
    for name, tenant in portable(state)["tenants"].items():
        places |= {device: f"{name}: {place or ''}" for device, place in tenant["devices"].items()}
    return places


def _tenant(tenant: Document, mails: Mapping[str, str]) -> dict[str, Any]:
    places = {
        group["id"]: f"{product['name']}/{group['name']}"
        for product in tenant["products"]
        for group in product["device_groups"]
    }
    return {
        "products": {product["name"]: _product(product) for product in tenant["products"]},
        "devices": {each["id"]: places.get(each["device_group"]) for each in tenant["devices"]},
        "images": sorted(image["id"] for image in tenant["images"]),
        "roles": {mails.get(who, who): sorted(roles) for who, roles in tenant["roles"].items()},
        "legacy_authorization_blocked": tenant["legacy_authorization_blocked"],
        "insights": len(tenant["insights"]),
    }


def _product(product: Document) -> dict[str, Any]:
    return {
        "description": product["description"],
        "device_groups": {
            group["name"]: {
                **{name: group[name] for name in _SETTINGS},
                "deployments": [sorted(each["images"]) for each in group["deployments"]],
            }
            for group in product["device_groups"]
        },
    }
