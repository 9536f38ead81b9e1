# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Starts operations of the service, and determines the outcome of those whose reply was lost.

The effect of an operation is invisible until it ends, and operations cannot be listed (FACTS: asynchronous operations).
Reading the state immediately after a lost reply would show no effect, and the work would be started twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._deadline import Deadline
from .._errors import AGAIN, AmbiguousWrite, Conflict, FleetError, OperationFailed, WriteState
from .._http.backoff import Backoff
from .._model.resources import Operation
from . import wire
from .client import LegacyClient

#: Seconds between checks for the effect of a start whose reply was lost.
LOOKS = Backoff(0.25, 1.6, 2.0)
#: Seconds after which such a start counts as one that never arrived.
LOST = 10.0
#: How a start may be rejected when another process, or an earlier run, has done the same (FACTS: not known, 4, 17).
TAKEN = (400, 409, 412)
HINTS = {
    "DeleteProduct": "A product can be deleted only while its groups have no devices: move the devices first.",
    "DeleteDeviceGroup": "A device group can be deleted only while it has no devices: move the devices first. "
    "The service may also reject the deletion of a group that has deployments.",
    "TenantCreation": "A tenant can be created only with a device that is unclaimed and has not created one before.",
}

#: Returns whether the expected effect of an operation is visible.
There = Callable[[], bool]


class Overtaken(OperationFailed, AmbiguousWrite):
    """The service rejected the work, but its effect is visible: an earlier start, whose reply was lost or whose run
    was killed, came first. The caller reads the state again, as after any write with an unknown outcome.
    """


class Starter:
    """Starts operations, and remembers the expected effect of each."""

    def __init__(self, client: LegacyClient) -> None:
        self._client = client
        self._expected: dict[str, There] = {}

    def start(
        self, method: str, path: str, doing: str, kind: str, there: There | None = None, **options: Any
    ) -> Operation:
        """Sends the request that starts an operation; accepts 202, 200 and 204 (FACTS: not known, 2).

        If the outcome is unknown, calls `there` until it returns True; raises the error if it does not within LOST
        seconds.
        """
        try:
            started = self._started(self._client.write(method, path, doing, **options), kind)
        except FleetError as error:
            if error.write_state is WriteState.UNKNOWN and there is not None and self._becomes_visible(there, doing):
                self._client.debug(f"{error.message} Its effect is visible, so it was executed.")
                return wire.done(kind)
            if error.status in TAKEN and there is not None and self._is_visible(there):
                raise overtaken(error) from error
            if isinstance(error, Conflict):
                error.hint = error.hint or HINTS.get(kind)
            raise
        if there is not None and started.id:
            self._expected[started.id] = there
        return started

    def took_effect(self, operation_id: str) -> bool:
        """Returns whether the effect of an operation that was started here is visible, however the operation ended."""
        there = self._expected.get(operation_id)
        return there is not None and self._is_visible(there)

    def expects(self, operation_id: str) -> bool:
        """Returns whether the effect of this operation is known, because it was started here."""
        return operation_id in self._expected

    def takes_effect(self, operation_id: str, doing: str) -> bool:
        """Returns whether the effect of an operation that was started here is visible, or soon becomes so."""
        there = self._expected.get(operation_id)
        return there is not None and self._becomes_visible(there, doing)

    def _becomes_visible(self, there: There, doing: str) -> bool:
        deadline = Deadline(min(LOST, self._client.session.settings.retry_timeout), self._client.session.clock.now)
        for pause in LOOKS.pauses():
            if self._is_visible(there):
                return True
            if deadline.passed:
                return False
            self._client.session.pause(min(pause, deadline.remaining()), doing)
        raise AssertionError("pauses are unlimited")

    def _is_visible(self, there: There) -> bool:
        try:
            return there()
        except FleetError as error:
            # The original failure is the one to report.
            self._client.debug(f"The current state could not be read: {error.message}")
            return False

    @staticmethod
    def _started(body: Any, kind: str) -> Operation:
        """Returns the operation in the reply; a completed one if the reply has none."""
        if isinstance(body, dict) and wire.id_of(wire.member(body, "OperationId")):
            return wire.operation(body, kind)
        return wire.done(kind)


def overtaken(error: FleetError) -> Overtaken:
    """Returns the error for work that was rejected although its effect is visible."""
    message = f"{error.message.rstrip('.')}; its effect is visible all the same."
    return error.converted(Overtaken, message, hint=AGAIN, retriable=True)
