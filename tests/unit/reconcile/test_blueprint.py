# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Blueprints: the order of reported changes, and input rejected before the first read or write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    DeadlineExceeded,
    FleetError,
    Forbidden,
    InvalidInput,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import parse_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import Policy, apply_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Report
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

from tests.support.fakes import WAITING, Part, Recorder, surround
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


class Broken:
    """A service whose device group of one name cannot be created."""

    def __init__(self, below: Any, name: str, error: Exception) -> None:
        self._below, self._name, self._error = below, name, error
        self.device_groups = Part(below.device_groups, create=self._create)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    def _create(self, product: Any, spec: Any) -> None:
        if spec.name == self._name:
            raise self._error
        self._below.device_groups.create(product, spec)


def unsent() -> FleetError:
    error = DeadlineExceeded("Too late.")
    error.tried = False
    return error


LATER = [("device_group", "Kettle/C", "create"), ("user", "ann@contoso.com", "invite")]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Forbidden("No."), LATER),
        (unsent(), [("device_group", "Kettle/B", "create"), *LATER]),
    ],
    ids=["rejected", "not sent"],
)
def test_writes_that_were_not_sent_are_not_tried(error: FleetError, expected: list[tuple[str, ...]]) -> None:
    users = [{"user": "ann@contoso.com", "roles": ["Reader"]}]
    document = {**kettle("A", "B", "C", device_group="A"), "users": users}
    result = run(Broken(MemoryService(), "B", error), document)
    assert result.error is error
    found = [(each["kind"], each["name"], each["action"]) for each in result.values["not_tried"]]
    assert found == [*expected, ("user", "ann@contoso.com", "assign_role")]
    summary = result.values["summary"]
    assert summary["product"] == {"created": 1, "updated": 0, "deleted": 0, "not_tried": 0, "unchanged": 0}
    assert summary["device_group"]["created"] == 1
    left = {kind: counts["not_tried"] for kind, counts in summary.items()}
    assert left == {
        "product": 0,
        "device_group": len(expected) - 1,
        "image": 0,
        "deployment": 0,
        "user": 2,
        "device": 1,
    }
    assert [each["msg"] for each in result.values["failures"]] == ["Skipped: claim and move."]


def test_deletions_after_failed_devices_are_not_tried() -> None:
    service = MemoryService()
    run(service, kettle("Old", "New", device_group="Old"))

    def move(device_ids: Sequence[str], _group: Any, _deadline: Any, report: Report, _wait: bool) -> None:
        report(DeviceOutcome(device_ids[0], Forbidden("No.")))

    service.devices = Part(service.devices, move=move)
    result = run(service, kettle("New", device_group="New"), "device_groups")
    assert result.values["not_tried"] == [{"kind": "device_group", "name": "Kettle/Old", "action": "delete"}]


def test_plan_made_again_replaces_what_was_not_tried() -> None:
    """The outcome of B is unknown at first: the second plan creates it, and what follows."""
    service = MemoryService()
    broken = Broken(service, "B", AmbiguousWrite("Lost."))

    def create(product: Any, spec: Any) -> None:
        try:
            broken._create(product, spec)
        finally:
            broken._name = ""

    broken.device_groups = Part(service.device_groups, create=create)
    result = run(broken, kettle("A", "B", "C", device_group="A"))
    assert result.error is None
    assert result.values["not_tried"] == []


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
