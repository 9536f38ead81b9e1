# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests on open connections: what most requests of a task are, at a third of the processor time.

The library knows how to use proxies, sends large bodies, and decodes what is encoded. In between, a request is one
write, and the usual reply is a few lines and a short body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from .bounded import LARGEST_REPLY, SMALL, announced_size, whole_body_of
from .message import Request

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


class Connections(Protocol):
    """Connections to one server."""

    def take(self, timeout: float) -> Any:
        """Returns an open connection for one request; None when there is none, and only the library can open one."""

    def give(self, connection: Any) -> None:
        """Takes a connection back whose reply was read."""


class Headers(Mapping[str, str]):
    """The headers of a reply, in any case. Those of one name are joined by commas."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._found: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            key = name.lower()
            known = self._found.get(key)
            self._found[key] = (name, value) if known is None else (known[0], f"{known[1]}, {value}")

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _value in self._found.values())

    def __len__(self) -> int:
        return len(self._found)


def ask(connections: Connections, method: str, data: bytes, timeout: float) -> Answer | None:
    """Sends the bytes of a request on an open connection; returns None when there is none.

    `timeout` is for connecting and for sending, in seconds. Raises what http.client, the socket and `whole_body_of`
    raise.
    """
    connection = connections.take(timeout)
    if connection is None:
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
        connections.give(connection)


def _read(response: Any, method: str) -> Answer:
    headers = Headers(response.headers.items())
    size = announced_size(headers)
    if size is not None and size <= SMALL and not response.chunked and "Content-Encoding" not in headers:
        return Answer(response.status, headers, response.read())
    import urllib3

    raw = urllib3.HTTPResponse(
        body=response,
        headers=headers,
        status=response.status,
        preload_content=False,
        original_response=response,
        request_method=method,
    )
    return Answer(response.status, headers, whole_body_of(raw, LARGEST_REPLY, method))
