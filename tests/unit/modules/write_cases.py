# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Each kind of write that modules send, with the tenant that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.azsphere.fleet.plugins.modules import (
    deployment,
    device,
    device_group,
    image,
    product,
    tenant,
    user_role,
)

from tests.simulator.images import compose_package

CLAIMED = [f"{number:0128x}" for number in range(1, 13)]
FREE = [f"{number:0128x}" for number in range(101, 113)]
IMAGE = "c1000000-0000-4000-8000-00000000000a"
ADA = "ada@contoso.example"
WRONG = ["html", "error_object"]


POSTS = ["create product", "create group", "upload", "deploy", "assign role", "create tenant", "default groups"]


def write_case(case: str, folder: Path) -> tuple[Any, dict[str, Any], str]:
    """The module, its options and the operation of the API that it writes with."""
    package = folder / "fresh.imagepackage"
    component = "d1000000-0000-4000-8000-00000000000a"
    compose_package(package, image_id=IMAGE, component_id=component, name="fresh")
    group = {"product": "Kettle", "device_group": "Lab"}
    cases: dict[str, tuple[Any, dict[str, Any], str]] = {
        "create product": (product, {"name": "Toaster"}, "Product_Create"),
        "change product": (product, {"name": "Kettle", "description": "Pots"}, "Product_Patch"),
        "delete product": (product, {"name": "Bare", "state": "absent"}, "Product_Delete"),
        "default groups": (product, {"name": "Bare"}, "DeviceGroup_CreateDefaults"),
        "create group": (device_group, {"product": "Bare", "name": "Lab"}, "DeviceGroup_Create"),
        "change group": (
            device_group,
            {"product": "Kettle", "name": "Lab", "os_feed": "RetailEval"},
            "DeviceGroup_Patch",
        ),
        "delete group": (device_group, {"product": "Kettle", "name": "Field", "state": "absent"}, "DeviceGroup_Delete"),
        "upload": (image, {"path": str(package)}, "Image_Upload"),
        "deploy": (
            deployment,
            {**group, "images": ["c1000000-0000-4000-8000-000000000001"]},
            "Deployments_Create",
        ),
        "assign role": (user_role, {"user": ADA, "roles": ["Reader"]}, "AccessControl_AssignRole"),
        "invite": (user_role, {"user": ADA, "roles": ["Reader"]}, "AccessControl_InviteUser"),
        "create tenant": (
            tenant,
            {"name": "Other Fleet", "device_id": FREE[0], "confirm": "Other Fleet"},
            "Tenants_Create",
        ),
        "claim": (device, {"ids": FREE[:1], "claim": True}, "Devices_Claim"),
        "claims": (device, {"ids": FREE, "claim": True}, "Devices_BulkClaim"),
        "move": (device, {"ids": CLAIMED[:1], "product": "Kettle", "device_group": "Field"}, "Devices_Move"),
        "moves": (device, {"ids": CLAIMED, "product": "Kettle", "device_group": "Field"}, "Devices_Move"),
    }
    return cases[case]


CASES = [
    "create product",
    "change product",
    "delete product",
    "default groups",
    "create group",
    "change group",
    "delete group",
    "upload",
    "deploy",
    "assign role",
    "invite",
    "create tenant",
    "claim",
    "claims",
    "move",
    "moves",
]
