# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims devices and moves them into device groups: one, or a hundred thousand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from .._context import Context, Waiting
from .._errors import FleetError, InvalidInput
from .._inputs.device_rows import DeviceRow
from .._model.refs import GroupRef
from .._model.resources import Device
from .._references import claimed_devices, require_device_group
from .._service import Service, require
from .._views.result import Result, operation_values
from .approval import Approval, PlanDiffers, PlannedChange, Proposal
from .bulk_step import BulkStep, Limits
from .device_outcomes import Tally, device_outcomes
from .effects import Missing, effect_missing
from .execution import Execution, Step
from .plan import Plan, Snapshot, execute

#: How many devices a diff lists.
SHOWN = 40
#: How many unknown groups an error lists.
MOST_REPORTED = 10
#: Which outcomes the option `outcomes` lists.
LISTED: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "all": lambda _outcome: True,
    "changes": lambda outcome: outcome["changed"] or outcome["msg"] != "",
    "failures": lambda outcome: outcome["msg"] != "",
}
UNCLAIMED = "not claimed"
NO_GROUP = "no group"

#: Device groups by the pair of names (product, device group).
Targets: TypeAlias = "dict[tuple[str | None, str], GroupRef]"


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """The actions for one device, none if it is in the desired state. `target` is its desired group."""

    id: str
    row: int
    actions: tuple[str, ...]
    before: str
    after: str
    target: GroupRef | None = None

    def place_of(self, device: Device | None) -> str:
        """Returns the place of the device. Its desired group is recognized although its name may not be known yet."""
        there = device is not None and self.target is not None and device.is_within(self.target)
        return self.after if there else place_of(device)

    def is_done(self, actions: Sequence[str], place: str) -> bool:
        """Returns whether a device in this place shows the effect of the actions that completed."""
        return place.casefold() == self.after.casefold() if "move" in actions else place != UNCLAIMED

    def missing(self, actions: Sequence[str], place: str) -> Missing:
        """Returns what is missing of the actions that completed."""
        title, done = f"device {self.id}", ("claim",) if "claim" in actions and place != UNCLAIMED else ()
        accepted = " and ".join(action for action in actions if action not in done)
        sentence = f"The service accepted the {accepted} of the device {self.id[:16]}…, but shows it as: {place}"
        return Missing(title, sentence, self.id, done)


@dataclass(frozen=True)
class FleetPlan(Plan):
    devices: tuple[DeviceChange, ...] = ()
    tenant: str = ""

    predicts_itself: ClassVar[bool] = True

    @property
    def changing(self) -> tuple[DeviceChange, ...]:
        return tuple(change for change in self.devices if change.actions)

    def planned_changes(self) -> list[PlannedChange]:
        """Returns the changes as they are approved."""
        return [
            PlannedChange("device", each.id, " and ".join(each.actions), each.before, each.after)
            for each in self.changing
        ]

    def present(self) -> dict[tuple[str, str], Any]:
        """Returns where the devices are that stay there."""
        return {("device", each.id): each.after for each in self.devices if not each.actions}

    def missing(self, _predicted: Snapshot | None, after: Snapshot, execution: Execution) -> list[Missing]:
        """Returns the devices whose writes completed and that are not where these would have put them."""
        places: Mapping[str, str] = after.values
        return [
            change.missing(done, places[change.id])
            for change in self.changing
            if (done := execution.done.get(change.id)) and not change.is_done(done, places[change.id])
        ]

    def ineffective(self, missing: Sequence[Missing], execution: Execution) -> FleetError | None:
        """Makes failures of the devices, which have outcomes of their own."""
        for each in missing:
            execution.failures[each.device or ""] = effect_missing([each])
            execution.done[each.device or ""] = tuple(each.done)
        return None

    def outcomes(self, execution: Execution) -> Mapping[str, Any]:
        known = device_outcomes(self.devices, execution)
        return {"outcomes": [each for each in known if each["actions"] or each["msg"]]}


def plan(service: Service, rows: Sequence[DeviceRow], limits: Limits) -> FleetPlan:
    """Reads the current device groups and plans claims and moves.

    Raises InvalidInput before any write: unknown products and groups, unclaimed devices without `claim`, more changes
    than `max_changes`.
    """
    if any(row.unassign for row in rows):
        require(service, "leave_all_groups")
    targets = _targets(service, rows)
    present = claimed_devices(service, [row.id for row in rows])
    devices = tuple(_change(row, present.get(row.id), targets) for row in rows)
    del present
    changing = [change for change in devices if change.actions]
    _guard(changing, limits)
    steps = _steps(changing, limits, into_group=service.capabilities.claim_into_group)
    title = "devices"
    before = _table(changing, {change.id: change.before for change in changing})

    def read(after: Service) -> Snapshot:
        found = claimed_devices(after, [change.id for change in changing])
        places = {change.id: change.place_of(found.get(change.id)) for change in changing}
        return Snapshot(places, _table(changing, places))

    tenant = service.tenants.identity()
    return FleetPlan(title, Snapshot(None, before), tuple(steps), read, devices=devices, tenant=tenant)


def _targets(service: Service, rows: Sequence[DeviceRow]) -> Targets:
    """Returns the named groups, each looked up once. Raises one InvalidInput for at most `MOST_REPORTED` that do not
    exist.
    """
    first = {(row.product, row.device_group): row.row for row in reversed(rows) if row.device_group is not None}
    found: Targets = {}
    unknown: dict[str, tuple[int, InvalidInput]] = {}
    for (product_name, name), row in sorted(first.items(), key=lambda each: each[1]):
        try:
            group = require_device_group(service, product_name, name)
        except InvalidInput as error:
            unknown.setdefault(error.message, (row, error))
            if len(unknown) == MOST_REPORTED:
                break
        else:
            found[product_name, name] = group.ref
    if unknown:
        raise _unknown_places(list(unknown.values()))
    return found


def _unknown_places(problems: Sequence[tuple[int, InvalidInput]]) -> InvalidInput:
    """Returns one error for all: a single one as it is, several with the first row of each."""
    first = problems[0][1]
    if len(problems) == 1:
        return first
    listed = "; ".join(f"row {row}: {error}".rstrip(".") for row, error in problems)
    return InvalidInput(f"Invalid device list: {listed}.", code=first.code)


def place_of(device: Device | None) -> str:
    """Returns the place of a device, as diffs show it."""
    if device is None or device.tenant_id is None:
        return UNCLAIMED
    group = device.group
    return NO_GROUP if group is None else str(group)


def _change(row: DeviceRow, device: Device | None, targets: Targets) -> DeviceChange:
    actions: list[str] = []
    target = None
    after = NO_GROUP
    if device is None:
        actions.append("claim")
    if row.device_group is not None:
        target = targets[row.product, row.device_group]
        after = str(target)
        if device is None or not device.is_within(target):
            actions.append("move")
    elif row.unassign and device is not None and device.place is not None:
        actions.append("move")
    before = place_of(device) if actions else after
    return DeviceChange(row.id, row.row, tuple(actions), before, after, target)


def _guard(changing: Sequence[DeviceChange], limits: Limits) -> None:
    unclaimed = [change for change in changing if "claim" in change.actions]
    if unclaimed and not limits.claim:
        first = "; ".join(f"row {change.row}: {change.id}" for change in unclaimed[:3])
        more = f"; and {len(unclaimed) - 3} more" if len(unclaimed) > 3 else ""
        raise InvalidInput(
            f"{len(unclaimed)} device{'s are' if len(unclaimed) > 1 else ' is'} not claimed into this tenant "
            f"({first}{more}).",
            code="not_claimed",
            hint="Nothing was changed. To claim devices, set claim: true; a claim cannot be undone.",
        )
    if limits.max_changes is not None and len(changing) > limits.max_changes:
        raise InvalidInput(
            f"{len(changing)} device{'s' if len(changing) > 1 else ''} would change, more than max_changes "
            f"({limits.max_changes}) allows.",
            code="max_changes",
            hint="Nothing was changed. Review the changes in check mode, then raise max_changes.",
        )


def _steps(changing: Sequence[DeviceChange], limits: Limits, into_group: bool) -> list[Step]:
    """Returns a step for each target; `into_group`: a claim takes the device group, so that no move follows."""
    steps = []
    claims: dict[GroupRef | None, list[str]] = {}
    for change in changing:
        if "claim" in change.actions:
            claims.setdefault(change.target if into_group else None, []).append(change.id)
    for target, to_claim in claims.items():
        steps.append(_claim(target, to_claim, limits))
    by_target: dict[GroupRef | None, list[DeviceChange]] = {}
    for change in changing:
        if "move" in change.actions and not (into_group and "claim" in change.actions):
            by_target.setdefault(change.target, []).append(change)
    for group, changes in by_target.items():
        steps.append(_move(group, changes, limits))
    return steps


def _claim(target: GroupRef | None, to_claim: Sequence[str], limits: Limits) -> Step:
    """Returns the step that claims devices, into the target if there is one."""
    actions = ("claim",) if target is None else ("claim", "move")

    def claim(execution: Execution) -> None:
        work = BulkStep(execution, actions, to_claim, limits, target)
        operation = None
        if work.may_go_on:
            report = execution.progress.watched(len(to_claim), work.report)
            into = () if target is None else (target,)
            operation = execution.service.devices.claim(to_claim, execution.waiting.deadline, report, *into)
        work.finish(operation, lambda device: device.tenant_id is not None and device.is_within(target))

    return Step("device", f"{len(to_claim)} devices", "claim", claim, changes=False, devices=len(to_claim))


def _move(target: GroupRef | None, changes: Sequence[DeviceChange], limits: Limits) -> Step:
    ids = [change.id for change in changes]

    def move(execution: Execution) -> None:
        work = BulkStep(execution, ("move",), ids, limits, target)
        # Skips devices whose claim failed, or was skipped because too many failed.
        ready = [
            change.id
            for change in changes
            if "claim" not in change.actions or "claim" in execution.done.get(change.id, ())
        ]
        operation = None
        if execution.predicted:
            # A prediction reads what it moves: many at once.
            claimed_devices(execution.service, ready)
        if ready and work.may_go_on:
            devices, deadline = execution.service.devices, execution.waiting.deadline
            report = execution.progress.watched(len(ready), work.report)
            operation = devices.move(ready, target, deadline, report, execution.wait)
        work.finish(operation, lambda device: _is_at(device, target))

    return Step("device", f"{len(changes)} devices", "move", move, changes=False, devices=len(changes))


def _is_at(device: Device, target: GroupRef | None) -> bool:
    return device.place is None if target is None else device.is_within(target)


def _table(changing: Sequence[DeviceChange], places: dict[str, str]) -> str:
    """Returns the number of changing devices by place, and a line for each, up to a limit."""
    if not changing:
        return ""
    counts = Counter(places[change.id] for change in changing)
    lines = [f"{count} device{'s' if count > 1 else ''}: {name}" for name, count in sorted(counts.items())]
    lines += [f"{change.id[:16]}…  {places[change.id]}" for change in changing[:SHOWN]]
    if len(changing) > SHOWN:
        lines.append(f"… and {len(changing) - SHOWN} more")
    return "\n".join(lines) + "\n"


def apply_devices(
    context: Context, rows: Sequence[DeviceRow], limits: Limits, waiting: Waiting, approval: Approval, listed: str
) -> Result:
    """Plans, applies and reports each device; `listed` (all, changes or failures) chooses which outcomes to show."""

    def approved(service: Service) -> FleetPlan:
        found = plan(service, rows, limits)
        approval.examine(Proposal(found.tenant, found.planned_changes(), found.present))
        if found.steps:
            limits.journal.open()
        return found

    try:
        with limits.journal.kept(context.files):
            outcome = execute(context, approved, waiting)
    except PlanDiffers as error:
        return Result(values=approval.refused(error), error=error)
    tally = Tally()
    outcomes = tally.counted(device_outcomes(outcome.plan.devices, outcome.execution, outcome.after.values))
    shown = [each for each in outcomes if LISTED[listed](each)]
    return Result(
        changed=tally.changed,
        values={
            "summary": tally.summary,
            "outcomes": shown,
            "operation": operation_values(outcome.execution.operation),
            **approval.values(),
        },
        diff=outcome.diff if tally.changed else (),
        error=limits.journal.error or tally.first_error(outcome.error),
    )
