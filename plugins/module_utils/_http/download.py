# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Fetching a file from an address that carries its own permission: never with the token."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from .._errors import InvalidInput, ServiceError, Unreachable
from .bounded import LOWEST_RATE, announced_size
from .checks import is_address, shown_host
from .errors import refusal
from .lost import LostReply
from .plain import Attempt, PlainSession

#: Bytes; far more than any image package, which must fit into the flash of a device.
LARGEST = 512 * 1024 * 1024
_PIECE = 64 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def fetch(
    url: str,
    write: Callable[[bytes], object],
    *,
    verify: bool | str,
    timeout: float,
    doing: str,
    target: str | None = None,
    api_url: str | None = None,
) -> int:
    """Streams what is at the address to `write` and returns the number of bytes.

    The address is a secret: messages name its host only. `timeout` is in seconds, extended by what arrives at
    LOWEST_RATE. Raises InvalidInput for an address that is not https (http is for the simulator: on this machine, with
    an `api_url` there), ServiceError for a refusal, Unreachable for a broken, short or slow reply.
    """
    if not is_address(url):
        raise InvalidInput(f"While {doing}, the service gave something that is not a web address.", target=target)
    if urlsplit(url).scheme.lower() != "https" and not (_is_here(url) and (api_url is None or _is_here(api_url))):
        raise InvalidInput(f"While {doing}, the service gave an address that is not https.", target=target)
    with PlainSession(Attempt(doing, "api_url", target), verify=verify, timeout=timeout) as session:
        try:
            return _stream(session, url, write, timeout, doing, target)
        except LostReply as lost:
            # Without a cause: it names the whole address, which would then be in any traceback.
            raise lost.error from None


def _is_here(address: str) -> bool:
    return urlsplit(address).hostname in LOOPBACK


def _stream(
    session: PlainSession, url: str, write: Callable[[bytes], object], timeout: float, doing: str, target: str | None
) -> int:
    written, host, start = 0, shown_host(url), time.monotonic()

    def left() -> float:
        return max(0.0, start + timeout + written / LOWEST_RATE - time.monotonic())

    with session.stream(url, headers={"Accept-Encoding": "identity"}) as answer:
        if not 200 <= answer.status_code < 300:
            with session.reading(url, left()):
                content = answer.raw.read(4096) or b""
            raise refusal(answer.status_code, answer.headers, content, doing, target)
        announced = announced_size(answer.headers)
        while True:
            with session.reading(url, left()):
                chunk = answer.raw.read(_PIECE, decode_content=False)
            if not chunk:
                break
            written += len(chunk)
            if written > LARGEST:
                raise ServiceError(f"While {doing}, {host} sent more than {LARGEST // 2**20} MiB.", target=target)
            write(chunk)
    if announced is not None and written != announced:
        raise Unreachable(
            f"While {doing}, {host} sent {written} of {announced} bytes.",
            target=target,
            retriable=True,
            hint="Run the task again.",
        )
    return written
