# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Starts operations of a service, follows them to their end, and determines the outcome of those whose reply was lost.

The effect of an operation is invisible until it ends. Reading the state immediately after a lost reply would show no
effect, and the work would be started twice: what is expected is looked for until a deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from .._deadline import Deadline
from .._errors import (
    AGAIN,
    AmbiguousWrite,
    DeadlineExceeded,
    EffectMissing,
    FleetError,
    NotFound,
    OperationFailed,
    Unreachable,
    WriteState,
    after_accepted_write,
)
from .._http.backoff import Backoff
from .._http.endings import deadline_exceeded
from .._http.message import Reply
from .._http.session import Session
from .._model.resources import FINAL_STATES, OPERATION_STATES, Operation

#: Seconds between polls.
POLLS = Backoff(0.1, 1.6, 2.0)
#: Seconds between checks for an effect.
LOOKS = Backoff(0.25, 1.6, 2.0)
#: Seconds after which a start whose reply was lost counts as one that never arrived.
LOST = 10.0
#: Seconds during which the address of its state may not know an operation that was just started.
SETTLING = 5.0
#: The same where the effect is visible too: the address of an operation's state may be a guess.
SETTLING_BY_EFFECT = 60.0
#: How a write may be rejected when another process, or an earlier run, has done the same. 404 is for deletions.
TAKEN = (400, 404, 409, 412)

#: Returns whether the expected effect of a write is visible.
There: TypeAlias = Callable[[], bool]
#: Reads an operation within a deadline. Returns its current state, None if the service does not know it, and the
#: seconds after which the service asks to be polled again, if any.
Read: TypeAlias = Callable[[Operation, Deadline], "tuple[Operation | None, float | None]"]


class Overtaken(OperationFailed, AmbiguousWrite):
    """The service rejected the work, but its effect is visible: an earlier start, whose reply was lost or whose run
    was killed, or another process came first. The caller reads the state again, as after any write with an unknown
    outcome.
    """


@dataclass(frozen=True)
class _Expected:
    """What a started operation is for, after "while", and how to see that it was done."""

    doing: str
    there: There


class Tracker:
    """Starts operations, remembers the expected effect of each, and follows them."""

    def __init__(self, session: Session, debug: Callable[[str], None], polls: Backoff = POLLS) -> None:
        self._polls = polls
        self._session = session
        self._debug = debug
        self._named: dict[str, _Expected] = {}
        self._unnamed: dict[int, tuple[Operation, _Expected]] = {}

    def start(self, send: Callable[[], Operation], kind: str, doing: str, there: There | None = None) -> Operation:
        """Calls `send`, which starts an operation of this kind; returns the operation.

        An operation without an ID means a reply that names none. `settled` then looks for the effect.

        If the outcome is unknown, calls `there` until it returns True; raises the error if it does not within LOST
        seconds. Raises Overtaken for a start that was rejected although the effect is visible.
        """
        try:
            with self.overtaking(there):
                started = send()
        except FleetError as error:
            if isinstance(error, Overtaken) or error.write_state is not WriteState.UNKNOWN or there is None:
                raise
            if not self._becomes_visible(there, doing, self._soon()):
                raise
            self._debug(f"{error.message} Its effect is visible, so it was executed.")
            return done(kind)
        if there is not None:
            self._expect(started, _Expected(doing, there))
        return started

    @contextmanager
    def overtaking(self, there: There | None) -> Iterator[None]:
        """Converts a rejection inside to Overtaken if the effect is visible nevertheless."""
        try:
            yield
        except FleetError as error:
            if error.status in TAKEN and there is not None and self._is_visible(there):
                raise overtaken(error) from error
            raise

    def took_effect(self, operation: Operation) -> bool:
        """Returns whether the effect of an operation that was started here is visible, however the operation ended."""
        expected = self._named.get(operation.id)
        return expected is not None and self._is_visible(expected.there)

    def settled(self, operation: Operation, read: Read, deadline: Deadline, doing: str | None = None) -> Operation:
        """Returns the operation once it has ended. One that cannot be polled is judged by its effect.

        Raises DeadlineExceeded, EffectMissing for an operation without an ID whose effect does not become visible, and
        what polling raises: the outcome is unknown then.
        """
        if not operation.id:
            return self._seen(operation, deadline)
        doing = doing or f"waiting for {operation.type or 'the operation'} ({operation.id})"
        with after_accepted_write():
            try:
                return self._polled(operation, read, deadline, doing)
            except FleetError as error:
                if self._takes_effect(operation, error, doing):
                    self._debug(f"{error.message} Its effect is visible, so it counts as complete.")
                    return _complete(operation)
                if not isinstance(error, DeadlineExceeded):
                    said = error.message.rstrip(". ")
                    error.message = f"{said}; the service had accepted the request, and its outcome is unknown."
                raise

    def require(self, there: There, doing: str, until: Deadline | None = None) -> None:
        """Waits for the effect of a write that the service accepted, for LOST seconds by default.

        Raises EffectMissing.
        """
        until = until or self._soon()
        if not self._becomes_visible(there, doing, until):
            raise invisible(doing, until)

    def _polled(self, operation: Operation, read: Read, deadline: Deadline, doing: str) -> Operation:
        pauses = self._polls.pauses()
        asked: float | None = None
        expected = self._named.get(operation.id)
        waited = 0.0
        while not operation.final:
            if deadline.passed:
                raise overdue(doing, deadline, operation)
            step = min(max(next(pauses), asked or 0.0), deadline.remaining())
            self._session.pause(step, doing)
            waited += step
            try:
                found, asked = read(operation, deadline)
            except Unreachable as error:
                if deadline.passed and error.status is None:
                    raise overdue(doing, deadline, operation) from error
                raise
            if found is not None:
                operation = replace(found, type=found.type or operation.type)
            elif expected is not None and self._is_visible(expected.there):
                operation = _complete(operation)
            elif waited > (SETTLING if expected is None else SETTLING_BY_EFFECT):
                raise NotFound(
                    f"While {doing}, the service no longer knew it. The last known state is {operation.state}.",
                    code="NotFound",
                    target=operation.id,
                )
        return operation

    def _takes_effect(self, operation: Operation, error: FleetError, doing: str) -> bool:
        """Returns whether an operation whose polling ended with this error has taken effect, or soon does."""
        expected = self._named.get(operation.id)
        if expected is None or error.code == "closed":
            return False
        if isinstance(error, DeadlineExceeded):
            return self._is_visible(expected.there)
        return self._becomes_visible(expected.there, doing, self._soon())

    def _seen(self, operation: Operation, deadline: Deadline) -> Operation:
        """Looks for the effect of a start whose reply named no operation: after a promise until the deadline, after a
        success for LOST seconds.
        """
        _operation, expected = self._unnamed.pop(id(operation), (operation, None))
        if expected is None:
            return _complete(operation)
        self.require(expected.there, expected.doing, self._soon(deadline) if operation.final else deadline)
        return _complete(operation)

    def _soon(self, deadline: Deadline | None = None) -> Deadline:
        patience = min(LOST, self._session.settings.retry_timeout)
        deadline = deadline or self._session.deadline
        most = patience if deadline is None else min(patience, deadline.remaining())
        return Deadline(most, self._session.clock.now)

    def _becomes_visible(self, there: There, doing: str, until: Deadline) -> bool:
        for pause in LOOKS.pauses():
            if self._is_visible(there):
                return True
            if until.passed:
                return False
            self._session.pause(min(pause, until.remaining()), doing)
        raise AssertionError("pauses are unlimited")

    def _is_visible(self, there: There) -> bool:
        try:
            return there()
        except FleetError as error:
            # The original failure is the one to report.
            self._debug(f"The current state could not be read: {error.message}")
            return False

    def _expect(self, operation: Operation, expected: _Expected) -> None:
        if operation.id:
            self._named[operation.id] = expected
        else:
            # Without an ID, only the object itself identifies it: it is kept so that no other gets its identity.
            self._unnamed[id(operation)] = operation, expected


def confirmed(reply: Reply) -> Any:
    """Returns the body of a reply that starts work; None for 202 with one that cannot be understood: a promise all the
    same.

    Raises AmbiguousWrite for any other reply that does not confirm the write.
    """
    try:
        return reply.confirmation()
    except AmbiguousWrite:
        if reply.status != 202:
            raise
        return None


def done(kind: str) -> Operation:
    """Returns a completed operation of this type, for a success that names none."""
    return Operation(id="", type=kind, state=FINAL_STATES[0])


def promised(kind: str) -> Operation:
    """Returns an operation of this type in progress, for a reply that promises it and names none."""
    return Operation(id="", type=kind, state=OPERATION_STATES[1])


def invisible(doing: str, until: Deadline) -> EffectMissing:
    """Returns the error of a write that the service accepted and whose effect did not become visible in time."""
    return EffectMissing(
        f"While {doing}, the service accepted the request, but its effect is not visible after "
        f"{until.seconds:.3g} s; the outcome is unknown.",
        hint=AGAIN,
    )


def overdue(doing: str, deadline: Deadline, operation: Operation) -> DeadlineExceeded:
    """Returns the error of an operation that did not end in time."""
    error = deadline_exceeded(doing, deadline, operation.state, operation.id)
    error.operation = operation
    return error


def overtaken(error: FleetError) -> Overtaken:
    """Returns the error for work that was rejected although its effect is visible."""
    message = f"{error.message.rstrip('.')}; its effect is visible nevertheless."
    return error.converted(Overtaken, message, hint=AGAIN, retriable=True)


def _complete(operation: Operation) -> Operation:
    return replace(operation, state=FINAL_STATES[0])
