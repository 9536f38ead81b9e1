# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests on connections that are open already: what most requests of a task are, at a third of the processor time.

The library opens connections, with proxies and TLS, keeps them, and decodes what is encoded. In between, a request is
one write, and the usual reply is a few lines and a short body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .bounded import LARGEST_REPLY, SMALL, announced_size, body_of
from .message import Request

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool

#: Paths that need no encoding.
_PLAIN = re.compile(r"/[!-~]*")
#: Methods whose requests say that they have no body.
_WITH_BODY = ("PUT", "POST", "PATCH")


class Answer(NamedTuple):
    """Status, headers and decoded body of a reply."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def encoded(request: Request, target: str, headers: Mapping[str, str]) -> bytes | None:
    """Returns the bytes of a request, None for one that the library must encode or send in pieces."""
    body = request.body or b""
    if len(body) > SMALL or not _PLAIN.fullmatch(target):
        return None
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if request.body is not None or request.method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def ask(pool: HTTPConnectionPool, method: str, data: bytes, timeout: float) -> Answer | None:
    """Sends the bytes of a request on an open connection of the pool; returns None when there is none.

    `timeout` is for sending, in seconds. Raises what http.client, the socket and `body_of` raise.
    """
    connection: Any = pool._get_conn()
    if connection.sock is None:
        pool._put_conn(connection)
        return None
    usable = None
    try:
        connection.sock.settimeout(timeout)
        connection.send(data)
        response = connection.response_class(connection.sock, method=method)
        try:
            response.begin()
            answer = _read(response, method)
            if response.isclosed():
                usable = connection
        finally:
            response.close()
        if response.will_close:
            connection.close()
        return answer
    finally:
        if usable is None:
            connection.close()
        pool._put_conn(usable)


def _read(response: Any, method: str) -> Answer:
    import urllib3

    headers = urllib3.HTTPHeaderDict(response.headers.items())
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
    return Answer(response.status, headers, body_of(raw, LARGEST_REPLY))
