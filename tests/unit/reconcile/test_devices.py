# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: claimed and moved as the rows say, each with its own outcome, within the limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, FleetError, InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import DeviceRow
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    Operation,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.devices import (
    SHOWN,
    apply_devices,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._references import READ_SINGLY
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Report
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

from tests.support.fakes import WAITING, Part, Recorder, surround
from tests.support.memory import MemoryService

CLAIM = Limits(claim=True)
LAB, SHOP = group_ref("Kettle", "Lab"), group_ref("Kettle", "Shop")


def device(number: int) -> str:
    return f"{number:0128x}"


class Answers:
    """Passes reports on, and keeps what they answered."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.given: list[bool] = []

    def tell(self, outcome: DeviceOutcome) -> bool:
        self.given.append(self._report(outcome))
        return self.given[-1]


class Fleet(MemoryService):
    """Kettle with the groups Lab and Shop; some devices are another tenant's."""

    def __init__(self, claimed: int = 0, foreign: Sequence[int] = ()) -> None:
        super().__init__()
        self.foreign = {device(number) for number in foreign}
        self.products.create(ProductSpec("Kettle", default_device_groups=False))
        for name in ("Lab", "Shop"):
            self.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec(name))
        ids = [device(number) for number in range(claimed)]
        self.devices.claim(ids, Deadline(10), lambda _outcome: True)
        self.devices.move(ids, LAB, Deadline(10), lambda _outcome: True)
        self._claim = self.devices.claim
        self.devices: Any = Part(self.devices, claim=self._claim_own)

    def _claim_own(self, device_ids: Sequence[str], deadline: Deadline, report: Report) -> Operation | None:
        """Whose devices are not this tenant's fail alone."""
        done = None
        for device_id in device_ids:
            if device_id in self.foreign:
                if not report(DeviceOutcome(device_id, Conflict("It is another tenant's."))):
                    break
            else:
                answers = Answers(report)
                done = self._claim([device_id], deadline, answers.tell)
                if not all(answers.given):
                    break
        return done


def rows(*numbers: int, group: str | None = "Shop") -> list[DeviceRow]:
    return [
        DeviceRow(device(number), row, "Kettle" if group else None, group)
        for row, number in enumerate(numbers, start=2)
    ]


def bring(service: Any, wanted: Sequence[DeviceRow], limits: Limits = CLAIM, listed: str = "all") -> Result:
    return apply_devices(surround(service).context, wanted, limits, WAITING, Approval(None, None), listed)


def actions(result: Result) -> list[list[str]]:
    return [outcome["actions"] for outcome in result.values["outcomes"]]


def test_each_device_gets_what_it_needs_and_no_more() -> None:
    fleet = Fleet(claimed=3)
    fleet.devices.move([device(2)], SHOP, Deadline(10), lambda _outcome: True)
    service = Recorder(fleet)
    result = bring(service, rows(0, 1, 2, 3))
    assert actions(result) == [["move"], ["move"], [], ["claim", "move"]]
    assert result.values["summary"] == {
        "total": 4,
        "claimed": 1,
        "moved": 3,
        "unchanged": 1,
        "failed": 0,
        "not_tried": 0,
    }
    assert service.writes == ["devices.claim", "devices.move"]
    assert {each.id for each in fleet.devices.list(SHOP)} == {device(number) for number in range(4)}
    assert result.diff is not None
    assert "not claimed" in result.diff[0]["before"]
    assert result.diff[0]["after"].count("…  Kettle/Shop") == 3
    again = bring(service, rows(0, 1, 2, 3))
    assert (again.changed, again.diff, len(service.writes)) == (False, (), 2)


def test_without_a_group_devices_are_only_claimed() -> None:
    fleet = Fleet(claimed=1)
    result = bring(fleet, rows(0, 1, group=None))
    assert actions(result) == [[], ["claim"]]
    kept = fleet.devices.get(device(0))
    assert kept is not None
    assert kept.group == LAB


def test_nothing_is_claimed_without_being_asked_for() -> None:
    service = Recorder(Fleet(claimed=1))
    with pytest.raises(InvalidInput, match=r"4 devices are not claimed.*row 3.*claim: true"):
        bring(service, rows(0, 1, 2, 3, 4), Limits())
    assert service.writes == []


def test_exceeding_max_changes_changes_nothing() -> None:
    service = Recorder(Fleet(claimed=3))
    with pytest.raises(InvalidInput, match="3 devices would change"):
        bring(service, rows(0, 1, 2), Limits(max_changes=2))
    assert service.writes == []
    assert bring(service, rows(0, 1, 2), Limits(max_changes=3)).changed


@pytest.mark.parametrize(
    ("row", "reported"),
    [
        (DeviceRow(device(0), 2, "Toaster", "Lab"), 'Product "Toaster" not found.*"Kettle"'),
        (DeviceRow(device(0), 2, "Kettle", "Cellar"), 'Device group "Cellar" not found.*"Lab", "Shop"'),
        (DeviceRow(device(0), 2, None, "Lab"), "GUID"),
    ],
)
def test_missing_places_are_reported_with_available_ones(row: DeviceRow, reported: str) -> None:
    service = Recorder(Fleet(claimed=1))
    with pytest.raises(InvalidInput, match=reported):
        bring(service, [row])
    assert service.writes == []


def test_failed_device_does_not_fail_other_devices() -> None:
    fleet = Fleet(foreign=[1])
    result = bring(fleet, rows(0, 1, 2))
    assert actions(result) == [["claim", "move"], [], ["claim", "move"]]
    assert [outcome["failed"] for outcome in result.values["outcomes"]] == [False, True, False]
    assert isinstance(result.error, FleetError)
    assert "1 of 3 devices failed" in str(result.error)
    assert "row 3" in str(result.error)
    assert result.changed


def test_next_run_does_only_the_remaining_changes() -> None:
    fleet = Fleet(foreign=[1])
    bring(fleet, rows(0, 1, 2))
    fleet.foreign.clear()
    result = bring(fleet, rows(0, 1, 2))
    assert actions(result) == [[], ["claim", "move"], []]
    assert result.error is None


def test_after_too_many_failures_no_further_device_is_tried() -> None:
    fleet = Fleet(foreign=[0, 1])
    result = bring(fleet, rows(0, 1, 2, 3), Limits(claim=True, max_failures=1))
    assert (result.values["summary"]["failed"], result.values["summary"]["not_tried"]) == (2, 2)
    assert fleet.devices.list() == []
    assert "2 were skipped" in str(result.error)
    assert not result.changed
    assert result.diff == ()


@pytest.mark.parametrize(("listed", "numbers"), [("all", [0, 1, 2]), ("changes", [1, 2]), ("failures", [2])])
def test_outcomes_can_be_chosen(listed: str, numbers: list[int]) -> None:
    fleet = Fleet(claimed=1, foreign=[2])
    result = bring(fleet, [*rows(0, group="Lab"), *rows(1, 2)], listed=listed)
    assert [outcome["id"] for outcome in result.values["outcomes"]] == [device(number) for number in numbers]
    assert result.values["summary"]["total"] == 3


def test_many_devices_are_read_by_one_list() -> None:
    count = READ_SINGLY + 1
    service = Recorder(Fleet(claimed=count))
    bring(service, rows(*range(count)))
    assert "devices.get" not in service.used
    few = Recorder(Fleet(claimed=count))
    bring(few, rows(0))
    assert "devices.list" not in few.used


def test_long_table_is_cut_and_counted() -> None:
    result = bring(Fleet(), rows(*range(SHOWN + 5)))
    assert result.diff is not None
    assert result.diff[0]["after"].splitlines()[-1] == "… and 5 more"
    assert result.diff[0]["before"].splitlines()[0] == f"{SHOWN + 5} devices: not claimed"
    assert len(result.diff[0]["before"].splitlines()) == SHOWN + 2


def test_groups_may_be_guids() -> None:
    fleet = Fleet(claimed=1)
    shop = fleet.device_groups.get(SHOP)
    assert shop is not None
    result = bring(fleet, [DeviceRow(device(0), 1, None, str(shop.id).upper())])
    assert actions(result) == [["move"]]
