# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Blueprints: the order of reported changes, and input rejected before the first read or write."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import parse_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import Policy, apply_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

from tests.support.fakes import WAITING, Recorder, surround
from tests.support.memory import MemoryService

ONE = "0a" * 64


def no_warning(text: str) -> None:
    raise AssertionError(f"an unexpected warning: {text}")


def run(service: Any, document: dict[str, Any], *prune: str) -> Result:
    blueprint = parse_blueprint(Disk(), document, ".", no_warning, prune=prune)
    return apply_blueprint(
        surround(service).context, blueprint, Policy(Limits(True), frozenset(prune)), WAITING, Approval(None, None)
    )


def kettle(*groups: str, device_group: str) -> dict[str, Any]:
    named = [{"name": name} for name in groups]
    return {
        "products": [{"name": "Kettle", "default_device_groups": False, "device_groups": named}],
        "devices": [{"id": ONE, "product": "Kettle", "device_group": device_group}],
    }


def test_pruned_groups_are_reported_after_their_devices() -> None:
    service = MemoryService()
    run(service, kettle("Old", "New", device_group="Old"))
    recorder = Recorder(service)
    result = run(recorder, kettle("New", device_group="New"), "device_groups")
    assert recorder.writes == ["devices.move", "device_groups.delete"]
    assert [(each["kind"], each["action"]) for each in result.values["changes"]] == [
        ("device", "move"),
        ("device_group", "delete"),
    ]
    assert [each["before_header"] for each in result.diff or ()] == ["devices", "device group Kettle/Old"]


def test_impossible_deployment_is_rejected_before_any_read() -> None:
    recorder = Recorder(MemoryService())
    group = {"name": "New", "deployment": {"images": ["KettleApp"]}}
    with pytest.raises(InvalidInput, match="Invalid image ID"):
        run(recorder, {"products": [{"name": "Kettle", "device_groups": [group]}]})
    assert recorder.used == []


def test_input_the_service_rejects_fails_before_the_first_write() -> None:
    recorder = Recorder(MemoryService())
    with pytest.raises(InvalidInput, match="Invalid product name"):
        run(recorder, {"products": [{"name": "Kettle"}, {"name": "Küche"}]})
    assert recorder.writes == []


def test_parts_missing_from_the_document_are_not_pruned() -> None:
    service = MemoryService()
    run(service, {"products": [{"name": "Kettle"}]})
    for document in ({}, {"products": None}, {"users": []}):
        with pytest.raises(InvalidInput, match=r"write products: \[\]"):
            run(service, document, "products")
    run(service, {}, "device_groups")
    assert [product.name for product in service.products.list()] == ["Kettle"]
    run(service, {"products": []}, "products")
    assert service.products.list() == []


def test_long_value_in_the_wrong_place_is_cut() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_blueprint(Disk(), {"products": {"name": "Kettle", "description": "x" * 500}}, ".", no_warning)
    assert len(str(caught.value)) < 200
