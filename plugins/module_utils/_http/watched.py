# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connections that note whether a request has left this machine, and that end in time."""

from __future__ import annotations

import http.client
from typing import Any

from .bounded import SMALL, Progress, TimedSocket, send_in_pieces


def watch(manager: Any, progress: Progress) -> None:
    """Makes all connections of a pool manager, a SOCKS proxy's included, note what they send, and end in time."""
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": watched(pool.ConnectionCls, progress)})
        for scheme, pool in pools.items()
    }


def watched(kind: Any, progress: Progress) -> Any:
    """Returns a class of connections, derived from one of http.client or urllib3."""

    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
            timed: Any = TimedSocket(sock, progress)
            super().__init__(timed, *args, **kwargs)

    class WatchedConnection(kind):  # type: ignore[misc]
        response_class = TimedResponse
        _connecting = False
        #: Parts of a request until all of it is known: headers and a small body are sent together.
        _held: list[bytes] | None = None

        def connect(self) -> None:
            self._connecting = True
            try:
                super().connect()
            finally:
                self._connecting = False

        def request(self, *args: Any, **kwargs: Any) -> None:
            self._held = []
            try:
                super().request(*args, **kwargs)
            finally:
                held, self._held = self._held, None
            if held:
                self.send(b"".join(held))

        def send(self, data: Any) -> None:
            if self.sock is None and self.auto_open:
                self.connect()
            if self._held is not None and not self._connecting:
                if isinstance(data, bytes) and len(data) <= SMALL:
                    self._held.append(data)
                    return
                data, self._held = b"".join([*self._held, data]) if isinstance(data, bytes) else data, None
            if not self._connecting:
                progress.sent = True
            send_in_pieces(self.sock, data, super().send, progress)

    return WatchedConnection
