# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Moves that were sent, until it is known of each whether it took effect: Devices_ListInGroup, AsyncOperations_Get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._backend.bulk import DEFECTS, Progress, surprises_are_errors
from .._backend.polling import LOST, invisible, overdue, promised
from .._backend.pool import for_each
from .._deadline import Deadline
from .._errors import FleetError, WriteState
from .._http.backoff import Backoff
from .._model.resources import Operation
from . import wire
from .client import PAGE_SIZE, LegacyClient, segment
from .operations import LegacyOperations, failure
from .own_devices import OwnDevices

#: The type of the operation that moves a device.
MOVE = "DeviceUpdateDeviceGroup"
#: The largest number of moves that are polled or looked at one by one; for more, the device group is listed again.
FOLLOWED_SINGLY = 8
#: Seconds between two listings of a group.
LISTINGS = Backoff(0.1, 1.6, 5.0)
#: Consecutive listings without a new device, after which the operations of the missing ones are polled.
PATIENCE = 3


class StartedMoves:
    """Moves into one device group, by device.

    Those in `_under_way` have an operation, of which the ID is kept. The outcome of those in `_doubtful` is unknown,
    with the error to report unless their effect becomes visible.
    """

    def __init__(
        self,
        client: LegacyClient,
        operations: LegacyOperations,
        own: OwnDevices,
        device_group_id: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        self._client = client
        self._operations = operations
        self._own = own
        self._group_id = device_group_id
        self._deadline = deadline
        self._progress = progress
        self._under_way: dict[str, str] = {}
        self._doubtful: dict[str, FleetError] = {}
        #: The operations that were polled, as they were then.
        self._states: dict[str, Operation] = {}

    def add(self, device_id: str, operation: Operation) -> None:
        """Adds a move that the service accepted. One that it reports as done without an operation must be visible."""
        if operation.final:
            self._doubtful[device_id] = invisible(_doing(device_id), self._soon())
        else:
            self._under_way[device_id] = operation.id

    def doubt(self, device_id: str, error: FleetError) -> None:
        """Adds a move whose outcome is unknown because of an error."""
        self._doubtful[device_id] = error

    def follow(self) -> None:
        """Waits until all devices are in the group, and reports each. Raises DEFECTS only.

        Lists the group repeatedly. When no further device arrives, or few are missing, polls the operations of the
        missing ones. Doubtful devices have LOST seconds from the last arrival on.
        """
        try:
            with surprises_are_errors(self._doing_all()):
                self._follow()
        except DEFECTS:
            raise
        except FleetError as error:
            self._progress.note(error)
            self._give_up(error)

    def _follow(self) -> None:
        pauses, in_vain, soon = LISTINGS.pauses(), 0, self._soon()
        while self._under_way or self._doubtful:
            pause = min(next(pauses), self._deadline.remaining())
            self._client.session.pause(pause, self._doing_all())
            last_look = self._deadline.passed
            arrived = self._arrived()
            in_vain = 0 if arrived else in_vain + 1
            if arrived:
                soon = self._soon()
                self._deadline.progress()
            if len(self._under_way) <= FOLLOWED_SINGLY or in_vain >= PATIENCE or last_look:
                self._ask_each()
                in_vain = 0
            if last_look:
                self._give_up(None)
            elif soon.passed or self._progress.gone is not None:
                self._report_doubtful()

    def _arrived(self) -> bool:
        """Reports the devices that are in the group; returns whether there are any. What cannot be read is none."""
        unnamed = [device_id for device_id, operation_id in self._under_way.items() if not operation_id]
        single = [*unnamed, *self._doubtful]
        many = len(self._under_way) + len(self._doubtful) > FOLLOWED_SINGLY
        if not many and not single:
            return False
        try:
            found = self._listed() if many else (each for each in single if self._own.is_in(each, self._group_id))
            arrived = {each for each in found if each in self._under_way or each in self._doubtful}
        except FleetError as error:
            if error.code == "closed" or self._progress.gone is not None:
                raise
            self._client.debug(f"The devices in the group could not be read: {error.message}")
            return False
        for device_id in arrived:
            operation_id = self._under_way.pop(device_id, None)
            self._doubtful.pop(device_id, None)
            self._progress.report(device_id, None, operation_id or None)
        return bool(arrived)

    def _listed(self) -> Iterable[str]:
        path = self._client.path(f"devicegroups/{segment(self._group_id)}/devices")
        # Sent even in a long pause: what was done must be known when the task ends.
        options = {"deadline": self._deadline, "in_pause": True}
        found = self._client.entries(path, self._doing_all(), PAGE_SIZE, **options)
        return (wire.id_of(wire.member(body, "DeviceId")) or "" for body in found)

    def _ask_each(self) -> None:
        """Reports the devices whose operation has ended. One that cannot be polled becomes doubtful."""

        def ask(device_id: str) -> bool:
            operation_id = self._under_way[device_id]
            try:
                with surprises_are_errors(_doing(device_id), device_id):
                    found = self._operations.get(operation_id, deadline=self._deadline)
            except DEFECTS:
                raise
            except FleetError as error:
                if not self._deadline.passed:
                    self._cannot_poll(device_id, error)
                return self._progress.gone is None
            if found is not None:
                self._states[device_id] = found
            if found is not None and found.final:
                self._progress.seen(found)
                del self._under_way[device_id]
                failed = None if found.state == "Complete" else failure(found, device_id)
                self._progress.report(device_id, failed, found.id)
            return True

        named = [device_id for device_id, operation_id in self._under_way.items() if operation_id]
        session = self._client.session
        for_each(named, ask, session.threads, abandon=session.close)

    def _cannot_poll(self, device_id: str, error: FleetError) -> None:
        said = error.message.rstrip(". ")
        error.message = f"{said}; the service had accepted the request, and its outcome is unknown."
        error.write_state, error.tried = WriteState.ACCEPTED, True
        del self._under_way[device_id]
        self._doubtful[device_id] = error

    def _give_up(self, error: FleetError | None) -> None:
        """Reports all devices that are left, those under way with this error, or as overdue."""
        for device_id, operation_id in self._under_way.items():
            late = error
            if late is None and operation_id:
                operation = self._states.get(device_id) or replace(promised(MOVE), id=operation_id)
                late = overdue(_doing(device_id), self._deadline, operation)
            if late is None:
                late = invisible(_doing(device_id), self._deadline)
            else:
                late.write_state, late.tried = WriteState.ACCEPTED, True
            self._progress.report(device_id, late, operation_id or None)
        self._under_way.clear()
        self._report_doubtful()

    def _report_doubtful(self) -> None:
        for device_id, error in self._doubtful.items():
            self._progress.report(device_id, error)
        self._doubtful.clear()

    def _soon(self) -> Deadline:
        session = self._client.session
        patience = min(LOST, session.settings.retry_timeout, self._deadline.remaining())
        return Deadline(patience, session.clock.now)

    def _doing_all(self) -> str:
        return f"waiting for {len(self._under_way) + len(self._doubtful)} devices to be moved"


def _doing(device_id: str) -> str:
    return f"moving the device {device_id}"
