# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A pool of connections to one server by the library requests: by way of a proxy, and for large bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .bounded import Progress

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool, Retry


class Pool(NamedTuple):
    """Connections to one server that the library opens and keeps.

    :ivar prefix: what the proxy needs before each path.
    :ivar retries: that there are none.
    :ivar close: closes the connections that no request uses.
    """

    connections: HTTPConnectionPool
    prefix: str
    retries: Retry
    close: Callable[[], None]

    def take(self, _timeout: float) -> Any:
        """Returns a connection that is open already, None if there is none."""
        connection: Any = self.connections._get_conn()
        if connection.sock is None:
            self.connections._put_conn(connection)
            return None
        return connection

    def give(self, connection: Any) -> None:
        """Takes a connection back."""
        self.connections._put_conn(connection)


def open_pool(url: str, verify: bool | str, connections: int, progress: Progress, proxies: dict[str, str]) -> Pool:
    """Returns a pool for so many connections at a time, set up for TLS and the proxy.

    Raises what `failures` names for an address that cannot be used.
    """
    from .transport import open_transport

    return open_transport("talk to the service", verify, connections, progress).pool_for(url, verify, proxies)
