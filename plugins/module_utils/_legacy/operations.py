# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Asynchronous operations of the service: operations AsyncOperations_* and Deployments_GetCreateDetails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .._deadline import Deadline
from .._errors import (
    DeadlineExceeded,
    FleetError,
    NotFound,
    OperationFailed,
    ServiceError,
    Unreachable,
    after_accepted_write,
)
from .._http.backoff import Backoff
from .._http.endings import deadline_exceeded
from .._http.throttle import retry_after
from .._model.resources import FINAL_STATES, Operation
from . import wire
from .client import LegacyClient, segment
from .starting import HINTS, Starter, overtaken

#: Seconds between polls.
POLLS = Backoff(0.1, 1.6, 2.0)
#: Seconds during which the address of its state may not know an operation that was just started.
SETTLING = 5.0
#: The same where the effect is visible too: the address of operations outside of tenants is a guess.
SETTLING_BY_EFFECT = 60.0
#: Segment of the details address by type of operation (FACTS: asynchronous operations; the last one is a guess).
DETAILS = {
    "ImageUpload": "imageUpload",
    "DeployToDeviceGroup": "deploytodevicegroup",
    "BulkDeviceClaim": "bulkdeviceclaim",
}


class LegacyOperations:
    def __init__(self, client: LegacyClient, starter: Starter) -> None:
        self._client = client
        self._starter = starter

    def get(self, operation_id: str, details: bool = False) -> Operation | None:
        """AsyncOperations_Get, then AsyncOperations_GetGlobal, and the kind-specific detail calls."""
        found, _asked = self._state(operation_id, outside=self._client.tenant_option is None)
        if found is None or not details:
            return found
        return replace(found, details=self.details(found))

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        ended = self.settled(operation, deadline)
        if ended.state != "Complete":
            error = failure(ended)
            raise overtaken(error) if self._starter.took_effect(ended.id) else error
        return ended

    def settled(self, operation: Operation, deadline: Deadline, doing: str | None = None) -> Operation:
        """Returns the operation once it has ended. One that cannot be polled is judged by its effect.

        Raises DeadlineExceeded, and what polling raises.
        """
        doing = doing or f"waiting for {operation.type or 'the operation'} ({operation.id})"
        with after_accepted_write():
            try:
                return self._polled(operation, deadline, doing)
            except FleetError as error:
                if not self._took_effect(operation.id, error, doing):
                    raise
                self._client.debug(f"{error.message} Its effect is visible, so it counts as complete.")
                return replace(operation, state=FINAL_STATES[0])

    def _took_effect(self, operation_id: str, error: FleetError, doing: str) -> bool:
        """Returns whether an operation whose polling ended with this error has taken effect, or soon does."""
        if error.code == "closed":
            return False
        if isinstance(error, DeadlineExceeded):
            return self._starter.took_effect(operation_id)
        return self._starter.takes_effect(operation_id, doing)

    def _polled(self, operation: Operation, deadline: Deadline, doing: str) -> Operation:
        pauses = POLLS.pauses()
        asked: float | None = None
        outside = operation.type == "TenantCreation"
        waited = 0.0
        while not operation.final:
            if deadline.passed:
                raise overdue(doing, deadline, operation)
            step = min(max(next(pauses), asked or 0.0), deadline.remaining())
            self._client.session.pause(step, doing)
            waited += step
            try:
                found, asked = self._state(operation.id, outside, doing, deadline)
            except Unreachable as error:
                if deadline.passed and error.status is None:
                    raise overdue(doing, deadline, operation) from error
                raise
            if found is not None:
                operation = replace(found, type=found.type or operation.type)
            elif self._starter.took_effect(operation.id):
                operation = replace(operation, state=FINAL_STATES[0])
            elif waited > (SETTLING_BY_EFFECT if self._starter.expects(operation.id) else SETTLING):
                raise NotFound(
                    f"While {doing}, the service no longer knew it. The last known state is {operation.state}.",
                    code="NotFound",
                    target=operation.id,
                )
        return operation

    def _state(
        self, operation_id: str, outside: bool, doing: str | None = None, deadline: Deadline | None = None
    ) -> tuple[Operation | None, float | None]:
        """Returns the current operation, and the seconds after which the service asks to be polled again, if any.

        Reads the more likely address first, then the other (FACTS: not known, 3).
        """
        doing = doing or f"looking up the operation {operation_id}"
        for globally in (outside, not outside):
            if not globally and self._client.tenant_option is None:
                continue
            below = f"operations/{segment(operation_id)}"
            path = f"/v2/{below}" if globally else self._client.path(below)
            try:
                reply = self._client.call("GET", path, doing, target=operation_id, deadline=deadline)
            except NotFound:
                continue
            except ServiceError as error:
                # The address outside of tenants is a guess, which may be rejected in other ways.
                if globally and error.status in (400, 403, 405):
                    continue
                raise
            body = reply.json()
            if isinstance(body, dict) and wire.id_of(wire.member(body, "OperationId")):
                return wire.operation(body), retry_after(reply.headers, self._client.session.clock)
        return None, None

    def details(self, operation: Operation) -> dict[str, Any] | None:
        """Returns what the kind-specific call adds to the operation; None for kinds that have none.

        The address that the operation names is tried first, unless it is on another host, which must not get the token.
        """
        kind = DETAILS.get(operation.type)
        paths = [self._client.session.path_of(operation.details_location)]
        if kind is not None and self._client.tenant_option is not None:
            paths.append(self._client.path(f"operationTypes/{kind}/operations/{segment(operation.id)}"))
        doing = f"fetching the details of the operation {operation.id}"
        for path in paths:
            if path is None:
                continue
            versioned = path if path.lower().startswith("/v2/") else "/v2" + path
            try:
                body = self._client.read(versioned, doing, target=operation.id)
            except ServiceError as error:
                # One of the addresses is a guess, which may be rejected in other ways.
                if error.status in (400, 403, 404, 405):
                    continue
                raise
            found = wire.details(body)
            return found if isinstance(found, dict) else {"details": found}
        return None


def overdue(doing: str, deadline: Deadline, operation: Operation) -> DeadlineExceeded:
    """Returns the error of an operation that did not end in time."""
    error = deadline_exceeded(doing, deadline, operation.state, operation.id)
    error.operation = operation
    return error


def failure(operation: Operation, target: str | None = None) -> OperationFailed:
    """Returns the error of a failed operation, with its own code and message."""
    code = operation.error.code if operation.error else operation.state
    words = operation.error.message.rstrip(". ") if operation.error and operation.error.message else None
    ended = "ended with errors" if operation.state == "CompleteWithErrors" else "failed"
    error = OperationFailed(
        f"The operation {operation.type} {ended}" + (f": {words}" if words else "") + f" ({code}).",
        code=code,
        target=target or operation.id,
        retriable=code in ("InternalServerError", "TenantInMigration"),
        hint=HINTS.get(operation.type) if code != "InternalServerError" else "Try again later.",
    )
    error.operation = operation
    return error
