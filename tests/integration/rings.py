# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A tenant with three rings for rollouts, and runs of the playbook on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package

from .play import Played, play_book

RINGS = ("Pilot", "Field", "Wide")
OLD, NEW, OTHER = (f"c{number}000000-0000-4000-8000-00000000000a" for number in range(1, 4))
COMPONENT = "d1000000-0000-4000-8000-00000000000a"
#: How the devices of a ring do: they request updates, and report errors or not; or they are silent.
FINE, BAD, SILENT = "fine", "bad", "silent"
_FAR = 4_000_000_000


def devices(ring: str) -> list[str]:
    return [hashlib.sha512(f"{ring} {number}".encode()).hexdigest() for number in range(2)]


def write_packages(folder: Path) -> None:
    """Writes `new.imagepackage`, which the tenant does not have, and `other.imagepackage`."""
    for name, image in (("new", NEW), ("other", OTHER)):
        compose_package(folder / f"{name}.imagepackage", image_id=image, component_id=COMPONENT, name=name)


def load(simulator: Simulator, keep: bytes | None = None, **rings: str) -> None:
    """Loads a tenant in which each ring has OLD, and whose devices do as given, by default FINE.

    `keep` is a state of which everything but that is kept.
    """
    conditions = {ring: rings.get(ring, FINE) for ring in RINGS}
    requests = {True: None, False: "2099-01-01T00:00:00.000000Z"}
    listed = [
        {"id": each, "device_group": f"Kettle/{ring}", "last_update_request": requests[condition == SILENT]}
        for ring, condition in conditions.items()
        for each in devices(ring)
    ]
    events = [
        {"device_id": each, "start": 1_700_000_000, "end": _FAR, "event_type": "Unplanned", "event_class": "AppCrash"}
        for ring, condition in conditions.items()
        for each in devices(ring)
        if condition == BAD
    ]
    groups = [
        {"name": ring, "deployments": [{"images": [OLD], "deployed_at": "2026-01-02T03:04:05.000000Z"}]}
        for ring in RINGS
    ]
    tenant: dict[str, Any] = {
        "name": "Contoso Fleet",
        "images": [{"id": OLD, "component_id": COMPONENT, "name": "old"}],
        "products": [{"name": "Kettle", "device_groups": groups}],
        "devices": listed,
        "insights": events,
    }
    if keep is None:
        simulator.load({"tenants": [tenant]})
        return
    state = json.loads(keep)
    kept = next(each for each in state["tenants"] if each["name"] == "Contoso Fleet")
    by_id = {each["id"]: each["last_update_request"] for each in listed}
    for device in kept["devices"]:
        device["last_update_request"] = by_id[device["id"]]
    kept["insights"] = events
    simulator.load(state)


def age(simulator: Simulator, **passed: float) -> None:
    """Lets time pass for all deployments, as `timedelta` takes it."""
    state = json.loads(simulator.state())
    for deployment in _deployments(state):
        moment = datetime.fromisoformat(deployment["deployed_at"].replace("Z", "+00:00")) - timedelta(**passed)
        deployment["deployed_at"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    simulator.load(state)


def _deployments(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        deployment
        for tenant in state["tenants"]
        for product in tenant["products"]
        for group in product["device_groups"]
        for deployment in group["deployments"]
    ]


def history(simulator: Simulator) -> dict[str, list[str]]:
    """Returns the images of all deployments of each ring, oldest first. All are of one image."""
    tenants = json.loads(simulator.state())["tenants"]
    products = next(each for each in tenants if each["name"] == "Contoso Fleet")["products"]
    found = {}
    for group in products[0]["device_groups"]:
        ordered = sorted(group["deployments"], key=lambda each: str(each["deployed_at"]))
        found[group["name"]] = ["+".join(each["images"]) for each in ordered]
    return found


def options(**changes: Any) -> dict[str, Any]:
    """Returns the variables of a rollout of the new package without a soak, with changes."""
    rings = [{"product": "Kettle", "device_group": ring} for ring in RINGS]
    return {"rollout_packages": ["new.imagepackage"], "rollout_rings": rings, "rollout_soak": 0, **changes}


def rollout(simulator: Simulator, folder: Path, *flags: str, **changes: Any) -> Played:
    """Runs the playbook of the collection."""
    given = json.dumps(options(**changes))
    return play_book(simulator, folder, "azsphere.fleet.rollout", ["--extra-vars", given, *flags])
