# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The usual reply: a status, plain headers, and a short body whose size is announced. http.client reads all others."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .bounded import SMALL, Progress, announced_size

_END = b"\r\n\r\n"
_VERSION = "HTTP/1.1 "
#: Headers of replies whose end is not where the announced size says, or whose body must be decoded.
_UNUSUAL = ("transfer-encoding", "content-encoding")
_KEPT = "keep-alive"
#: Statuses of replies that have no body, whatever they announce.
_WITHOUT_BODY = (204, 304)


class Headers(Mapping[str, str]):
    """The headers of a reply by name, in any case; those of one name are joined by commas."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        """Takes the values by name in lower case."""
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Answer(NamedTuple):
    """Status, headers and decoded body of a reply."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Received:
    """A socket of which the first bytes were read already: http.client begins with these."""

    def __init__(self, sock: Any, data: bytes) -> None:
        self._sock = sock
        self._data = data
        self.settimeout = sock.settimeout

    def makefile(self, _mode: str, buffering: int = 0) -> _Replay:
        """Returns an unbuffered reader."""
        return _Replay(self._data, self._sock.makefile("rb", buffering=buffering))


class _Replay(io.RawIOBase):
    def __init__(self, data: bytes, raw: Any) -> None:
        self._data = data
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if not self._data:
            count: int | None = self._raw.readinto(buffer)
            return count
        piece = self._data[: len(buffer)]
        buffer[: len(piece)] = piece
        self._data = self._data[len(piece) :]
        return len(piece)

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def close(self) -> None:
        self._raw.close()
        super().close()


def read_usual(sock: Any, progress: Progress) -> tuple[Answer | None, bytes]:
    """Reads a reply from a socket; returns it, or None and the bytes that were read of one that is not usual.

    Raises what the socket raises, TimeoutError when the time of the request is up.
    """
    data = sock.recv(SMALL)
    while (end := data.find(_END)) < 0:
        if not (more := _more(sock, data, progress)):
            return None, data
        data += more
    begun = _head(data[:end])
    if begun is None:
        return None, data
    status, headers, size = begun
    size += end + len(_END)
    while len(data) < size:
        if not (more := _more(sock, data, progress)):
            return None, data
        data += more
    return (Answer(status, headers, data[end + len(_END) :]), b"") if len(data) == size else (None, data)


def _more(sock: Any, data: bytes, progress: Progress) -> bytes:
    """Returns the next bytes of a reply; none when the connection was closed, or when these are too many."""
    if not data or len(data) >= 2 * SMALL:
        return b""
    sock.settimeout(progress.left())
    received: bytes = sock.recv(SMALL)
    return received


def _head(head: bytes) -> tuple[int, Headers, int] | None:
    """Returns status, headers and announced size; None for what is not usual."""
    if not head.isascii() or head.count(b"\n") != head.count(b"\r\n") or head.count(b"\r") != head.count(b"\n"):
        return None
    first, *lines = head.decode("ascii").split("\r\n")
    status = first[len(_VERSION) :][:3]
    if not first.startswith(_VERSION) or not status.isdigit() or first[len(_VERSION) + 3 :][:1] not in ("", " "):
        return None
    values: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        name = name.lower()
        values[name] = f"{values[name]}, {value.strip()}" if name in values else value.strip()
    size = announced_size(values, "content-length")
    if size is None or size > SMALL or any(name in values for name in _UNUSUAL):
        return None
    if values.get("connection", _KEPT).lower() != _KEPT:
        return None
    number = int(status)
    return None if number < 200 or number in _WITHOUT_BODY else (number, Headers(values), size)
