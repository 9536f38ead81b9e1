# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims and moves of any number of devices: Devices_Claim, Devices_BulkClaim, Devices_Move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .._backend.bulk import (
    CHUNKS_AT_ONCE,
    DEFECTS,
    Progress,
    for_each_device,
    not_claimable,
    surprises_are_errors,
)
from .._backend.polling import There
from .._backend.pool import Threads, for_each
from .._deadline import Deadline
from .._errors import (
    FleetError,
    OperationFailed,
    ServiceError,
    WriteState,
)
from .._http.backoff import RETRIES
from .._http.endings import deadline_exceeded
from .._model.resources import Operation
from .._model.values import is_device_id
from .._service import Report
from . import wire
from .client import CHUNK, LegacyClient, segment
from .moves import FOLLOWED_SINGLY, MOVE, StartedMoves
from .operations import LegacyOperations, failure
from .own_devices import OwnDevices
from .starting import Starter
from .tenants import LegacyTenants

#: How often a claim is started whose operation fails for a transient reason.
CLAIM_ATTEMPTS = 3
#: Codes of a failed claim when this tenant cannot claim the device (FACTS: not known, 4 and 19).
NOT_OURS = ("BadRequest", "Forbidden", "Conflict", "NotFound", "OperationFailed", "CompleteWithErrors")
REFUSALS = (400, 403, 404, 409, 412, 422)
_WORDS = ("message", "error_message", "error", "detail", "title", "reason", "error_code")


class BulkWrites:
    """Claims and moves, many requests at a time."""

    def __init__(
        self,
        client: LegacyClient,
        starter: Starter,
        operations: LegacyOperations,
        tenants: LegacyTenants,
        own: OwnDevices,
    ) -> None:
        self._client = client
        self._starter = starter
        self._operations = operations
        self._tenants = tenants
        self._own = own

    def claim(self, device_ids: Sequence[str], deadline: Deadline, report: Report) -> Operation | None:
        self._client.tenant_id()
        progress = Progress(report)
        chunks = [device_ids[start : start + CHUNK] for start in range(0, len(device_ids), CHUNK)]
        self._for_each(chunks, lambda chunk: self._claim_chunk(chunk, deadline, progress), CHUNKS_AT_ONCE)
        return progress.last

    def move(
        self, device_ids: Sequence[str], device_group_id: str, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        self._client.tenant_id()
        progress = Progress(report)
        singly = wait and len(device_ids) <= FOLLOWED_SINGLY
        started = StartedMoves(self._client, self._operations, self._own, device_group_id, deadline, progress)
        body = wire.encoded(device_group_id)

        def move(device_id: str) -> bool:
            doing = f"moving the device {device_id}"
            # For many devices the group is listed anyway.
            there = partial(self._own.is_in, device_id, device_group_id) if singly else None
            try:
                with surprises_are_errors(doing, device_id):
                    operation = self._start_move(device_id, body, doing, there, deadline)
            except FleetError as error:
                if singly or error.write_state is WriteState.NOT_SENT:
                    raise
                progress.note(error)
                started.doubt(device_id, error)
                return progress.going_on
            progress.accepted(operation)
            if singly:
                ended = self._operations.settled(operation, deadline, doing)
                progress.seen(ended)
                error_of_it = None if ended.state == "Complete" else failure(ended, device_id)
                return progress.report(device_id, error_of_it, ended.id or None)
            if operation.id and (operation.final or not wait):
                return progress.report(device_id, None, operation.id)
            started.add(device_id, operation)
            return progress.going_on

        self._for_each_device(device_ids, move, deadline, progress)
        started.follow()
        return self._as_it_stands(progress.last) if wait else progress.last

    def _start_move(
        self, device_id: str, body: bytes, doing: str, there: There | None, deadline: Deadline
    ) -> Operation:
        operation = self._starter.start(
            "PUT",
            self._client.path(f"devices/{segment(device_id)}/devicegroup"),
            doing,
            MOVE,
            there=there,
            target=device_id,
            body=body,
            deadline=deadline,
        )
        self._own.add([device_id])
        return operation

    def _as_it_stands(self, operation: Operation | None) -> Operation | None:
        """Returns the current state of an operation: moves that were followed by listing the group were not polled."""
        if operation is None or operation.final or not operation.id:
            return operation
        try:
            return self._operations.get(operation.id) or operation
        except FleetError as error:
            # All outcomes are reported already; this operation only completes the result.
            self._client.debug(f"The last operation could not be looked up: {error.message}")
            return operation

    def _claim_chunk(self, device_ids: Sequence[str], deadline: Deadline, progress: Progress) -> bool:
        """Claims devices in one call; if it does not succeed completely, determines the outcome of each."""
        if len(device_ids) == 1:
            return self._claim_singly(device_ids, deadline, progress)
        doing = f"claiming {len(device_ids)} devices"
        if progress.gone is not None or deadline.passed:
            reason = progress.gone or deadline_exceeded(doing, deadline, "not started")
            return all(progress.skip(device_id, reason) for device_id in device_ids)
        try:
            with surprises_are_errors(doing):
                body = wire.encoded(list(device_ids))
                path, there = self._client.path("devices"), partial(self._are_own, set(device_ids))
                ended = self._claim(path, doing, "BulkDeviceClaim", deadline, progress, body=body, there=there)
        except DEFECTS:
            raise
        except FleetError as error:
            # An accepted claim continues even if polling it fails: that error is not a rejection.
            if error.status in REFUSALS and error.write_state is WriteState.NOT_SENT and self._may_claim():
                return self._claim_singly(device_ids, deadline, progress)
            return self._report_claims(device_ids, error, progress)
        deadline.progress()
        if ended.state == "Complete":
            self._own.add(device_ids)
            for device_id in device_ids:
                progress.report(device_id, None, ended.id or None)
            return progress.going_on
        return self._sort_out(device_ids, ended, deadline, progress)

    def _report_claims(self, device_ids: Sequence[str], error: FleetError, progress: Progress) -> bool:
        """Reports devices whose claim ended with an error: if its outcome is unknown, those that are own are done."""
        progress.note(error)
        done: set[str] = set()
        if error.write_state is not WriteState.NOT_SENT and progress.gone is None:
            try:
                with surprises_are_errors(f"looking up {len(device_ids)} devices"):
                    done = self._own.among(device_ids)
            except FleetError as unread:
                self._client.debug(f"The devices could not be read: {unread.message}")
        for device_id in device_ids:
            progress.report(device_id, None if device_id in done else error)
        return progress.going_on

    def _are_own(self, missing: set[str]) -> bool:
        """Returns whether all devices are this tenant's now. Removes those that are, so that none is read again."""
        missing -= self._own.among(missing)
        return not missing

    def _claim(
        self, path: str, doing: str, kind: str, deadline: Deadline, progress: Progress, **options: Any
    ) -> Operation:
        """Claims and returns the ended operation; starts again one that failed for a transient reason.

        Claiming a device again succeeds (FACTS: devices).
        """
        attempt = 0
        while True:
            attempt += 1
            started = self._starter.start("PUT", path, doing, kind, deadline=deadline, **options)
            progress.seen(started)
            ended = self._operations.settled(started, deadline, doing)
            progress.seen(ended)
            passing = ended.state == "Failed" and failure(ended).retriable
            pause = RETRIES.pause(attempt)
            if not passing or attempt == CLAIM_ATTEMPTS or pause >= deadline.remaining():
                return ended
            self._client.debug(f"While {doing}, the operation failed ({failure(ended).code}): retrying.")
            self._client.session.pause(pause, doing)

    def _sort_out(self, device_ids: Sequence[str], ended: Operation, deadline: Deadline, progress: Progress) -> bool:
        """Determines the outcome of each device after a bulk claim that failed.

        Lists the devices, because the form of the details is unknown (FACTS: not known, 10). The details may hold the
        reason.
        """
        try:
            own = self._own.among(device_ids)
        except FleetError as error:
            error.write_state = WriteState.ACCEPTED
            return self._report_claims(device_ids, error, progress)
        for device_id in device_ids:
            if device_id in own:
                progress.report(device_id, None, ended.id or None)
        missing = [device_id for device_id in device_ids if device_id not in own]
        if ended.state == "Failed":
            # One device may have failed all of them.
            return self._claim_singly(missing, deadline, progress)
        try:
            why = reasons(self._operations.details(ended))
        except FleetError as error:
            self._client.debug(f"no details: {error.message}")
            why = {}
        for device_id in missing:
            progress.report(
                device_id, not_claimable(device_id, failure(ended, device_id), "tenant", why.get(device_id))
            )
        return progress.going_on

    def _claim_singly(self, device_ids: Sequence[str], deadline: Deadline, progress: Progress) -> bool:
        def claim(device_id: str) -> bool:
            path = self._client.path(f"devices/{segment(device_id)}/claim")
            doing = f"claiming the device {device_id}"
            try:
                there = partial(self._own.is_own, device_id)
                ended = self._claim(path, doing, "DeviceClaim", deadline, progress, target=device_id, there=there)
                if ended.state != "Complete":
                    raise failure(ended, device_id)
            except (ServiceError, OperationFailed) as error:
                refused = error.status in REFUSALS or error.code in NOT_OURS
                if refused and error.write_state is WriteState.NOT_SENT and self._may_claim():
                    return progress.report(device_id, not_claimable(device_id, error, "tenant"))
                raise
            self._own.add([device_id])
            return progress.report(device_id, None, ended.id or None)

        self._for_each_device(device_ids, claim, deadline, progress)
        return progress.going_on

    def _may_claim(self) -> bool:
        """Returns whether the roles of this account, as far as they are visible, allow claims (FACTS: roles)."""
        try:
            roles = {role.casefold() for role in self._tenants.current().roles}
        except FleetError:
            return True
        return not roles or bool(roles & {"administrator", "contributor"})

    def _for_each_device(
        self, device_ids: Sequence[str], work: Callable[[str], bool], deadline: Deadline, progress: Progress
    ) -> None:
        session = self._client.session
        for_each_device(device_ids, work, deadline, progress, session.threads, session.close)

    def _for_each(self, things: Sequence[Any], work: Callable[[Any], bool], threads: Threads) -> None:
        for_each(things, work, threads, abandon=self._client.session.close)


def reasons(found: Any) -> dict[str, str]:
    """Returns the messages that the details of a bulk claim have for each device, at any depth."""
    messages: dict[str, str] = {}
    if isinstance(found, dict):
        devices = [value.lower() for value in found.values() if is_device_id(value)]
        words = [value for name, value in found.items() if isinstance(value, str) and name in _WORDS and value]
        words += [str(value["message"]) for value in found.values() if isinstance(value, dict) and value.get("message")]
        messages.update({device_id: ": ".join(words) for device_id in devices if words})
    if isinstance(found, (dict, list)):
        for inner in found.values() if isinstance(found, dict) else found:
            messages.update(reasons(inner))
    return messages
