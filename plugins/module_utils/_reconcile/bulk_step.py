# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One step of many devices: takes the outcome of each to the execution, and to the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .._context import Params
from .._errors import FleetError, InvalidInput, WriteState
from .._model.refs import GroupRef
from .._model.resources import Device, Operation
from .._references import claimed_devices
from .._service import DeviceOutcome
from .execution import Execution
from .journal import Journal


@dataclass(frozen=True)
class Limits:
    """`claim` allows claims; at most `max_changes` devices may change and `max_failures` may fail.

    `journal` gets a line for each claim and move that is executed while it is open.
    """

    claim: bool = False
    max_changes: int | None = None
    max_failures: int | None = None
    journal: Journal = field(default_factory=Journal)

    @classmethod
    def of(cls, params: Params) -> Limits:
        """Returns them from the options of the same names. Raises InvalidInput."""
        for name in ("max_changes", "max_failures"):
            if params[name] is not None and params[name] < 0:
                raise InvalidInput(f"Invalid {name} {params[name]}: use a number of at least 0.")
        return cls(params["claim"], params["max_changes"], params["max_failures"], Journal.of(params))


@lru_cache(maxsize=16)
def _joined(before: tuple[str, ...], actions: tuple[str, ...]) -> tuple[str, ...]:
    """Returns both, the same object for all devices."""
    return before + actions


class BulkStep:
    """One step of many devices: takes the outcome of each to the execution, and to the journal."""

    def __init__(
        self,
        execution: Execution,
        actions: Sequence[str],
        device_ids: Sequence[str],
        limits: Limits,
        target: GroupRef | None = None,
    ) -> None:
        self._execution = execution
        self._actions = tuple(actions)
        self._left = dict.fromkeys(device_ids)
        self._limits = limits
        self._group = None if target is None else str(target)

    @property
    def may_go_on(self) -> bool:
        """Whether further devices may be started."""
        return self._limits.journal.error is None and not self._too_many

    def report(self, outcome: DeviceOutcome) -> bool:
        """Takes an outcome. Returns whether to go on."""
        execution = self._execution
        self._left.pop(outcome.id, None)
        if outcome.error is None:
            self._done(outcome.id)
            execution.waiting.deadline.progress()
        elif outcome.tried:
            execution.failures[outcome.id] = outcome.error
        else:
            execution.skipped[outcome.id] = outcome.error
        self._note(outcome)
        return self.may_go_on

    def finish(self, operation: Operation | None, done: Callable[[Device], bool]) -> None:
        """Takes the last operation, and settles what is left: the state decides about unknown outcomes."""
        self._execution.operation = operation or self._execution.operation
        self._settle(done)
        reason = FleetError(f"Skipped: {' and '.join(self._actions)}.", code="skipped")
        for device_id in self._left:
            why = self._execution.failures.get(device_id) or self._execution.skipped.get(device_id) or reason
            self._note(DeviceOutcome(device_id, why, tried=False))

    def _settle(self, done: Callable[[Device], bool]) -> None:
        failures = self._execution.failures
        doubtful = [each for each, error in failures.items() if error.write_state is not WriteState.NOT_SENT]
        if not doubtful:
            return
        try:
            found = claimed_devices(self._execution.service, doubtful)
        except FleetError:
            return  # The original failures are reported instead.
        for device in found.values():
            if done(device):
                del failures[device.id]
                self._done(device.id)
                self._note(DeviceOutcome(device.id))

    def _done(self, device_id: str) -> None:
        done = self._execution.done
        before = done.get(device_id)
        done[device_id] = self._actions if before is None else _joined(before, self._actions)

    def _note(self, outcome: DeviceOutcome) -> None:
        # A prediction runs the same steps on planned files.
        if not self._execution.predicted:
            for action in self._actions:
                self._limits.journal.note(action, self._group if action == "move" else None, outcome)

    @property
    def _too_many(self) -> bool:
        most = self._limits.max_failures
        return most is not None and len(self._execution.failures) > most
