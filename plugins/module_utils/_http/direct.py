# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connections straight to a server, by the standard library alone: importing urllib3 takes as long as ten requests."""

from __future__ import annotations

import os
import select
import ssl
import weakref
from collections import deque
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from .bounded import Progress
from .watched import watched


class Direct:
    """Connections to the server of an address, without a proxy; as many as are in use at a time are kept.

    :param verify: true, false, or the path of a file or folder of certificate authorities.

    Raises OSError for certificate authorities that cannot be loaded.
    """

    def __init__(self, url: str, verify: bool | str, progress: Progress) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        # Without a port, http.client would look for one in an IPv6 address.
        self._address = (parts.hostname or "", parts.port or (443 if secure else 80))
        self._options: dict[str, Any] = {"context": _context(verify)} if secure else {}
        self._kind = watched(HTTPSConnection if secure else HTTPConnection, progress)
        self._idle: deque[HTTPConnection] = deque()
        self._closed = False
        # Lookups and tests may forget a session without closing it.
        weakref.finalize(self, _close_all, self._idle)

    def take(self, timeout: float) -> HTTPConnection:
        """Returns an open connection for one request. A new one must be there in so many seconds.

        Raises OSError.
        """
        while self._idle:
            idle = self._idle.pop()
            if _is_open(idle):
                return idle
            idle.close()
        host, port = self._address
        connection: HTTPConnection = self._kind(host, port, timeout=timeout, **self._options)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def give(self, connection: HTTPConnection) -> None:
        """Takes a connection back whose reply was read."""
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Closes the connections that no request uses, and the others as soon as they are given back."""
        self._closed = True
        _close_all(self._idle)


def _close_all(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _context(verify: bool | str) -> ssl.SSLContext:
    if verify is False:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        if verify is True:
            # The authorities that requests uses.
            import certifi

            verify = certifi.where()
        folder = os.path.isdir(verify)
        context = ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_open(connection: HTTPConnection) -> bool:
    """Returns whether a connection can be used again: a server has nothing to say but that it closes it."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
