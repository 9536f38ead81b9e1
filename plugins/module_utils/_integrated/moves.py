# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Moves of devices between device groups, and out of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .._backend.bulk import DEFECTS, Progress, for_each_device
from .._backend.polling import overdue
from .._backend.pool import for_each
from .._deadline import Deadline
from .._errors import DeadlineExceeded, FleetError, NotFound, WriteState
from .._model.refs import GroupRef
from .._model.resources import Operation
from .._service import Report
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations, failure
from .paths import group_id, group_path, segment
from .places import Places
from .run import BulkRun

#: The largest number of moves that are polled one by one; for more, the target is listed.
FOLLOWED_SINGLY = 8
#: Moves that are started before those that have ended are reported. The limit for writes refills meanwhile.
BLOCK = 500
#: Consecutive listings without a new device, after which the operations of the missing ones are polled.
PATIENCE = 2


class Moves:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations, places: Places) -> None:
        self._client = client
        self._operations = operations
        self._places = places

    def move(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report, wait: bool
    ) -> Operation | None:
        """Moves devices to a group, None: out of all groups. Returns the last operation."""
        run = _Run(self._client, self._operations, self._places, group, deadline, Progress(report))
        run.singly = len(device_ids) <= FOLLOWED_SINGLY
        run.wait = wait
        session = self._client.session
        blocks = [device_ids[start : start + BLOCK] for start in range(0, len(device_ids), BLOCK)]
        for number, block in enumerate(blocks, 1):
            for_each_device(block, run.one, deadline, run.progress, session.threads, session.close)
            last = number == len(blocks) or not run.progress.going_on
            run.follow_or_fail(to_the_end=last)
            if last:
                break
        return run.progress.last


@dataclass
class _Run(BulkRun):
    """One call of `move`."""

    singly: bool = True
    wait: bool = True
    under_way: dict[str, Operation] = field(default_factory=dict)

    @cached_property
    def _body(self) -> bytes:
        return wire.wrapped({"deviceGroupId": group_id(self.client.catalog, self.group)})

    def one(self, device_id: str) -> bool:
        """Starts the move of a device, and waits for it if there are few."""
        doing = f"moving the device {device_id}"
        operation = self._started(device_id, doing)
        if operation is None:
            return self.progress.report(device_id)
        self.progress.seen(operation)
        if self.wait and (self.singly or not operation.id):
            return self._ended(device_id, self.operations.settled(operation, self.deadline, doing))
        if self.wait and not operation.final:
            self.under_way[device_id] = operation
            return self.progress.going_on
        # The move was accepted: where the device is, is read when it is needed again.
        self.places.forget(device_id)
        return self.progress.report(device_id)

    def follow_or_fail(self, to_the_end: bool) -> None:
        """As `follow`; if the service cannot be read, reports that for all devices whose move was accepted."""
        try:
            self.follow(to_the_end)
        except DEFECTS:
            raise
        except FleetError as error:
            error.write_state = WriteState.ACCEPTED
            for device_id in self.under_way:
                self.progress.report(device_id, error)
            self.under_way.clear()

    def follow(self, to_the_end: bool) -> None:
        """Waits until all devices are in the group, and reports each.

        Lists the group repeatedly. When no further device arrives, or few are missing, polls the operations of the
        missing ones, and leaves those that go on for later unless it is `to_the_end`.
        """
        pauses = self.operations.polls.pauses()
        in_vain = 0
        while self.under_way:
            doing = f"waiting for {len(self.under_way)} devices to be moved"
            self.client.session.pause(min(next(pauses), self.deadline.remaining()), doing)
            last_look = self.deadline.passed
            if len(self.under_way) > FOLLOWED_SINGLY:
                arrived = self.under_way.keys() & self._listed(doing)
                in_vain = 0 if arrived else in_vain + 1
                for device_id in arrived:
                    del self.under_way[device_id]
                    self._arrived(device_id)
            if self.under_way and (len(self.under_way) <= FOLLOWED_SINGLY or in_vain >= PATIENCE or last_look):
                self._poll_each()
                if last_look or not to_the_end:
                    return
                in_vain = 0

    def _started(self, device_id: str, doing: str) -> Operation | None:
        """Sends the move from where the device is; None if it is in the group already.

        A move that another process made in the meantime invalidates the address: then the device is looked up again.
        """
        for attempt in (1, 2):
            place = self.places.where(device_id)
            if place is None:
                raise NotFound(
                    f"Device {device_id} is not claimed into this catalog.", code="NotFound", target=device_id
                )
            if attempt == 2 and place[0] == self.group:
                return None
            try:
                return self.operations.start(
                    "PATCH",
                    self.client.path(f"{group_path(place[0])}/devices/{segment(device_id)}"),
                    doing,
                    "DeviceUpdateDeviceGroup",
                    there=lambda: device_id in self._listed(doing),
                    target=device_id,
                    body=self._body,
                    deadline=self.deadline,
                )
            except NotFound:
                self.places.forget(device_id)
                if attempt == 2 or self.places.where(device_id) == place:
                    raise
        raise AssertionError("the second attempt returns or raises")

    def _ended(self, device_id: str, operation: Operation) -> bool:
        self.progress.seen(operation)
        if operation.state == "Complete":
            return self._arrived(device_id)
        self.places.forget(device_id)
        return self.progress.report(device_id, failure(operation, device_id))

    def _arrived(self, device_id: str) -> bool:
        self.places.learn([device_id], self.group)
        return self.progress.report(device_id)

    def _listed(self, doing: str) -> set[str]:
        """Returns the IDs of the devices in the target."""
        if self.group is None:
            return {wire.device_id(body) for body, group in self.places.listed() if group is None}
        path = self.client.path(f"{group_path(self.group)}/devices")
        return {wire.device_id(body) for body in self.client.entries(path, doing, target=str(self.group))}

    def _poll_each(self) -> None:
        """Reports the devices whose operation has ended, after the deadline all of them."""

        def poll(device_id: str) -> bool:
            operation = self.under_way[device_id]
            doing = f"moving the device {device_id}"
            error: FleetError | None = None
            found: Operation | None = None
            try:
                found = self.operations.look(operation, doing)
            except FleetError as failed:
                if not self.deadline.passed:
                    raise
                error = failed
            if found is not None and found.final:
                del self.under_way[device_id]
                self._ended(device_id, found)
            elif self.deadline.passed:
                del self.under_way[device_id]
                self.places.forget(device_id)
                self.progress.report(device_id, self._overdue(device_id, found or operation, doing, error))
            return True

        session: Any = self.client.session
        for_each(list(self.under_way), poll, session.threads, abandon=session.close)

    def _overdue(self, device_id: str, operation: Operation, doing: str, cause: FleetError | None) -> FleetError:
        error: FleetError = cause or overdue(doing, self.deadline, operation)
        if isinstance(error, DeadlineExceeded):
            error.target = device_id
        error.write_state = WriteState.ACCEPTED
        return error
