# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Asynchronous operations of the service: operations AsyncOperations_* and Deployments_GetCreateDetails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .._backend.polling import overtaken
from .._deadline import Deadline
from .._errors import NotFound, OperationFailed, ServiceError
from .._http.throttle import retry_after
from .._model.resources import Operation
from .._references import guid
from . import wire
from .client import LegacyClient, segment
from .starting import HINTS, Starter

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

    def get(self, operation_id: str, details: bool = False, *, deadline: Deadline | None = None) -> Operation | None:
        """AsyncOperations_Get, then AsyncOperations_GetGlobal, and the kind-specific detail calls.

        Raises InvalidInput for an ID that is not a GUID.
        """
        if not operation_id:
            return None
        outside = self._client.tenant_option is None
        found, _asked = self._state(guid(operation_id, "operation"), outside=outside, deadline=deadline)
        if found is None or not details:
            return found
        return replace(found, details=self.details(found))

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        ended = self.settled(operation, deadline)
        if ended.state != "Complete":
            error = failure(ended)
            raise overtaken(error) if self._starter.tracker.took_effect(operation) else error
        return ended

    def settled(self, operation: Operation, deadline: Deadline, doing: str | None = None) -> Operation:
        """Returns the operation once it has ended, as `Tracker.settled`."""
        doing = doing or f"waiting for {operation.type or 'the operation'} ({operation.id})"
        outside = operation.type == "TenantCreation"

        def read(known: Operation, until: Deadline) -> tuple[Operation | None, float | None]:
            return self._state(known.id, outside, doing, until)

        return self._starter.tracker.settled(operation, read, deadline, doing)

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
