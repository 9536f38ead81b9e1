# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans: what is there, the writes that bring about what is wanted, and how they are carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._context import Context, Waiting
from .._errors import AmbiguousWrite, FleetError
from .._files.planned import PlannedFiles
from .._files.port import Files
from .._model.resources import Operation
from .._overlay.overlay import Overlay
from .._service import Service
from .._views.result import Diff, Result, difference, operation_values, require_diff_library

#: How often a plan is made anew after a write whose answer was lost.
ATTEMPTS = 3


@dataclass(frozen=True)
class Snapshot:
    """One reading of a resource: `values` for the result, `shown` for the difference. None: it is not there."""

    values: Any = None
    shown: Any = None


class Execution:
    """One run of a plan's steps against a service.

    `done` holds, for each device that a bulk step worked on, what was done to it; `failures`, why it failed.
    `operation`
    is the last that the service started.
    """

    def __init__(self, service: Service, files: Files, waiting: Waiting) -> None:
        self.service = service
        self.files = files
        self.waiting = waiting
        self.done: dict[str, list[str]] = {}
        self.failures: dict[str, FleetError] = {}
        self.operation: Operation | None = None
        self.final_step = False

    @property
    def wait(self) -> bool:
        """Whether the present step has to be over before the run goes on."""
        return self.waiting.wait or not self.final_step


@dataclass(frozen=True)
class Step:
    """One write: what kind of resource it changes, which one, and how ("product", "Kettle", "create")."""

    kind: str
    target: str
    action: str
    run: Callable[[Execution], Operation | None]


@dataclass(frozen=True)
class Plan:
    """What is there now, the writes that change it, and how it is read back. `title` names the resource.

    `beside` are the plans of other resources that these steps change on the way.
    """

    title: str
    before: Snapshot
    steps: tuple[Step, ...]
    read: Callable[[Service], Snapshot]
    beside: tuple[Plan, ...] = ()


SomePlan = TypeVar("SomePlan", bound=Plan)


@dataclass
class Outcome(Generic[SomePlan]):
    """What became of a plan. `error` stopped it, after the first `done` of its steps.

    `beside` are the readings of `plan.beside`.
    """

    plan: SomePlan
    after: Snapshot
    execution: Execution
    done: int = 0
    error: FleetError | None = None
    beside: tuple[Snapshot, ...] = ()

    @property
    def changed(self) -> bool:
        return self.done > 0

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


def apply(steps: tuple[Step, ...], execution: Execution) -> int:
    """Runs the steps in order and waits for each that the next may need. Answers how many were done.

    Raises Stopped with what stopped it and how many were done before, MissingLibrary before any.
    """
    if steps:
        require_diff_library()
    for number, step in enumerate(steps):
        execution.final_step = number == len(steps) - 1
        try:
            operation = step.run(execution)
            if operation is not None:
                execution.operation = operation
                if execution.wait:
                    execution.operation = execution.service.operations.wait(operation, execution.waiting.deadline)
        except FleetError as error:
            execution.operation = error.operation or execution.operation
            raise Stopped(number + error.begun, error) from error
    return len(steps)


class Stopped(Exception):
    """A step failed; `done` were carried out before it, or begun."""

    def __init__(self, done: int, error: FleetError) -> None:
        super().__init__(str(error))
        self.done = done
        self.error = error


def rehearse(steps: tuple[Step, ...], execution: Execution) -> None:
    """Runs the steps on an overlay. Raises what stops one of them as it is, as nothing was done yet."""
    try:
        apply(steps, execution)
    except Stopped as stop:
        raise stop.error from stop


def carry_out(context: Context, planner: Callable[[Service], SomePlan], waiting: Waiting) -> Outcome[SomePlan]:
    """Plans, applies and reads back.

    A write whose answer was lost may or may not have happened: it is not sent again, but the plan made anew from fresh
    reads, so that only what is still missing is done. What is not waited for is read back from an overlay: as it will
    be.
    """
    execution = Execution(context.service, context.files, waiting)
    first: SomePlan | None = None
    done = 0
    for attempt in range(1, ATTEMPTS + 1):
        try:
            plan = planner(context.service)
        except FleetError as unseen:
            if first is None:
                raise
            return _out_of_sight(first, execution, done, unseen)
        first = first or plan
        ahead = None if waiting.wait or not plan.steps else _foresee(context, plan, waiting)
        error: FleetError | None = None
        try:
            done += apply(plan.steps, execution)
        except Stopped as stop:
            done += stop.done
            error = stop.error
            if isinstance(error, AmbiguousWrite) and attempt < ATTEMPTS:
                context.warn(f"{error.message} Looking again at what is there.")
                done += 1  # It may have happened; if not, the new plan does it.
                continue
            ahead = None
        doubtful = not done and error is not None and error.doubtful
        if not done and not doubtful:
            return Outcome(first, first.before, execution, done, error, tuple(each.before for each in first.beside))
        service = context.service
        if ahead is not None:
            service, foreseen = ahead
            undone = [each for each, actions in foreseen.done.items() if execution.done.get(each) != actions]
            if undone:
                ahead[0].devices.forget(undone)
        try:
            beside = tuple(each.read(service) for each in first.beside)
            after = first.read(service)
        except FleetError as unseen:
            return _out_of_sight(first, execution, done or 1, error or unseen)
        # Of a write whose answer was lost, what is there tells whether it was carried out.
        done = int(after.shown != first.before.shown) if doubtful else done
        return Outcome(first, after, execution, done, error, beside)
    raise AssertionError("the last attempt returns")


def _out_of_sight(plan: SomePlan, execution: Execution, done: int, error: FleetError) -> Outcome[SomePlan]:
    """Something was done and cannot be looked at: `after` is what was there before, and `changed` tells the truth."""
    told = "Writes were sent, and what came of them could not be read back: run it again to see."
    error.hint = f"{error.hint} {told}" if error.hint else told
    return Outcome(plan, plan.before, execution, done, error, tuple(each.before for each in plan.beside))


def _foresee(context: Context, plan: Plan, waiting: Waiting) -> tuple[Overlay, Execution]:
    """The service as it will be when all steps are over, and what they will have done."""
    ahead = Overlay(context.service)
    execution = Execution(ahead, PlannedFiles(context.files), Waiting(True, waiting.deadline))
    rehearse(plan.steps, execution)
    return ahead, execution


def bring_about(context: Context, planner: Callable[[Service], Plan], waiting: Waiting, key: str) -> Result:
    """`carry_out` as the result of a module, with what is there now under the given key."""
    outcome = carry_out(context, planner, waiting)
    return Result(
        changed=outcome.changed,
        values={key: outcome.after.values, "operation": operation_values(outcome.execution.operation)},
        diff=outcome.diff,
        error=outcome.error,
    )
