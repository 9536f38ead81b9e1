# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Blueprints: an empty tenant, one that is half built, one that drifted."""

from __future__ import annotations

from typing import Any

import yaml

from ..fleet import BOARD, DEVICES, KETTLE, NEW, OLD, RUNNER, UNCLAIMED, empty, fleet, tenant
from .table import CHANGE, CREATE, DELETE, NOTHING, REFUSED, Scenario

#: A tenant in which everything refers to something else that the document creates too.
DOCUMENT: dict[str, Any] = {
    "products": [
        {
            "name": "Kettle",
            "description": "Kettles for kitchens",
            "device_groups": [
                {"name": "Development", "description": "Ours"},
                {
                    "name": "Pilot",
                    "os_feed": "RetailEval",
                    "allow_crash_dumps_collection": True,
                    "deployment": {"packages": ["kettle.imagepackage", "kettle-board.imagepackage"]},
                },
                {"name": "Field Test", "deployment": {"packages": ["kettle.imagepackage"]}},
            ],
        },
        {
            "name": "Toaster",
            "default_device_groups": False,
            "device_groups": [{"name": "Ring 1", "update_policy": "No3rdPartyAppUpdates"}],
        },
    ],
    "images": ["fresh.imagepackage"],
    "devices": [
        {"id": UNCLAIMED[0], "product": "Kettle", "device_group": "Pilot"},
        {"id": UNCLAIMED[1], "product": "Kettle", "device_group": "Pilot"},
        {"id": DEVICES[0], "product": "Toaster", "device_group": "Ring 1"},
        {"id": UNCLAIMED[2]},
    ],
    "users": [{"user": "lin@contoso.example", "roles": ["Contributor"]}],
}

#: Everything that a document can say, for the folder `plan`.
EVERYTHING: dict[str, Any] = {
    "products": [
        {
            "name": "KETTLE",
            "description": "Kettles for boats",
            "default_device_groups": False,
            "device_groups": [
                {
                    "name": "Field Test",
                    "description": "",
                    "os_feed": "RetailEval",
                    "update_policy": "No3rdPartyAppUpdates",
                    "allow_crash_dumps_collection": True,
                    "deployment": {"images": [NEW.upper()], "packages": ["../kettle-board.imagepackage"]},
                },
                {"name": "Development", "os_feed": "Retail", "update_policy": "UpdateAll"},
                {"name": "Production", "description": "Everybody"},
                {"name": "Shelf", "allow_crash_dumps_collection": False},
            ],
        },
        {"name": "Plain", "default_device_groups": True},
    ],
    "images": ["../fresh.imagepackage"],
    "device_list": "devices.csv",
    "users": [
        {"user": RUNNER, "roles": ["Administrator"]},
        {"user": "ada@contoso.example", "roles": ["Reader"], "exclusive": True},
        {"user": "lin@contoso.example", "roles": ["contributor"], "exclusive": False},
    ],
}
_LIST = f"""DeviceId,ProductName,DeviceGroupName
{DEVICES[0]},Kettle,Production
{DEVICES[4]},Plain,Development
{UNCLAIMED[0]},Kettle,Field Test
{UNCLAIMED[1]},,
"""
_FILES = {"plan/blueprint.yml": yaml.safe_dump(EVERYTHING), "plan/devices.csv": _LIST}
_PRUNE = ["products", "device_groups", "users"]


def half_built() -> dict[str, Any]:
    """One product with some groups, one image, one deployment, one device."""
    return tenant(
        images=[{"id": NEW, "name": "KettleControl", "component_id": "d1000000-0000-4000-8000-000000000001"}],
        products=[
            {
                "id": KETTLE,
                "name": "Kettle",
                "device_groups": [
                    {"name": "Development", "description": "Ours", "update_policy": "No3rdPartyAppUpdates"},
                    {"name": "Field Test", "deployments": [{"images": [NEW]}]},
                ],
            }
        ],
        devices=[{"id": DEVICES[0], "device_group": "Kettle/Development"}, UNCLAIMED[2]],
    )


def drifted() -> dict[str, Any]:
    """All that the document names, changed by somebody else."""
    return tenant(
        roles={"Fleet automation": ["Administrator"], "sam@contoso.example": ["Reader"]},
        images=[
            {"id": image, "name": name, "component_id": component}
            for image, name, component in (
                (NEW, "KettleControl", "d1000000-0000-4000-8000-000000000001"),
                (OLD, "KettleControl", "d1000000-0000-4000-8000-000000000001"),
                (BOARD, "KettleBoard", "d2000000-0000-4000-8000-000000000002"),
            )
        ],
        products=[
            {
                "id": KETTLE,
                "name": "KETTLE",
                "description": "Pots",
                "device_groups": [
                    {"name": "Development", "description": "Theirs"},
                    {"name": "Production"},
                    {"name": "pilot", "deployments": [{"images": [NEW, BOARD]}, {"images": [OLD]}]},
                    {"name": "Field Test", "os_feed": "RetailEval", "deployments": [{"images": [NEW]}]},
                    {"name": "Stray"},
                ],
            },
            {"name": "Toaster", "device_groups": [{"name": "Ring 1"}, {"name": "Ring 2"}]},
            {"name": "Unwanted"},
        ],
        devices=[
            {"id": UNCLAIMED[0], "device_group": "KETTLE/Stray"},
            {"id": UNCLAIMED[1], "device_group": "KETTLE/pilot"},
            {"id": DEVICES[0], "device_group": "Unwanted/Development"},
        ],
    )


def _blueprint(effect: str, title: str, seed: dict[str, Any], **options: object) -> Scenario:
    return Scenario("blueprint", effect, title, {"blueprint": DOCUMENT, "claim": True, **options}, seed)


_AT_HAND = {"products": [{"name": "Kettle", "default_device_groups": False}], "users": []}

SCENARIOS = (
    _blueprint(CREATE, "an empty tenant", empty()),
    _blueprint(CREATE, "an empty tenant with everything pruned", empty(), prune=["products", "device_groups"]),
    _blueprint(CREATE, "what is missing of a half built tenant", half_built()),
    _blueprint(CHANGE, "what drifted", drifted()),
    _blueprint(CHANGE, "what drifted and what is too much", drifted(), prune=["products", "device_groups"]),
    Scenario(
        "blueprint",
        DELETE,
        "what it does not name",
        {
            "blueprint": {
                "products": [
                    {
                        "name": "Kettle",
                        "default_device_groups": False,
                        "device_groups": [{"name": "Development"}, {"name": "Field Test"}],
                    }
                ],
                "users": [{"user": "ada@contoso.example", "roles": ["Reader"], "exclusive": True}],
            },
            "prune": ["products", "device_groups"],
        },
    ),
    Scenario(
        "blueprint",
        CHANGE,
        "everything of a file",
        {
            "src": "plan/blueprint.yml",
            "claim": True,
            "prune": _PRUNE,
            "max_changes": 20,
            "max_failures": 0,
            "concurrency": 2,
            "journal": "devices.jsonl",
            "wait_timeout": 60,
        },
        files=_FILES,
    ),
    Scenario(
        "blueprint",
        CHANGE,
        "everything of a document for a folder",
        {"blueprint": EVERYTHING, "base_dir": "plan", "claim": True},
        files=_FILES,
    ),
    Scenario(
        "blueprint",
        CHANGE,
        "everything of a file for another folder",
        {"src": "blueprint.yml", "base_dir": "plan", "claim": True},
        files={"blueprint.yml": _FILES["plan/blueprint.yml"], "plan/devices.csv": _LIST},
    ),
    Scenario(
        "blueprint",
        CREATE,
        "and not waited for",
        {"blueprint": {"products": [{"name": "Toaster", "description": "For hotels"}]}, "wait": False},
    ),
    Scenario("blueprint", REFUSED, "with a claim unasked for", {"blueprint": DOCUMENT}),
    Scenario("blueprint", REFUSED, "more than allowed", {"blueprint": DOCUMENT, "claim": True, "max_changes": 3}),
    Scenario(
        "blueprint",
        REFUSED,
        "a product to be pruned with devices in it",
        {"blueprint": {"products": [{"name": "Spare"}]}, "prune": ["products"]},
    ),
    Scenario(
        "blueprint",
        REFUSED,
        "a device into a group that is not there",
        {"blueprint": {"devices": [{"id": DEVICES[0], "product": "Kettle", "device_group": "Nowhere"}]}},
    ),
    Scenario(
        "blueprint",
        REFUSED,
        "its own account to be pruned",
        {"blueprint": {"users": [{"user": "ada@contoso.example", "roles": ["Reader"]}]}, "prune": ["users"]},
    ),
    Scenario("blueprint", NOTHING, "what is there", {"blueprint": _AT_HAND}, fleet()),
    Scenario("blueprint", NOTHING, "an empty document", {"blueprint": {}, "prune": []}, fleet()),
    Scenario(
        "blueprint",
        NOTHING,
        "the same once more",
        {"blueprint": DOCUMENT, "claim": True},
        empty(),
        first=(("blueprint", {"blueprint": DOCUMENT, "claim": True}),),
    ),
)
