# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Wherever a blueprint is stopped, it reports exactly the changes that were made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import Blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Operation
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import ACTIONS
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Report
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.fakes import WRITES, Part
from tests.support.memory import MemoryService

from .random_fleets import DEVICES, blueprints, prunes
from .test_random_blueprints import DEFAULTS, Fleet, look, run


class Failing:
    """A service that refuses its n-th write from now on, and every claim and move of some devices."""

    def __init__(self, below: MemoryService, refused: int, broken: frozenset[str]) -> None:
        self._below = below
        self._left = refused
        self._broken = broken
        self.capabilities = below.capabilities
        self.devices = Part(below.devices, claim=self._claim, move=self._move)

    def __getattr__(self, kind: str) -> Any:
        below = getattr(self._below, kind)
        verbs = [verb.partition(".")[2] for verb in WRITES if verb.startswith(f"{kind}.")]
        return Part(below, **{verb: self._failing(getattr(below, verb)) for verb in verbs})

    def _failing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def write(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise ServiceError("Refused.")
            return work(*arguments, **options)

        return write

    def _claim(self, device_ids: Sequence[str], deadline: Deadline, report: Report) -> Operation | None:
        return self._below.devices.claim(self._whole(device_ids, report), deadline, report)

    def _move(
        self, device_ids: Sequence[str], group: GroupRef, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        return self._below.devices.move(self._whole(device_ids, report), group, deadline, report, wait)

    def _whole(self, device_ids: Sequence[str], report: Report) -> list[str]:
        for device_id in self._broken.intersection(device_ids):
            report(DeviceOutcome(device_id, Conflict("Broken.")))
        return [device_id for device_id in device_ids if device_id not in self._broken]


def reported(result: Result, kind: str) -> dict[str, Mapping[str, Any]]:
    """The changes of one kind, by name in lower case."""
    return {each["name"].casefold(): each for each in result.values["changes"] if each["kind"] == kind}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {key for key in {*before, *after} if before.get(key, "nothing") != after.get(key, "nothing")}


def deployed(fleet: Fleet) -> dict[str, Any]:
    return {"/".join(place): group.images for place, group in fleet.groups.items() if group.images}


def shaped(fleet: Fleet) -> dict[str, Any]:
    """Products by name, with what a change of one shows."""
    return {
        name: (description, sorted(group for product, group in fleet.groups if product == name))
        for name, description in fleet.products.items()
    }


def set_up(fleet: Fleet) -> dict[str, Any]:
    """Device groups by place, without their deployments."""
    return {
        "/".join(place): (group.description, group.os_feed, group.update_policy, group.crash_dumps)
        for place, group in fleet.groups.items()
    }


@settings(max_examples=200, deadline=None)
@given(blueprints(), blueprints(), prunes, st.integers(0, 12), st.frozensets(st.sampled_from(DEVICES), max_size=1))
def test_reported_changes_are_the_changes_made(
    current: Blueprint, desired: Blueprint, prune: frozenset[str], refused: int, broken: frozenset[str]
) -> None:
    service = MemoryService()
    assert run(service, current, frozenset()).error is None
    before = look(service)
    failing: Any = Failing(service, refused, broken)
    try:
        result = run(failing, desired, prune)
    except Conflict:
        assume(False)  # Something to be pruned still has devices: told before the first write.
        return
    after = look(service)
    # An invitation without a role, which was refused then, is a change that no list shows.
    assert result.changed == (after != before or bool(result.diff)) or (result.changed and result.error is not None)
    assert set(reported(result, "user")) == differing(before.users, after.users)
    assert set(reported(result, "image")) == {
        package.name.casefold()
        for package in desired.packages + deployed_packages(desired)
        if package.id in after.images - before.images and package.name
    }
    assert set(reported(result, "deployment")) == differing(deployed(before), deployed(after)) & {
        f"{each.product}/{each.device_group}".casefold() for each in desired.deployments
    }
    assert set(reported(result, "device")) == differing(before.devices, after.devices)
    agree_on_places(result, before, after)
    agree_with_summary(result)
    assert not named(result.values["changes"]) & named(result.values["not_tried"])
    if result.error is None:
        assert not result.values["failures"]
        assert not result.values["not_tried"]


def named(entries: Sequence[Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    return {(each["kind"], each["name"].casefold(), each["action"]) for each in entries}


def deployed_packages(blueprint: Blueprint) -> tuple[Any, ...]:
    return tuple(package for each in blueprint.deployments for package in each.packages)


def agree_on_places(result: Result, before: Fleet, after: Fleet) -> None:
    """Asserts that exactly the created and deleted products and device groups are reported."""
    products = reported(result, "product")
    assert set(before.products) - set(after.products) == {n for n, each in products.items() if each["after"] is None}
    assert set(after.products) - set(before.products) == {n for n, each in products.items() if each["before"] is None}
    assert set(products) <= differing(shaped(before), shaped(after))
    groups = reported(result, "device_group")
    gone = {name for name, each in groups.items() if each["after"] is None}
    # Groups that are created or deleted with their product are not reported one by one.
    assert gone <= set(set_up(before)) - set(set_up(after))
    # `look` hides the texts of the default groups, which are not known.
    unseen = {name for name in groups if name.partition("/")[2] in DEFAULTS}
    assert set(groups) - gone - unseen <= differing(set_up(before), set_up(after))


def agree_with_summary(result: Result) -> None:
    changes = result.values["changes"]
    for kind, actions in ACTIONS.items():
        for action, key in actions.items():
            counted = sum(each["kind"] == kind and each["action"] == action for each in changes)
            assert result.values["summary"][kind][key] == counted
        left = sum(each["kind"] == kind for each in result.values["not_tried"])
        assert result.values["summary"][kind]["not_tried"] == left
