# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Starts operations of the service: the requests, and what their replies name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .._errors import Conflict
from .._http.message import Reply
from .._model.resources import Operation
from . import wire
from .client import LegacyClient

if TYPE_CHECKING:
    from .._backend.polling import There, Tracker

HINTS = {
    "DeleteProduct": "A product can be deleted only while its groups have no devices: move the devices first.",
    "DeleteDeviceGroup": "A device group can be deleted only while it has no devices: move the devices first. "
    "The service may also reject the deletion of a group that has deployments.",
    "TenantCreation": "A tenant can be created only with a device that is unclaimed and has not created one before.",
}


class Starter:
    """Starts operations, and remembers the expected effect of each."""

    def __init__(self, client: LegacyClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._tracker: Tracker | None = None

    @property
    def tracker(self) -> Tracker:
        """What is expected of writes, the same for all threads."""
        with self._lock:
            if self._tracker is None:
                from .._backend.polling import Tracker

                self._tracker = Tracker(self._client.session, self._client.debug)
            return self._tracker

    def start(
        self, method: str, path: str, doing: str, kind: str, there: There | None = None, **options: Any
    ) -> Operation:
        """Sends the request that starts an operation; accepts 202, 200 and 204 (FACTS: not known, 2).

        Returns and raises as `Tracker.start`.
        """

        def send() -> Operation:
            return _started(self._client.call(method, path, doing, **options), kind)

        try:
            return self.tracker.start(send, kind, doing, there)
        except Conflict as error:
            error.hint = error.hint or HINTS.get(kind)
            raise


def _started(reply: Reply, kind: str) -> Operation:
    """Returns the operation in the reply; without one, whether the reply reports the end or promises it."""
    from .._backend.polling import confirmed, done, promised

    body = confirmed(reply)
    if isinstance(body, dict) and wire.id_of(wire.member(body, "OperationId")):
        return wire.operation(body, kind)
    return promised(kind) if reply.status == 202 else done(kind)
