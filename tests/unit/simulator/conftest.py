# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A small fleet, and a client for each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.simulator.harness import Simulator
from tests.unit.simulator.client import DIRECTORY, TENANT, Client, client_id, object_id

ROLES = ("Administrator", "Contributor", "Reader")
KETTLE = "a1000000-0000-4000-8000-000000000001"
LAB = "b1000000-0000-4000-8000-000000000001"
FIELD = "b1000000-0000-4000-8000-000000000002"
IMAGE = "c1000000-0000-4000-8000-000000000001"
COMPONENT = "d1000000-0000-4000-8000-000000000001"
FOREIGN_TENANT = "22222222-2222-4333-8444-555555555555"
OWN = [f"{number:0128x}" for number in range(0x10, 0x15)]
FOREIGN = f"{0xF00:0128x}"
UNCLAIMED = [f"{number:0128x}" for number in range(0x20, 0x25)]


def seed() -> dict[str, Any]:
    """Return two tenants: one with a product, two groups, five devices and an image; another one that owns a device."""
    return {
        "directories": [{"id": DIRECTORY, "name": "Contoso"}],
        "applications": [
            {
                "name": name,
                "client_id": client_id(name),
                "object_id": object_id(name),
                "directory_id": DIRECTORY,
                "secrets": [{"value": f"secret of {name}"}],
            }
            for name in (*ROLES, "Stranger")
        ],
        "unclaimed": UNCLAIMED,
        "tenants": [
            {
                "id": TENANT,
                "name": "Contoso Fleet",
                "roles": {role: [role] for role in ROLES},
                "products": [
                    {
                        "id": KETTLE,
                        "name": "Kettle",
                        "device_groups": [
                            {"id": LAB, "name": "Lab"},
                            {"id": FIELD, "name": "Field Test", "description": "Default test device group"},
                        ],
                    }
                ],
                "images": [{"id": IMAGE, "component_id": COMPONENT, "name": "KettleApp"}],
                "devices": [{"id": device, "device_group": "Kettle/Lab"} for device in OWN],
            },
            {"id": FOREIGN_TENANT, "name": "Fabrikam", "roles": {}, "devices": [FOREIGN]},
        ],
    }


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    """The simulator with the small fleet."""
    simulator.load(seed())
    return simulator


@pytest.fixture
def client_of(fleet: Simulator) -> Iterator[Callable[[str], Client]]:
    """Return clients by the name of their application, which is the name of their role; `Stranger` has none."""
    clients: list[Client] = []

    def made(application: str) -> Client:
        clients.append(Client(fleet, application))
        return clients[-1]

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def client(client_of: Callable[[str], Client]) -> Client:
    """A client that is Administrator."""
    return client_of("Administrator")
