# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Long-running operations: which replies start one, and how it is followed (FACTS: long-running operations).

The address of an operation carries a signed query. It stays in this package: results and messages have the last segment
of its path as the ID of the operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .._backend.polling import There, Tracker, confirmed, done, overtaken, promised
from .._backend.values import text_of
from .._deadline import Deadline
from .._errors import Conflict, Forbidden, NotFound, OperationFailed, ServiceError, Unsupported, after_accepted_write
from .._http.backoff import Backoff
from .._http.errors import scrub
from .._http.message import Reply
from .._http.throttle import retry_after
from .._model.resources import FINAL_STATES, Operation, OperationError
from . import wire
from .client import IntegratedClient
from .paths import last_segment

#: Seconds between polls: the recorded work took 3 to 8 s, and replies had no Retry-After.
POLLS = Backoff(2.0, 1.6, 10.0)
_NOT_WATCHED = (
    "To follow operations, the account needs the permission Microsoft.AzureSphere/locations/operationStatuses/read in "
    "the subscription, which Azure Sphere Reader assigned there includes."
)
_OCCUPIED = "Move the devices out of it first."
HINTS = {"DeleteProduct": _OCCUPIED, "DeleteDeviceGroup": _OCCUPIED}


@dataclass(frozen=True)
class _Link:
    """Where to poll: a status document, or (`Location`) an address that replies 202 until the work has ended."""

    path: str
    is_status: bool


class IntegratedOperations:
    """Starts operations and follows them, as long as their addresses are known: in the task that started them."""

    def __init__(self, client: IntegratedClient, polls: Backoff = POLLS) -> None:
        self._client = client
        self.polls = polls
        self.tracker = Tracker(client.session, client.debug, polls)
        self._links: dict[str, _Link] = {}

    def start(
        self, method: str, path: str, doing: str, kind: str, there: There | None = None, **options: Any
    ) -> Operation:
        """Sends the request that starts an operation. Returns and raises as `Tracker.start`.

        What the specification declares long-running may be done at once.
        """

        def send() -> Operation:
            return self._started(self._client.call(method, path, doing, **options), kind)

        try:
            return self.tracker.start(send, kind, doing, there)
        except (Conflict, ServiceError) as error:
            error.hint = error.hint or (HINTS.get(kind) if error.status in (400, 409) else None)
            raise

    def write(
        self, method: str, path: str, doing: str, kind: str, there: There | None = None, **options: Any
    ) -> Operation | None:
        """As `start`, for writes that are usually done at once: returns None then."""
        started = self.start(method, path, doing, kind, there, **options)
        return None if started.final and not started.id else started

    def finish(self, operation: Operation | None) -> None:
        """Waits for an operation that the next request depends on. Raises as `wait`."""
        if operation is not None:
            self.wait(operation, Deadline(self._client.session.settings.retry_timeout, self._client.session.clock.now))

    def outcome(self, reply: Reply, kind: str, doing: str) -> Any:
        """Waits for the operation that a reply promises, and returns the body at its `Location`; None without one."""
        self.finish(self._started(reply, kind))
        path = self._client.session.path_of(reply.headers.get("Location"))
        return None if path is None else self._client.read(path, doing)

    def look(self, operation: Operation, doing: str) -> Operation | None:
        """Returns the current state of an operation that was started here, None if the service does not know it."""
        return self._read(operation, None, doing)[0]

    def get(self, operation_id: str, details: bool = False) -> Operation | None:
        """Returns an operation of this task. Raises Unsupported for others: only its signed address can be polled."""
        if not operation_id:
            return None
        if operation_id not in self._links:
            raise Unsupported(
                f"This service cannot look up the operation {operation_id}: only the task that started it can do so.",
                target=operation_id,
                hint="Let the task that starts the operation wait for it, or read the resource that it changes.",
            )
        known = Operation(operation_id, "", "InProgress")
        return self._read(known, None, f"looking up the operation {operation_id}")[0]

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        ended = self.settled(operation, deadline)
        if ended.state != FINAL_STATES[0]:
            error = failure(ended)
            raise overtaken(error) if self.tracker.took_effect(operation) else error
        return ended

    def settled(self, operation: Operation, deadline: Deadline, doing: str | None = None) -> Operation:
        """Returns the operation once it has ended, as `Tracker.settled`.

        One that may not be read is judged by its effect.
        """
        said = doing or f"waiting for {operation.type or 'the operation'} ({operation.id})"
        forbidden: list[Forbidden] = []

        def read(known: Operation, until: Deadline) -> tuple[Operation | None, float | None]:
            try:
                return self._read(known, until, said)
            except Forbidden as error:
                forbidden.append(error)
                return None, None

        try:
            return self.tracker.settled(operation, read, deadline, doing)
        except NotFound as error:
            if forbidden:
                error.hint = _NOT_WATCHED
            raise

    def _started(self, reply: Reply, kind: str) -> Operation:
        """Returns the operation that a reply starts; without an address, whether the work is done or promised."""
        body = confirmed(reply)
        for header in ("Azure-AsyncOperation", "Location"):
            path = self._client.session.path_of(reply.headers.get(header))
            operation_id = last_segment(path) if path else ""
            if path and operation_id:
                self._links[operation_id] = _Link(path, header != "Location")
                return Operation(operation_id, kind, "InProgress")
        state = wire.own(body, "provisioningState") if isinstance(body, dict) else None
        if state is None:
            return promised(kind) if reply.status == 202 else done(kind)
        ended = Operation("", kind, wire.state_of(state), error=OperationError(scrub(str(state))))
        if ended.state == "Failed":
            with after_accepted_write():
                raise failure(ended)
        return done(kind) if ended.final else promised(kind)

    def _read(self, known: Operation, deadline: Deadline | None, doing: str) -> tuple[Operation | None, float | None]:
        """Returns the state of an operation, None if the service does not know it, and the pause it asks for."""
        link = self._links.get(known.id)
        if link is None:
            return None, None
        try:
            reply = self._client.call("GET", link.path, doing, target=known.id, deadline=deadline, promises=True)
        except (Forbidden, NotFound) as error:
            if isinstance(error, Forbidden):
                raise
            return None, None
        except ServiceError as error:
            if link.is_status or error.status is None or error.status >= 500:
                raise
            # A failed operation shows as an error at its `Location`.
            return replace(known, state="Failed", error=OperationError(error.code or "Failed", error.message)), None
        asked = retry_after(reply.headers, self._client.session.clock)
        body = reply.json()
        if isinstance(body, dict) and text_of(body.get("status")):
            return wire.operation(body, known), asked
        return (known if reply.status == 202 or link.is_status else replace(known, state=FINAL_STATES[0])), asked


def require_absent(found: object | None, what: str, target: str) -> None:
    """Raises Overtaken for what another process created since the plan was made.

    The request that creates it would replace its settings.
    """
    if found is not None:
        problem = f"Creating the {what} failed: it exists already."
        raise overtaken(Conflict(problem, code="Conflict", status=409, target=target))


def failure(operation: Operation, target: str | None = None) -> OperationFailed:
    """Returns the error of a failed operation, with its own code and message."""
    code = operation.error.code if operation.error else operation.state
    words = operation.error.message.rstrip(". ") if operation.error and operation.error.message else None
    error = OperationFailed(
        f"The operation {operation.type} failed" + (f": {words}" if words else "") + f" ({code}).",
        code=code,
        target=target or operation.id or None,
        retriable=code in ("InternalServerError", "ServiceUnavailable", "TooManyRequests"),
        hint=HINTS.get(operation.type),
    )
    error.operation = operation
    return error
