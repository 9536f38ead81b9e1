# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The tenant on which scenarios and examples play, as a seed of the simulator, and files beside them."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

from tests.simulator.images import compose_package


def device_id(number: int) -> str:
    """One that differs from others at its start, as real ones do."""
    return hashlib.sha512(str(number).encode()).hexdigest()


TENANT = "Contoso Fleet"
#: The name that the simulator gives to its catalog.
CATALOG = "Contoso-Fleet"
TENANT_ID = "7e000000-0000-4000-8000-0000000000c0"
#: Claimed: three in Kettle/Field Test, one in Kettle/Development, two in no group.
DEVICES = tuple(device_id(number) for number in range(1, 7))
#: As the examples of the documentation write them.
TOLD_DEVICES = ("0a" * 64, "0b" * 64)
#: The address of the application that the tests run as.
RUNNER = "2cf9f878-6155-5445-8b36-fcdee9bbd02a@db6cd3c9-4222-53f7-8856-71506a07a01a.onmicrosoft.com"
UNCLAIMED = tuple(device_id(number) for number in range(0xA1, 0xA7))
FOREIGN = device_id(0xF1)
COMPONENT, OTHER_COMPONENT = "d1000000-0000-4000-8000-000000000001", "d2000000-0000-4000-8000-000000000002"
OLD, NEW, BOARD, FRESH = (f"c{number}000000-0000-4000-8000-000000000001" for number in range(1, 5))
DEPLOYMENT = "d0000000-0000-4000-8000-000000000001"
#: Image packages beside the scenarios: file, image, component, name. FRESH is not in the tenant.
PACKAGES = (
    ("kettle-old.imagepackage", OLD, COMPONENT, "KettleControl"),
    ("kettle.imagepackage", NEW, COMPONENT, "KettleControl"),
    ("kettle-board.imagepackage", BOARD, OTHER_COMPONENT, "KettleBoard"),
    ("fresh.imagepackage", FRESH, COMPONENT, "KettleFresh"),
)
KETTLE, SPARE, PLAIN = (f"a{number}000000-0000-4000-8000-000000000001" for number in range(1, 4))
FIELD_TEST, DEVELOPMENT, PRODUCTION, EMPTY_GROUP = (
    f"b{number}000000-0000-4000-8000-000000000001" for number in range(1, 5)
)


def fleet() -> dict[str, Any]:
    """A tenant with something of everything."""
    return copy.deepcopy(_FLEET)


def empty() -> dict[str, Any]:
    """The same tenant with nothing in it."""
    return tenant()


def tenant(**members: Any) -> dict[str, Any]:
    """A seed with the tenant, its members as given, and another tenant's device."""
    return {
        "tenants": [
            {"id": TENANT_ID, "name": TENANT, **members},
            {"name": "Fabrikam Devices", "roles": {}, "devices": [FOREIGN]},
        ],
        "unclaimed": "any",
    }


def write_files(folder: Path) -> None:
    """The image packages, and lists of devices."""
    for name, image_id, component_id, label in PACKAGES:
        compose_package(folder / name, image_id=image_id, component_id=component_id, name=label)
    _name, image_id, component_id, label = PACKAGES[-1]
    inventory = f"plugin: azsphere.fleet.devices\ntenant: {TENANT}\n"
    (folder / "fleet.yml").write_text(inventory, encoding="utf-8")
    (folder / "factory.yml").write_text("plugin: azsphere.fleet.manufacturing\nsrc: devices.csv\n", encoding="utf-8")
    (folder / "packages").mkdir()
    compose_package(
        folder / "packages" / "fresh.imagepackage", image_id=image_id, component_id=component_id, name=label
    )
    rows = [f"{device},Kettle,Field Test\n" for device in (*DEVICES[:4], UNCLAIMED[0])]
    (folder / "devices.csv").write_text("DeviceId,ProductName,DeviceGroupName\n" + "".join(rows), encoding="utf-8")


_FLEET = tenant(
    roles={
        "Fleet automation": ["Administrator"],
        "ada@contoso.example": ["Contributor", "Reader"],
        "sam@contoso.example": ["Administrator"],
    },
    images=[
        {"id": OLD, "component_id": COMPONENT, "name": "KettleControl"},
        {"id": NEW, "component_id": COMPONENT, "name": "KettleControl"},
        {"id": BOARD, "component_id": OTHER_COMPONENT, "name": "KettleBoard", "type": 21},
    ],
    products=[
        {
            "id": KETTLE,
            "name": "Kettle",
            "description": "Kettles for kitchens",
            "device_groups": [
                {"id": DEVELOPMENT, "name": "Development", "update_policy": "No3rdPartyAppUpdates"},
                {
                    "id": FIELD_TEST,
                    "name": "Field Test",
                    "description": "With friendly customers",
                    "deployments": [
                        {"images": [OLD], "deployed_at": "2026-01-02T03:04:05.000000Z"},
                        {"id": DEPLOYMENT, "images": [OLD, BOARD], "deployed_at": "2026-02-03T04:05:06.000000Z"},
                    ],
                },
                {"id": PRODUCTION, "name": "Production", "description": "Everybody else"},
                {
                    "id": EMPTY_GROUP,
                    "name": "Shelf",
                    "description": "For nothing",
                    "os_feed": "RetailEval",
                    "allow_crash_dumps_collection": True,
                },
            ],
        },
        {"id": SPARE, "name": "Spare", "description": "To be given up"},
        {"id": PLAIN, "name": "Plain", "device_groups": []},
    ],
    devices=[
        *({"id": device, "device_group": "Kettle/Field Test"} for device in DEVICES[:3]),
        {
            "id": DEVICES[3],
            "device_group": "Kettle/Development",
            "last_installed_os_version": "24.03",
            "last_available_os_version": "24.06",
            "last_os_update": "2026-02-01T00:00:00.000000Z",
            "last_update_request": "2026-03-01T00:00:00.000000Z",
        },
        *DEVICES[4:],
        *TOLD_DEVICES,
    ],
    insights=[
        {"device_id": DEVICES[0], "start": 1767225600, "description": "exit code 1"},
        {"device_id": DEVICES[1], "event_type": "Planned", "start": 1767312000, "description": "update"},
    ],
)
