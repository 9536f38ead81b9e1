# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims of devices, into a device group in the same request or into the catalog alone.

How a bulk claim reports that some devices failed is not known (FACTS: long-running operations), so the devices decide:
the target is listed after each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .._backend.bulk import CHUNKS_AT_ONCE, DEFECTS, Progress, for_each_device, not_claimable, surprises_are_errors
from .._backend.pool import for_each
from .._backend.values import encoded, member
from .._deadline import Deadline
from .._errors import Conflict, FleetError, Forbidden, OperationFailed, ServiceError, WriteState
from .._http.endings import deadline_exceeded
from .._http.errors import scrub
from .._model.refs import GroupRef
from .._model.resources import Operation
from .._service import Report
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations, failure
from .paths import group_path, segment
from .places import Places
from .run import BulkRun

#: The most devices in one bulk claim: the limit of the Legacy interface, since that of this one is not known.
CHUNK = 1000
#: Up to so many devices of a rejected bulk claim are claimed one by one; more are halved.
SINGLY = 8
#: How a claim may be rejected that this catalog cannot make, or a bulk claim that is not offered.
REFUSALS = (400, 404, 405, 409, 412, 413, 422, 501)
#: Codes of refusals that concern all devices.
_GENERAL = ("MissingSubscriptionRegistration", "AuthorizationFailed")
_DEVICE_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{128}(?![0-9a-fA-F])")


class Claims:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations, places: Places) -> None:
        self._client = client
        self._operations = operations
        self._places = places

    def claim(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report
    ) -> Operation | None:
        """Claims devices into a group, None: into the catalog alone. Returns the last operation."""
        run = _Run(self._client, self._operations, self._places, group, deadline, Progress(report))
        if len(device_ids) == 1:
            run.singly(device_ids)
        else:
            chunks = [device_ids[start : start + CHUNK] for start in range(0, len(device_ids), CHUNK)]
            for_each(chunks, run.together, CHUNKS_AT_ONCE, abandon=self._client.session.close)
        return run.progress.last


class _Run(BulkRun):
    """One call of `claim`."""

    @property
    def _path(self) -> str:
        return self.client.path(group_path(self.group))

    def together(self, device_ids: Sequence[str]) -> bool:
        """Claims devices in one request. A rejected list is halved, so that one device does not fail the others."""
        doing = f"claiming {len(device_ids)} devices"
        if self.progress.gone is not None or self.deadline.passed:
            reason = self.progress.gone or deadline_exceeded(doing, self.deadline, "not started")
            return all(self.progress.skip(device_id, reason) for device_id in device_ids)
        try:
            with surprises_are_errors(doing):
                ended = self._claimed(device_ids, doing)
        except DEFECTS:
            raise
        except FleetError as error:
            return self._rejected(device_ids, error)
        return self._sort_out(device_ids, ended)

    def singly(self, device_ids: Sequence[str]) -> bool:
        """Claims devices one by one."""
        session = self.client.session
        threads = session.threads
        for_each_device(device_ids, self._one, self.deadline, self.progress, threads, session.close)
        return self.progress.going_on

    def _claimed(self, device_ids: Sequence[str], doing: str) -> Operation:
        """Sends a bulk claim, and returns it once it has ended."""
        started = self.operations.start(
            "POST",
            f"{self._path}/claimDevices",
            doing,
            "BulkDeviceClaim",
            there=lambda: not self._missing(device_ids),
            body=encoded({"deviceIdentifiers": [*device_ids]}),
            deadline=self.deadline,
        )
        self.progress.seen(started)
        ended = self.operations.settled(started, self.deadline, doing)
        self.progress.seen(ended)
        return ended

    def _rejected(self, device_ids: Sequence[str], error: FleetError) -> bool:
        refused = error.status in REFUSALS and error.write_state is WriteState.NOT_SENT and error.code not in _GENERAL
        if refused and not self._lacks_group(error):
            if len(device_ids) <= SINGLY or error.status in (405, 501):
                return self.singly(device_ids)
            middle = len(device_ids) // 2
            return self.together(device_ids[:middle]) and self.together(device_ids[middle:])
        self.places.forget()
        for device_id in device_ids:
            self.progress.report(device_id, error)
        return self.progress.going_on

    def _sort_out(self, device_ids: Sequence[str], ended: Operation) -> bool:
        """Determines the outcome of each device after a bulk claim, whatever it says of itself.

        Those that are not there are claimed one by one, unless the reason is known.
        """
        missing = self._missing(device_ids)
        why = reasons(ended.details)
        again: list[str] = []
        for device_id in device_ids:
            if device_id not in missing:
                self.places.learn([device_id], self.group)
                self.progress.report(device_id)
            elif device_id in why:
                cause = failure(ended, device_id) if ended.error else Conflict(why[device_id], code="ClaimFailed")
                self.progress.report(device_id, not_claimable(device_id, cause, "catalog", why[device_id]))
            else:
                again.append(device_id)
        return self.singly(again) if again and self.progress.going_on else self.progress.going_on

    def _missing(self, device_ids: Sequence[str]) -> set[str]:
        """Returns the devices that are not in the target, read from it: the list of a group costs no writes."""
        self.places.forget()
        if self.group is None:
            return set(device_ids) - {wire.device_id(body) for body, _group in self.places.listed()}
        doing = f"listing the devices of the device group {self.group}"
        bodies = self.client.entries(f"{self._path}/devices", doing, target=str(self.group))
        return set(device_ids) - {wire.device_id(body) for body in bodies}

    def _one(self, device_id: str) -> bool:
        path = f"{self._path}/devices/{segment(device_id)}"
        doing = f"claiming the device {device_id}"

        def there() -> bool:
            return self.client.find(path, doing, target=device_id) is not None

        try:
            started = self.operations.start(
                "PUT",
                path,
                doing,
                "DeviceClaim",
                there=there,
                target=device_id,
                # What a claim of a claimed device does is not known.
                idempotent=False,
                body=b"{}",
                deadline=self.deadline,
            )
            self.progress.seen(started)
            ended = self.operations.settled(started, self.deadline, doing)
            self.progress.seen(ended)
            if ended.state != "Complete":
                raise failure(ended, device_id)
        except (ServiceError, OperationFailed) as error:
            self.places.forget()
            general = error.code in _GENERAL or isinstance(error, Forbidden) or self._lacks_group(error)
            ended_badly = isinstance(error, OperationFailed) or error.status in REFUSALS
            if general or not ended_badly or error.write_state is not WriteState.NOT_SENT:
                raise
            return self.progress.report(device_id, not_claimable(device_id, error, "catalog"))
        except FleetError:
            self.places.forget()
            raise
        self.places.learn([device_id], self.group)
        return self.progress.report(device_id)

    def _lacks_group(self, error: FleetError) -> bool:
        """Returns whether a rejection with 404 is due to a missing device group."""
        if error.status != 404 or self.group is None:
            return False
        doing = f"looking up the device group {self.group}"
        return self.client.find(self._path, doing, target=str(self.group)) is None


def reasons(found: Any) -> dict[str, str]:
    """Returns the messages of a failure for each device that they name, at any depth."""
    messages: dict[str, str] = {}
    if isinstance(found, list):
        for entry in found:
            messages.update(reasons(entry))
    elif isinstance(found, dict):
        texts = [value for value in found.values() if isinstance(value, str)]
        said = member(found, "message") or member(found, "code") or "no reason given"
        named = {device_id.lower() for text in texts for device_id in _DEVICE_ID.findall(text)}
        messages.update({device_id: scrub(str(said)) for device_id in named})
        for inner in found.values():
            messages.update(reasons(inner) if isinstance(inner, (dict, list)) else {})
    return messages
