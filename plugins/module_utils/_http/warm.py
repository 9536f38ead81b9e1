# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests on connections that are open already: what most requests of a task are, at a quarter of the processor time.

The library opens connections, with proxies and TLS, and decodes what is encoded. In between, a request is one write,
and the usual reply is a few lines and a short body.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from .bounded import LARGEST_REPLY, SMALL, Progress, announced_size, whole_body_of
from .message import Request
from .usual import Answer, Received, read_usual

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool

#: Paths that need no encoding.
_PLAIN = re.compile(r"/[!-~]*")
#: Methods whose requests say that they have no body.
_WITH_BODY = ("PUT", "POST", "PATCH")
#: Seconds for which a connection may have been idle and is taken to be open still, by requests that can be repeated.
_FRESH = 0.05
#: Seconds by which a reply may come late: setting the timeout of a socket makes other threads run.
_SLACK = 0.05


def encoded(request: Request, target: str, common: str) -> bytes | None:
    """Returns the bytes of a request, None for one that the library must encode or send in pieces.

    `common` are the lines of the headers that all requests have.
    """
    body = request.body
    if (body is not None and len(body) > SMALL) or not _PLAIN.fullmatch(target):
        return None
    own = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    if body is not None or request.method in _WITH_BODY:
        own += f"Content-Length: {len(body or b'')}\r\n"
    return f"{request.method} {target} HTTP/1.1\r\n{common}{own}\r\n".encode("latin-1") + (body or b"")


class Warm:
    """The open connections of a pool that no request uses. Safe for any number of threads."""

    def __init__(self, pool: HTTPConnectionPool, progress: Progress) -> None:
        self._pool = pool
        self._progress = progress
        #: With the time since when each is idle. The one that was used last is taken first.
        self._idle: list[tuple[Any, float]] = []

    def ask(self, request: Request, data: bytes, timeout: float) -> Answer | None:
        """Sends the bytes of a request on an open connection; returns None when there is none.

        `timeout` is in seconds. Raises what http.client, the socket and `whole_body_of` raise.
        """
        connection = self._take(request.idempotent)
        if connection.sock is None:
            self._pool._put_conn(connection)
            return None
        answer, usable = None, False
        try:
            sock = connection.sock
            if sock.gettimeout() != timeout:
                sock.settimeout(timeout)
            connection.send(data)
            left = self._progress.left()
            if left < timeout - _SLACK:
                sock.settimeout(left)
            received = b""
            if request.method != "HEAD":
                answer, received = read_usual(sock, self._progress)
            usable = answer is not None
            if answer is None:
                answer, usable = _read(connection, request.method, received)
            return answer
        finally:
            if usable:
                self._idle.append((connection, time.monotonic()))
            else:
                connection.close()
                self._pool._put_conn(None if answer is None else connection)

    def close(self) -> None:
        """Closes the connections that no request uses."""
        while self._idle:
            self._idle.pop()[0].close()

    def _take(self, repeatable: bool) -> Any:
        try:
            connection, since = self._idle.pop()
        except IndexError:
            return self._pool._get_conn()
        if not repeatable or time.monotonic() - since > _FRESH:
            # The pool looks whether the server has closed it.
            self._pool._put_conn(connection)
            return self._pool._get_conn()
        return connection


def _read(connection: Any, method: str, received: bytes) -> tuple[Answer, bool]:
    """Returns a reply of which these bytes were read, and whether the connection stays open."""
    response = connection.response_class(Received(connection.sock, received), method=method)
    try:
        response.begin()
        answer = _whole(response, method)
        return answer, response.isclosed() and not response.will_close
    finally:
        response.close()


def _whole(response: Any, method: str) -> Answer:
    import urllib3

    # urllib3 before 2.0 has it in this place only.
    from urllib3._collections import HTTPHeaderDict

    headers = HTTPHeaderDict(response.headers.items())
    size = announced_size(headers)
    if size is not None and size <= SMALL and not response.chunked and "Content-Encoding" not in headers:
        return Answer(response.status, headers, response.read())
    raw = urllib3.HTTPResponse(
        body=response,
        headers=headers,
        status=response.status,
        preload_content=False,
        original_response=response,
        request_method=method,
    )
    return Answer(response.status, headers, whole_body_of(raw, LARGEST_REPLY, method))
