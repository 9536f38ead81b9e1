# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Writes that start an operation of the service, and what becomes of those whose answer was lost.

An operation shows nothing of its effect before its end, and there is no call that lists operations (FACTS: asynchronous
operations). So whoever looks at once after a lost answer sees nothing and would do everything twice.
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

#: Seconds between looks for the effect of a start whose reply was lost.
LOOKS = Backoff(0.25, 1.6, 2.0)
#: Seconds after which such a start counts as one that never arrived.
LOST = 10.0
#: How a start may be refused when somebody else, or an earlier run, did the same meanwhile (FACTS: not known, 4, 17).
TAKEN = (400, 409, 412)
HINTS = {
    "DeleteProduct": "A product can be deleted only while no device is in its groups: move its devices first.",
    "DeleteDeviceGroup": "A device group can be deleted only while no device is in it: move its devices first. "
    "Perhaps one to which something was deployed cannot be deleted at all.",
    "TenantCreation": "A device can make one tenant only, and only while it is claimed by nobody.",
}

#: Returns whether the effect that an operation must have is there.
There = Callable[[], bool]


class Overtaken(OperationFailed, AmbiguousWrite):
    """The service rejected the work, and yet its effect is there: an earlier start, whose reply was lost or whose run
    was killed, came first. To be looked at again, as after any write with an unknown outcome.
    """


class Starter:
    """Starts operations, and remembers the effect that each must have."""

    def __init__(self, client: LegacyClient) -> None:
        self._client = client
        self._expected: dict[str, There] = {}

    def start(
        self, method: str, path: str, doing: str, kind: str, there: There | None = None, **options: Any
    ) -> Operation:
        """Sends what starts an operation. 202, 200 and 204 are all taken (FACTS: not known, 2).

        When the outcome is unknown, `there` is asked until it is so, or for LOST seconds in vain: then the error is
        raised.
        """
        try:
            started = self._started(self._client.write(method, path, doing, **options), kind)
        except FleetError as error:
            if error.write_state is WriteState.UNKNOWN and there is not None and self._comes_about(there, doing):
                self._client.debug(f"{error.message} It was carried out.")
                return wire.done(kind)
            if error.status in TAKEN and there is not None and self._is_so(there):
                raise overtaken(error) from error
            if isinstance(error, Conflict):
                error.hint = error.hint or HINTS.get(kind)
            raise
        if there is not None and started.id:
            self._expected[started.id] = there
        return started

    def took_effect(self, operation_id: str) -> bool:
        """Returns whether the effect of an operation that was started here is there, however the operation ended."""
        there = self._expected.get(operation_id)
        return there is not None and self._is_so(there)

    def expects(self, operation_id: str) -> bool:
        """Returns whether an operation was started here by what shows its effect."""
        return operation_id in self._expected

    def takes_effect(self, operation_id: str, doing: str) -> bool:
        """Returns whether the effect of an operation that was started here is there, or soon is."""
        there = self._expected.get(operation_id)
        return there is not None and self._comes_about(there, doing)

    def _comes_about(self, there: There, doing: str) -> bool:
        deadline = Deadline(min(LOST, self._client.session.settings.retry_timeout), self._client.session.clock.now)
        for pause in LOOKS.pauses():
            if self._is_so(there):
                return True
            if deadline.passed:
                return False
            self._client.session.pause(min(pause, deadline.remaining()), doing)
        raise AssertionError("pauses have no end")

    def _is_so(self, there: There) -> bool:
        try:
            return there()
        except FleetError as error:
            # The failure that led here is the one to tell.
            self._client.debug(f"What is there could not be looked up: {error.message}")
            return False

    @staticmethod
    def _started(body: Any, kind: str) -> Operation:
        """The operation that a starter answered; one that is done already when it answered none."""
        if isinstance(body, dict) and wire.id_of(wire.member(body, "OperationId")):
            return wire.operation(body, kind)
        return wire.done(kind)


def overtaken(error: FleetError) -> Overtaken:
    """Returns the error for work that was rejected though its effect is there."""
    message = f"{error.message.rstrip('.')}; what it was to do is done all the same."
    return error.retold(Overtaken, message, hint=AGAIN, retriable=True)
