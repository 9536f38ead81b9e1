# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Bounds of one request: its deadline, however slowly bytes come, and the size of what is read."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._digits import whole_number

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

#: Bytes of a decoded reply of the service; a page of its longest lists is far below.
LARGEST_REPLY = 64 * 2**20
#: Bytes of a decoded reply of a sign-in server or a metadata service.
LARGEST_SIGN_IN_REPLY = 2**20
#: Bytes of an error reply, which is read for a message only.
LARGEST_ERROR = 64 * 2**10
#: Bytes per second at which large bodies must move at least: they extend the time of a request.
LOWEST_RATE = 16 * 2**10
#: What a request may accept: one layer of what the standard library decodes.
ACCEPTED_ENCODINGS = "gzip, deflate"
_DECODED = ("", "identity", "gzip", "x-gzip", "deflate")
_PIECE = 64 * 2**10
#: Bytes of a body that is sent or read at once.
SMALL = 16 * 2**10


class TooLarge(Exception):
    """A reply has more than `most` bytes, decoded."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class UnknownEncoding(Exception):
    """A reply is encoded in a way that was not asked for."""


class Progress(threading.local):
    """This thread's present request: whether bytes of it have left this machine, and when its time is up.

    A proxy's CONNECT does not count as sent. `ends` is on the monotonic clock.
    """

    sent = False
    ends = float("inf")

    def begin(self, seconds: float, sent: bool = False) -> None:
        """Starts the time of a request, or of one more part of its reply."""
        self.sent = sent
        self.ends = time.monotonic() + seconds

    def left(self) -> float:
        """Returns the seconds left. Raises TimeoutError without any."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class TimedSocket:
    """What http.client reads a reply from: the socket's timeout is what is left of the request, not a pause."""

    def __init__(self, sock: Any, progress: Progress) -> None:
        self._sock = sock
        self._progress = progress

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Returns a buffered reader of the socket."""
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_TimedReader(raw, self._sock.settimeout, self._progress))


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: Any, settimeout: Callable[[float], None], progress: Progress) -> None:
        self._read_into = raw.readinto
        self._raw = raw
        self._settimeout = settimeout
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._settimeout(self._progress.left())
        count: int | None = self._read_into(buffer)
        return count

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def close(self) -> None:
        self._raw.close()
        super().close()


def send_in_pieces(sock: Any, data: Any, send: Callable[[Any], None], progress: Progress) -> None:
    """Sends data, what is longer than a piece against the deadline of the request."""
    if not isinstance(data, bytes) or len(data) <= _PIECE:
        send(data)
        return
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        sock.settimeout(progress.left())
        send(view[start : start + _PIECE])


def body_of(raw: BaseHTTPResponse, largest: int) -> bytes:
    """Returns the decoded body of a reply; of an error reply, only the beginning.

    Raises TooLarge for a success of more than `largest` bytes, UnknownEncoding. The connection is closed when the reply
    was not read to its end.
    """
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _DECODED:
        raw.close()
        raise UnknownEncoding
    announced = announced_size(raw.headers)
    if announced is not None and announced <= SMALL and not encoding and "Transfer-Encoding" not in raw.headers:
        # The usual reply: the library reads no more than was announced.
        return raw.read()
    success = raw.status < 300
    most = largest if success else LARGEST_ERROR
    pieces, size = [], 0
    while piece := raw.read(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raw.close()
            if success:
                raise TooLarge(most)
            return b"".join(pieces)[:most]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def whole_body_of(raw: BaseHTTPResponse, largest: int, method: str) -> bytes:
    """Returns the decoded body of a reply. Raises as `body_of`, and ConnectionError for one shorter than announced.

    urllib3 before 2.0 takes that for whole.
    """
    content = body_of(raw, largest)
    announced = announced_size(raw.headers)
    if announced is not None and raw.tell() < announced and method != "HEAD":
        raise ConnectionError("The body is shorter than announced.")
    return content


def announced_size(headers: Mapping[str, str], name: str = "Content-Length") -> int | None:
    """Returns the bytes that a reply announces; None without a valid number."""
    return whole_number(headers.get(name, ""))
