# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A blueprint that fails lists what it planned and did not send, against the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.modules import blueprint

from tests.simulator.images import compose_package

from .conftest import Bench

IMAGE = "c1000000-0000-4000-8000-00000000000a"
COMPONENT = "d1000000-0000-4000-8000-00000000000a"
DEVICE = "0a" * 64
LATER = [
    ("image", "App", "upload"),
    ("deployment", "Toaster/Lab", "deploy"),
    ("user", "ann@contoso.com", "invite"),
    ("user", "ann@contoso.com", "assign_role"),
]


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    package = compose_package(tmp_path / "app.imagepackage", image_id=IMAGE, component_id=COMPONENT, name="App")
    lab = {"name": "Lab", "deployment": {"packages": [str(package)]}}
    return {
        "products": [{"name": "Toaster", "default_device_groups": False, "device_groups": [lab]}],
        "devices": [{"id": DEVICE, "product": "Toaster", "device_group": "Lab"}],
        "users": [{"user": "ann@contoso.com", "roles": ["Reader"]}],
    }


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "status", "status": 403}, LATER),
        ({"kind": "status_after", "status": 503}, []),
        # A connection that cannot be opened: the request was tried.
        ({"kind": "drop_before", "times": None}, LATER),
    ],
    ids=["rejected", "unknown at first", "outage"],
)
def test_failed_creation_of_a_device_group(
    bench: Bench, document: dict[str, Any], fault: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    bench.seed(products=[])
    settings = {key: value for key, value in fault.items() if key != "kind"}
    bench.simulator.fault(fault["kind"], match={"operationId": "DeviceGroup_Create"}, **settings)
    outcome = bench.run(blueprint, blueprint=document, claim=True, retry_timeout=0.5)
    assert (outcome.result.error is not None) == bool(expected)
    assert [tuple(each.values()) for each in outcome["not_tried"]] == expected
    created = outcome["summary"]["product"]
    assert (created["created"], created["not_tried"]) == (1, 0)
    assert outcome["summary"]["user"]["not_tried"] == 2 * bool(expected)
    assert outcome["summary"]["device"]["not_tried"] == bool(expected)


def test_wait_timeout_leaves_the_rest_not_tried(bench: Bench, document: dict[str, Any]) -> None:
    bench.seed(products=[])
    bench.simulator.settings(operation_seconds=30)
    outcome = bench.run(blueprint, blueprint=document, claim=True, wait_timeout=3, retry_timeout=0.5)
    assert outcome.result.error is not None
    assert [tuple(each.values()) for each in outcome["not_tried"]] == [
        ("device_group", "Toaster/Lab", "create"),
        *LATER,
    ]
