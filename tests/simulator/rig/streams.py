# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Bodies and headers that are slow, endless, or grow when they are decompressed."""

from __future__ import annotations

import asyncio
import functools
import gzip

from ..exchange import Receive, Scope, Send
from ..transport import abort, transport_of
from .mutations import Answer

_MEBIBYTE = 1 << 20
_PIECE = b" " * (64 * 1024)
#: Content-length of a trickling reply, so that the client keeps reading.
_PROMISED = 10_000_000


async def trickle_body(answer: Answer, scope: Scope, send: Send, pause: float) -> None:
    """Sends one byte of the body each `pause` seconds, and then spaces, until the client leaves."""
    length = (b"content-length", str(_PROMISED).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length]})
    sent = 0
    while sent < _PROMISED and not transport_of(scope).is_closing():
        byte = answer.body[sent : sent + 1] or b" "
        await send({"type": "http.response.body", "body": byte, "more_body": True})
        sent += 1
        await asyncio.sleep(pause)
    abort(scope)


async def trickle_headers(answer: Answer, scope: Scope, receive: Receive, pause: float) -> None:
    """Sends the status line and then one byte of a header each `pause` seconds, until the client leaves."""
    transport = transport_of(scope)
    transport.write(b"HTTP/1.1 %d OK\r\nX-Slow: " % answer.status)
    while not transport.is_closing():
        transport.write(b"a")
        await asyncio.sleep(pause)
    await _left(receive)


async def send_endless(answer: Answer, scope: Scope, send: Send, megabytes: float) -> None:
    """Sends the body and then spaces as fast as the client reads, until it leaves or `megabytes` are sent."""
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    for _number in range(int(megabytes * _MEBIBYTE / len(_PIECE))):
        if transport_of(scope).is_closing():
            return
        await send({"type": "http.response.body", "body": _PIECE, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def send_bomb(answer: Answer, send: Send, megabytes: float) -> None:
    """Sends the body and `megabytes` of spaces, compressed about a thousand times."""
    packed = gzip.compress(answer.body) + _packed_mebibyte() * int(megabytes)
    headers = [*answer.headers, (b"content-encoding", b"gzip"), (b"content-length", str(len(packed)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": packed})


async def send_raw(answer: Answer, scope: Scope, receive: Receive) -> None:
    """Sends invalid headers and the body, and closes the connection."""
    transport = transport_of(scope)
    head = b"".join(b"%s: %s\r\n" % header for header in answer.headers)
    transport.write(b"HTTP/1.1 %d OK\r\n%s\r\n%s" % (answer.status, head, answer.body))
    abort(scope, flush=True)
    await _left(receive)


async def _left(receive: Receive) -> None:
    """Returns when the connection is closed. Before that, the server would send a reply of its own."""
    while (await receive())["type"] != "http.disconnect":
        pass


@functools.cache
def _packed_mebibyte() -> bytes:
    return gzip.compress(b" " * _MEBIBYTE)
