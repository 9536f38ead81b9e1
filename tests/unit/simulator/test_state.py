# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state as a document: canonical, complete, and loaded without changes."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import images, seeds
from tests.simulator.documents import canonical, dump
from tests.simulator.harness import Simulator, SimulatorFailed, start_simulator
from tests.simulator.loading import InvalidState
from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import FIELD, IMAGE, KETTLE, LAB, OWN, UNCLAIMED, seed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_reads_leave_state_and_writes_change_it(client: Client) -> None:
    before = client.simulator.state()
    for path in ("devices", "products", "getDeviceInsights", "certificates", "users", f"images/{IMAGE}"):
        client.get(path)
    assert client.simulator.state() == before
    client.call("PATCH", f"products/{KETTLE}", {"Description": "x"})
    assert client.simulator.state() != before
    client.call("PATCH", f"products/{KETTLE}", {"Description": ""})
    assert client.simulator.state() == before


def test_state_does_not_depend_on_order_of_requests(client: Client) -> None:
    start = client.simulator.state()
    dumps = []
    for order in (OWN, OWN[::-1]):
        client.simulator.load(start)
        for device in order:
            client.done("PUT", f"devices/{device}/devicegroup", FIELD)
        dumps.append(client.simulator.state())
    assert dumps[0] == dumps[1] != start


def test_loaded_state_is_dumped_unchanged(client: Client) -> None:
    client.done("PUT", f"devices/{UNCLAIMED[0]}/claim")
    client.done("POST", f"devicegroups/{LAB}/deployments", [IMAGE])
    client.call("POST", f"products/{KETTLE}/devicegroups")
    taken = client.simulator.state()
    client.simulator.load(taken)
    assert client.simulator.state() == taken


def test_reset_restores_initial_state(simulator: Simulator) -> None:
    before = simulator.state()
    simulator.load(seed())
    simulator.settings(dialect="other", page_size=1)
    simulator.fault("status")
    simulator.reset()
    assert simulator.state() == before
    assert simulator.settings()["problem_shape"] == "list"
    assert simulator.order("GET", "faults") == []


def test_built_in_state(simulator: Simulator) -> None:
    document = json.loads(simulator.state())
    tenants = {tenant["name"]: tenant for tenant in document["tenants"]}
    assert set(tenants) == {"Contoso Fleet", "Fabrikam Devices"}
    assert list(tenants["Contoso Fleet"]["roles"].values()) == [["Administrator"]]
    assert tenants["Fabrikam Devices"]["roles"] == {}
    assert len(tenants["Fabrikam Devices"]["devices"]) == 5
    assert document["unclaimed"] == "any"


def test_seed_defaults_are_deterministic() -> None:
    document = {"tenants": [{"name": "T", "products": [{"name": "Kettle"}], "devices": OWN[:1]}]}
    made = [dump(seeds.Seeds(NOW).load(copy.deepcopy(document), NOW)) for _unused in range(2)]
    tenants = [state["tenants"][0] for state in made]
    assert tenants[0]["id"] == tenants[1]["id"]
    assert len(tenants[0]["products"][0]["device_groups"]) == 5
    assert tenants[0]["products"] == tenants[1]["products"]
    assert list(tenants[0]["roles"].values()) == [["Administrator"]]


WRONG: list[tuple[Any, str]] = [
    ([], "at its top"),
    ({"tenant": []}, "tenant"),
    ({"tenants": [{"name": "T", "devices": ["12"]}]}, "devices"),
    ({"tenants": [{"name": "T", "roles": {"nobody": ["Reader"]}}]}, "nobody"),
    ({"tenants": [{"name": "T", "devices": [OWN[0], OWN[0].upper()]}]}, "has two owners"),
    ({"tenants": [{"name": "T", "devices": [{"id": OWN[0], "device_group": "A/B"}]}]}, "A/B"),
    ({"tenants": [{"name": "T", "products": [{"name": "a"}, {"name": "A"}]}]}, "two products"),
    ({"tenants": [{"name": "T", "images": [{"package": "bm9uc2Vuc2U="}]}]}, "not a valid image package"),
    ({"tenants": [{"name": "T", "images": [{"name": "x" * 40}]}]}, "32"),
    ({"tenants": [{"name": "T", "id": TENANT}, {"name": "U", "id": TENANT}]}, "the ID"),
    ({"root": {"certificate": "a", "key": "b"}}, "The root is not a valid certificate"),
    (
        {"tenants": [{"name": "T", "certificates": [{"certificate": "a", "key": "b", "thumbprint": "c"}]}]},
        "certificate of the tenant 'T' is not a valid certificate",
    ),
    (
        {
            "tenants": [
                {
                    "name": "T",
                    "products": [
                        {"name": "a", "device_groups": [{"name": "g", "deployments": [{"images": [IMAGE]}]}]},
                    ],
                }
            ]
        },
        IMAGE,
    ),
]


@pytest.mark.parametrize(("document", "message"), WRONG)
def test_invalid_document_is_reported_with_reason(document: Any, message: str) -> None:
    with pytest.raises(InvalidState, match=message):
        seeds.Seeds(NOW).load(document, NOW)


def test_invalid_document_leaves_state_unchanged(simulator: Simulator) -> None:
    before = simulator.state()
    with pytest.raises(SimulatorFailed, match="nobody"):
        simulator.load({"tenants": [{"name": "T", "roles": {"nobody": ["Reader"]}}]})
    assert simulator.state() == before


def test_seed_file_can_refer_to_packages(tmp_path: Path) -> None:
    images.compose_package(tmp_path / "app.imagepackage", image_id=IMAGE, component_id=KETTLE, name="App")
    source = tmp_path / "seed.yml"
    source.write_text(yaml.safe_dump({"tenants": [{"name": "T", "images": [{"path": "app.imagepackage"}]}]}))
    (image,) = dump(seeds.Seeds(NOW).load(seeds.read(source), NOW))["tenants"][0]["images"]
    assert (image["id"], image["component_id"], image["name"]) == (IMAGE, KETTLE, "App")


@pytest.mark.parametrize("content", ["tenants: [", "{'a': 1", "\0"])
def test_unreadable_file_is_reported(tmp_path: Path, content: str) -> None:
    source = tmp_path / "seed.yml"
    source.write_text(content)
    with pytest.raises(InvalidState, match=r"seed\.yml|at its top"):
        seeds.read(source)


def test_saved_state_is_loaded_by_next_run(tmp_path: Path) -> None:
    kept = tmp_path / "state.json"
    with start_simulator(seed=seed(), state=kept, operation_seconds=3600) as first:
        client = Client(first, "Administrator")
        client.call("PUT", f"devices/{UNCLAIMED[0]}/claim")
        client.close()
    with start_simulator(state=kept) as second:
        client = Client(second, "Administrator")
        assert client.get(f"devices/{UNCLAIMED[0]}")["TenantId"] == TENANT
        client.close()
        assert second.state() == kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_canonical_documents_are_sorted() -> None:
    assert canonical({"b": 1, "a": {"d": 1, "c": 2}}) == b'{"a":{"c":2,"d":1},"b":1}'
