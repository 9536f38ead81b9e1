# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A request and its reply: reading, writing, and the data for the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .description import Described
from .operations import OperationFailure
from .problems import Reply

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Key of the record of a request in its ASGI scope.
RECORD = "simulator.record"


@dataclass
class Record:
    """Data for the log. The application that replies sets what it knows; it is written with the reply.

    `reading` marks requests that change nothing, whatever their method.
    """

    operation: str | None = None
    tenant: str | None = None
    caller: str | None = None
    note: str | None = None
    described: Described | None = None
    values: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    failure: OperationFailure | None = None
    reading: bool = False


def raw_path(scope: Scope) -> str:
    """Return the path as sent, with percent-encoding."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else str(scope["path"])


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header by its lower-case name."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def query(scope: Scope) -> dict[str, str]:
    text = scope["query_string"].decode("latin-1")
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def write(send: Send, reply: Reply) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    if reply.media_type is not None:
        headers.append((b"content-type", reply.media_type.encode()))
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
