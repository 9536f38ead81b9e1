# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Fetching a file from an address that carries its own permission: never with the token."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from .._errors import InvalidInput, ServiceError, Unreachable
from .errors import connection_trouble, refusal
from .plain import plain_session

#: Bytes; far more than any image package, which has to fit into the flash of a device.
LARGEST = 512 * 1024 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def fetch(
    url: str,
    write: Callable[[bytes], object],
    *,
    verify: bool | str,
    timeout: float,
    doing: str,
    target: str | None = None,
) -> int:
    """Streams what is at the address to `write` and answers how many bytes it was.

    The address is a secret: messages name its host only. Raises InvalidInput for an address that is not https (http is
    allowed on this machine), ServiceError for a refusal, Unreachable for a broken or short answer.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        raise InvalidInput(f"While {doing}, the service gave something else than an address.", target=target) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise InvalidInput(f"While {doing}, the service gave an address that is not https.", target=target)
    with plain_session(verify, timeout) as session:
        import requests

        written = 0
        try:
            with session.get(url, stream=True, headers={"Accept-Encoding": "identity"}) as answer:
                if not 200 <= answer.status_code < 300:
                    raise refusal(answer.status_code, answer.headers, answer.raw.read(4096) or b"", doing, target)
                announced = answer.headers.get("Content-Length", "")
                for chunk in answer.iter_content(64 * 1024):
                    written += len(chunk)
                    if written > LARGEST:
                        raise ServiceError(
                            f"While {doing}, {host} sent more than {LARGEST // 2**20} MiB.", target=target
                        )
                    write(chunk)
        except requests.RequestException as error:
            # Without a cause: it names the whole address, which would then stand in any traceback.
            raise connection_trouble(error, host, timeout, doing, target)[0] from None
    if announced.isdigit() and written != int(announced):
        raise Unreachable(
            f"While {doing}, {host} sent {written} of {announced} bytes.",
            target=target,
            retriable=True,
            hint="Run the task again.",
        )
    return written
