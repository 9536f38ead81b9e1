# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans: the current state, the writes that lead to the desired state, and their execution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._context import Context, Waiting
from .._errors import AmbiguousWrite, FleetError, WriteState
from .._files.port import Files
from .._model.resources import Operation
from .._progress import Progress
from .._service import Service
from .._views.result import Diff, Result, difference, operation_values

if TYPE_CHECKING:
    from .._overlay.overlay import Overlay

#: How often the state is planned again when the outcome of a write is unknown.
ATTEMPTS = 3


@dataclass(frozen=True)
class Snapshot:
    """One reading of a resource: `values` for the result, `shown` for the diff. None: it does not exist."""

    values: Any = None
    shown: Any = None


class Execution:
    """One run of a plan's steps against a service.

    `done` holds the completed actions of each device of a bulk step, `failures` their errors. `operation` is the last
    one that the service started.
    """

    def __init__(self, service: Service, files: Files, waiting: Waiting, progress: Progress | None = None) -> None:
        self.progress = progress or Progress()
        self.service = service
        self.files = files
        self.waiting = waiting
        self.done: dict[str, list[str]] = {}
        self.failures: dict[str, FleetError] = {}
        self.operation: Operation | None = None
        self.final_step = False
        self._writes: list[tuple[WriteState, bool]] = []

    def note(self, state: WriteState, step: Step) -> None:
        """Records the outcome of a step's write."""
        self._writes.append((state, step.visible))

    @property
    def accepted(self) -> bool:
        """Whether the service accepted a write."""
        return any(state is WriteState.ACCEPTED for state, _visible in self._writes)

    @property
    def unknown_and_invisible(self) -> bool:
        """Whether a write has an unknown outcome that a read cannot determine."""
        return any(state is WriteState.UNKNOWN and not visible for state, visible in self._writes)

    @property
    def may_have_written(self) -> bool:
        """Whether a write was accepted, or may have been."""
        return any(state is not WriteState.NOT_SENT for state, _visible in self._writes)

    @property
    def wait(self) -> bool:
        """Whether the current step must complete before the run continues."""
        return self.waiting.wait or not self.final_step


@dataclass(frozen=True)
class Step:
    """One write: what kind of resource it changes, which one, and how ("product", "Kettle", "create").

    `visible`: whether the plan can read its effect. `devices`: how many it is about.
    """

    kind: str
    target: str
    action: str
    run: Callable[[Execution], Operation | None]
    visible: bool = True
    devices: int = 0


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


def apply(steps: tuple[Step, ...], execution: Execution) -> FleetError | None:
    """Runs the steps in order and waits for each that the next may need. Returns the error that stopped them.

    `execution.writes` has the outcome of each step.
    """
    execution.progress.begin(steps)
    for number, step in enumerate(steps):
        execution.final_step = number == len(steps) - 1
        execution.progress.step(number + 1)
        try:
            operation = step.run(execution)
            if operation is not None:
                execution.operation = operation
                if execution.wait:
                    execution.operation = execution.service.operations.wait(operation, execution.waiting.deadline)
        except FleetError as error:
            execution.operation = error.operation or execution.operation
            execution.note(error.write_state, step)
            return error
        finally:
            execution.progress.step_ended()
        execution.note(WriteState.ACCEPTED, step)
    return None


def dry_run(steps: tuple[Step, ...], execution: Execution) -> None:
    """Runs the steps on an overlay. Raises the first error of a step."""
    error = apply(steps, execution)
    if error is not None:
        raise error


def execute(context: Context, planner: Callable[[Service], SomePlan], waiting: Waiting) -> Outcome[SomePlan]:
    """Plans, applies and reads back.

    A write with an unknown outcome is not sent again: a new plan from fresh reads does only what is still missing. The
    result of operations that are not waited for is predicted by an overlay.
    """
    execution = Execution(context.service, context.files, waiting, context.progress)
    first = plan = planner(context.service)
    for attempt in range(1, ATTEMPTS + 1):
        prediction = None if waiting.wait or not plan.steps else _predict(context, plan, waiting)
        error = apply(plan.steps, execution)
        if not isinstance(error, AmbiguousWrite) or attempt == ATTEMPTS:
            break
        context.warn(f"{error.message} Reading the state again.")
        try:
            plan = planner(context.service)
        except FleetError as unread:
            return unreadable_outcome(first, execution, unread)
    return _read_back(first, execution, error, None if error else prediction)


def _read_back(
    plan: SomePlan, execution: Execution, error: FleetError | None, prediction: Prediction | None
) -> Outcome[SomePlan]:
    """Returns the state after the steps, or the predicted one if they are still in progress."""
    if not execution.may_have_written:
        return Outcome(plan, plan.before, execution, False, error, tuple(each.before for each in plan.beside))
    service = prediction.without_undone(execution) if prediction else execution.service
    try:
        beside = tuple(each.read(service) for each in plan.beside)
        after = plan.read(service)
    except FleetError as unread:
        return unreadable_outcome(plan, execution, error or unread)
    # The current state decides about a write with an unknown outcome, if it can show its effect.
    shows = after.shown != plan.before.shown or any(
        now.shown != each.before.shown for each, now in zip(plan.beside, beside, strict=True)
    )
    changed = execution.accepted or execution.unknown_and_invisible or shows
    return Outcome(plan, after, execution, changed, error, beside)


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
    from .._files.planned import PlannedFiles
    from .._overlay.overlay import Overlay

    ahead = Overlay(context.service)
    execution = Execution(ahead, PlannedFiles(context.files), Waiting(True, waiting.deadline))
    dry_run(plan.steps, execution)
    return Prediction(ahead, execution)


def apply_plan(context: Context, planner: Callable[[Service], Plan], waiting: Waiting, key: str) -> Result:
    """Executes a plan and returns the result of a module, with the state afterwards under the given key."""
    outcome = execute(context, planner, waiting)
    return Result(
        changed=outcome.changed,
        values={key: outcome.after.values, "operation": operation_values(outcome.execution.operation)},
        diff=outcome.diff,
        error=outcome.error,
    )
