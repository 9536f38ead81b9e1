# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans: the current state, and the steps that lead to the desired state; how they are executed and verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from .._context import Context, Unfinished, Waiting
from .._errors import AmbiguousWrite, FleetError, WriteState
from .._service import Service
from .._views.result import Diff, Result, difference, operation_values
from .effects import Missing, effect_missing, missing_effects
from .execution import Execution, Step, apply, dry_run

if TYPE_CHECKING:
    from .._overlay.overlay import Overlay
    from .._overlay.remembered import Remembered

#: How often the state is planned again when the outcome of a write is unknown.
ATTEMPTS = 3
#: Seconds before the state is read again in which an effect is missing: the first, and the most.
LOOKS = (0.25, 2.0)


@dataclass(frozen=True)
class Snapshot:
    """One reading of a resource: `values` for the result, `shown` for the diff. None: it does not exist.

    `settings` is what can be compared with a prediction, where that is not `shown`: what the service words in its own
    way is left out.
    """

    values: Any = None
    shown: Any = None
    settings: Mapping[str, Any] | None = None

    @property
    def compared(self) -> Any:
        """Returns what a prediction is compared with; None if the resource does not exist."""
        return self.shown if self.settings is None else self.settings


@dataclass(frozen=True)
class Plan:
    """The current state, the writes that change it, and how to read it back. `title` names the resource.

    `beside` are the plans of other resources that these steps change too.
    """

    title: str
    before: Snapshot
    steps: tuple[Step, ...]
    read: Callable[[Service], Snapshot]
    beside: tuple[Plan, ...] = ()

    #: Whether `missing` needs no prediction.
    predicts_itself: ClassVar[bool] = False

    def missing(self, predicted: Snapshot | None, after: Snapshot, _execution: Execution) -> Sequence[Missing]:
        """Returns what the steps did not change, although they completed. `predicted`: None if that is not known."""
        if predicted is None:
            return ()
        return list(missing_effects(self.title, self.before.compared, predicted.compared, after.compared))

    def ineffective(self, missing: Sequence[Missing], _execution: Execution) -> FleetError | None:
        """Returns the error for missing effects, None if they are reported otherwise."""
        return effect_missing(missing)

    def outcomes(self, _execution: Execution) -> Mapping[str, Any]:
        """Returns the results that an unfinished execution has so far."""
        return {}


SomePlan = TypeVar("SomePlan", bound=Plan)


@dataclass
class Outcome(Generic[SomePlan]):
    """The outcome of a plan. `changed`: a write was accepted, or has a visible effect. `error` stopped the plan.

    `beside` are the readings of `plan.beside`.
    """

    plan: SomePlan
    after: Snapshot
    execution: Execution
    changed: bool = False
    error: FleetError | None = None
    beside: tuple[Snapshot, ...] = ()

    @property
    def diff(self) -> tuple[Diff, ...]:
        if not self.changed:
            return ()
        read_back: list[tuple[Plan, Snapshot]] = [
            *zip(self.plan.beside, self.beside, strict=True),
            (self.plan, self.after),
        ]
        return tuple(
            difference(plan.title, plan.before.shown, after.shown)
            for plan, after in read_back
            if plan.before.shown != after.shown
        )


def execute(context: Context, planner: Callable[[Service], SomePlan], waiting: Waiting) -> Outcome[SomePlan]:
    """Plans, applies, reads back and compares.

    A write with an unknown outcome is not sent again: a new plan from fresh reads does only what is still missing. The
    result of operations that are not waited for is predicted by an overlay. Otherwise the state must become what was
    predicted: a write that was accepted and has no effect is an error.
    """
    context.bind(waiting.deadline)
    first, read = context.read(lambda service: _planned(planner, service))
    plan = first
    execution = Execution(context.service, context.files, waiting, context.progress)
    context.unfinished = Unfinished(lambda: execution.may_have_written, lambda: first.outcomes(execution))
    predicted = _settings_after(context, first, read, waiting) if waiting.wait else None
    for attempt in range(1, ATTEMPTS + 1):
        ahead = None if waiting.wait or not plan.steps else _predict(context, plan, waiting)
        error = apply(plan.steps, execution)
        if execution.defect is not None:
            context.trace(execution.defect)
        if not isinstance(error, AmbiguousWrite) or attempt == ATTEMPTS or waiting.deadline.passed:
            break
        context.warn(f"{error.message} Reading the state again.")
        try:
            plan = context.read(planner)
        except FleetError as unread:
            return unreadable_outcome(first, execution, unread)
        if not waiting.wait and execution.would_repeat(plan.steps):
            # It may be in progress, and nobody waits for its end.
            break
    if not execution.may_have_written:
        return Outcome(first, first.before, execution, False, error, tuple(each.before for each in first.beside))
    try:
        if error is None and ahead is not None:
            return _as_read(first, _read(first, ahead.without_undone(execution)), execution, None)
        if error is not None:
            reading = _read(first, execution.service)
            return _as_read(first, reading, execution, _with_unseen(error, execution, _shows(first, reading)))
        reading, missing = _settled(first, predicted, execution)
        return _as_read(first, reading, execution, first.ineffective(missing, execution) if missing else None, missing)
    except FleetError as unread:
        return unreadable_outcome(first, execution, error or unread)


def _planned(planner: Callable[[Service], SomePlan], service: Service) -> tuple[SomePlan, Remembered]:
    """Returns the plan, and the service with all that it was made from."""
    from .._overlay.remembered import Remembered  # On first use, as all of the overlay.

    read = Remembered(service)
    return planner(read), read


@dataclass(frozen=True)
class Reading:
    """A plan's resource as read afterwards, and the resources beside it."""

    after: Snapshot
    beside: tuple[Snapshot, ...]


def _read(plan: Plan, service: Service) -> Reading:
    beside = tuple(each.read(service) for each in plan.beside)
    return Reading(plan.read(service), beside)


def _settled(plan: Plan, predicted: Snapshot | None, execution: Execution) -> tuple[Reading, Sequence[Missing]]:
    """Reads the state after the steps until it shows their effects, and returns those that stay missing."""
    until = execution.waiting.soon()
    pause, longest = LOOKS
    while True:
        reading = _read(plan, execution.service)
        missing = plan.missing(predicted, reading.after, execution)
        if not missing or until.passed:
            return reading, missing
        until.wait(pause)
        pause = min(2 * pause, longest)


def _shows(plan: Plan, reading: Reading) -> bool:
    """Returns whether the state differs from the one before."""
    return reading.after.shown != plan.before.shown or any(
        now.shown != each.before.shown for each, now in zip(plan.beside, reading.beside, strict=True)
    )


def _as_read(
    plan: SomePlan, reading: Reading, execution: Execution, error: FleetError | None, missing: Sequence[Missing] = ()
) -> Outcome[SomePlan]:
    """Returns the outcome. The state decides whether anything changed, if it can show that and the steps are done."""
    certain = error is None and not missing and any(step.changes for step in execution.completed)
    changed = certain or execution.in_progress or execution.invisible or _shows(plan, reading)
    return Outcome(plan, reading.after, execution, changed, error, reading.beside)


def _with_unseen(error: FleetError, execution: Execution, shows: bool) -> FleetError:
    """Adds the earlier writes whose effect cannot be seen, and which the service accepted or may have executed."""
    unseen = [step for step in execution.completed if step.changes and not (step.visible and shows)]
    if unseen:
        _add(error, f"The service had accepted earlier writes ({_named(unseen)}) and shows no effect of them: their")
    doubtful = [step for step in execution.unknown if not step.visible]
    if doubtful and error.write_state is not WriteState.UNKNOWN:
        _add(error, f"Earlier attempts ({_named(doubtful)}) may have been executed: their")
    return error


def _add(error: FleetError, about: str) -> None:
    error.message = f"{error.message.rstrip('. ')}. {about} outcome is unknown."


def _named(steps: Sequence[Step]) -> str:
    named = list(dict.fromkeys(f"{step.action} {step.kind} {step.target}" for step in steps))
    return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")


def unreadable_outcome(plan: SomePlan, execution: Execution, error: FleetError) -> Outcome[SomePlan]:
    """Returns the outcome of writes that cannot be read back: changed, with the state before them."""
    advice = "Writes were sent, but the state could not be read back. Run the task again."
    error.hint = f"{error.hint} {advice}" if error.hint else advice
    return Outcome(plan, plan.before, execution, True, error, tuple(each.before for each in plan.beside))


@dataclass(frozen=True)
class Prediction:
    """The predicted service after all steps, and the actions of the steps."""

    overlay: Overlay
    execution: Execution

    def without_undone(self, actual: Execution) -> Service:
        """Returns the predicted service without the actions that failed in the actual execution."""
        undone = [each for each, actions in self.execution.done.items() if actual.done.get(each) != actions]
        if undone:
            self.overlay.devices.forget(undone)
        return self.overlay


def _predict(context: Context, plan: Plan, waiting: Waiting) -> Prediction:
    # Most tasks wait for what they start, and need no prediction.
    from .._overlay.overlay import Overlay

    ahead = Overlay(context.service)
    return Prediction(ahead, _run_ahead(context, plan, ahead, waiting))


def _run_ahead(context: Context, plan: Plan, ahead: Overlay, waiting: Waiting) -> Execution:
    from .._files.planned import PlannedFiles

    execution = Execution(ahead, PlannedFiles(context.files), Waiting(True, waiting.deadline))
    dry_run(plan.steps, execution)
    return execution


def _settings_after(context: Context, plan: Plan, read: Remembered, waiting: Waiting) -> Snapshot | None:
    """Returns the predicted state after all steps, from what the planner has read; None where that is not enough."""
    if plan.predicts_itself or not any(step.kind != "file" for step in plan.steps):
        return None
    from .._overlay.overlay import Overlay

    read.closed = True
    ahead = Overlay(read, checked=False)
    try:
        _run_ahead(context, plan, ahead, waiting)
        return plan.read(ahead)
    except FleetError:
        # The steps decide what is wrong: a prediction that fails is none.
        return None


def apply_plan(context: Context, planner: Callable[[Service], Plan], waiting: Waiting, key: str) -> Result:
    """Executes a plan and returns the result of a module, with the state afterwards under the given key."""
    outcome = execute(context, planner, waiting)
    return Result(
        changed=outcome.changed,
        values={key: outcome.after.values, "operation": operation_values(outcome.execution.operation)},
        diff=outcome.diff,
        error=outcome.error,
    )
