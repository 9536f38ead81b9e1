# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Steps, and one run of them: what was done, what failed, and what was not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._context import Waiting
from .._errors import Defect, FleetError, WriteState
from .._model.resources import Operation
from .._progress import Progress
from .._service import Service

if TYPE_CHECKING:
    from .._files.port import Files


@dataclass(frozen=True)
class Step:
    """One write: what kind of resource it changes, which one, and how ("product", "Kettle", "create").

    `visible`: whether the plan can read its effect. `changes`: whether it always changes something if it completes.
    `devices`: how many it is about.
    """

    kind: str
    target: str
    action: str
    run: Callable[[Execution], Operation | None]
    visible: bool = True
    changes: bool = True
    devices: int = 0


class Execution:
    """One run of a plan's steps against a service.

    `done` holds the completed actions of each device of a bulk step, `failures` their errors, `skipped` why nothing was
    sent for them. `operation` is the last one that the service started.
    """

    def __init__(self, service: Service, files: Files, waiting: Waiting, progress: Progress | None = None) -> None:
        self.progress = progress or Progress()
        self.service = service
        self.files = files
        self.waiting = waiting
        self.done: dict[str, tuple[str, ...]] = {}
        self.failures: dict[str, FleetError] = {}
        self.skipped: dict[str, FleetError] = {}
        self.operation: Operation | None = None
        #: Whether it runs on a service that only predicts.
        self.predicted: bool = getattr(service, "predicts", False)
        #: The step in progress.
        self.running: Step | None = None
        #: Steps that completed.
        self.completed: list[Step] = []
        #: The steps of the current plan that were not sent, in their order.
        self.not_tried: Sequence[Step] = ()
        self._failed: tuple[WriteState, Step] | None = None
        #: Steps that may have been executed.
        self.unknown: list[Step] = []

    def begin(self, step: Step, later: Sequence[Step]) -> None:
        """Records that a step begins, and those that follow it."""
        self.running = step
        self.not_tried = later

    def note(self, step: Step, error: FleetError | None = None) -> None:
        """Records the outcome of a step, which completed or ended with this error."""
        self.running = None
        if error is None:
            self.completed.append(step)
            return
        if not error.tried and error.write_state is WriteState.NOT_SENT:
            self.not_tried = (step, *self.not_tried)
        self._failed = error.write_state, step
        if error.write_state is WriteState.UNKNOWN:
            self.unknown.append(step)

    @property
    def in_progress(self) -> bool:
        """Whether the service accepted the last write, which may still be in progress."""
        return self._failed is not None and self._failed[0] is WriteState.ACCEPTED

    @property
    def invisible(self) -> bool:
        """Whether a write that cannot be read was accepted, or may have been."""
        return not all(step.visible for step in (*self.completed, *self.unknown))

    def would_repeat(self, steps: Iterable[Step]) -> bool:
        """Whether one of the steps does what an earlier one may have done."""
        unknown = {(step.kind, step.action, step.target) for step in self.unknown}
        return any((step.kind, step.action, step.target) in unknown for step in steps)

    @property
    def may_have_written(self) -> bool:
        """Whether a write was accepted, or may have been."""
        return bool(self.completed or self.unknown or self.running) or self.in_progress

    @property
    def wait(self) -> bool:
        """Whether the current step must complete before the run continues."""
        return self.waiting.wait or bool(self.not_tried)

    @property
    def defect(self) -> Defect | None:
        """The first failure of a device that nothing expected."""
        return next((error for error in self.failures.values() if isinstance(error, Defect)), None)


def apply(steps: tuple[Step, ...], execution: Execution) -> FleetError | None:
    """Runs the steps in order and waits for each that the next may need. Returns the error that stopped them.

    `execution` has the outcome of each step.
    """
    execution.progress.begin(steps)
    execution.not_tried = ()
    for number, step in enumerate(steps, start=1):
        execution.begin(step, steps[number:])
        execution.progress.step(number)
        try:
            operation = step.run(execution)
            if operation is not None:
                execution.operation = operation
                # Nobody could follow an operation without an ID later.
                if execution.wait or not operation.id:
                    until = execution.waiting.deadline if execution.wait else execution.waiting.soon()
                    execution.operation = execution.service.operations.wait(operation, until)
        except FleetError as error:
            execution.operation = error.operation or execution.operation
            execution.note(step, error)
            return error
        finally:
            execution.progress.step_ended()
        execution.note(step)
        execution.waiting.deadline.progress()
    return None


def dry_run(steps: tuple[Step, ...], execution: Execution) -> None:
    """Runs the steps on an overlay. Raises the first error of a step."""
    error = apply(steps, execution)
    if error is not None:
        raise error
