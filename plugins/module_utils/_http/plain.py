# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests to anything but the service, sign-in first of all: timeouts, TLS and proxies done right, no redirects.

The service's own session does more (throttle, token, read-only lock); this one never sees the service.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import Unreachable
from .backoff import full_jitter
from .bounded import CONNECT_TIMEOUT, LARGEST_SIGN_IN_REPLY, body_of
from .checks import check_address, check_headers, check_timeout, shown_host
from .clock import Clock
from .endings import out_of_patience
from .lost import LostReply, Peer
from .proxies import proxies_for, proxy_of
from .retry import RETRIED, Attempts
from .throttle import retry_after
from .transport import open_transport

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True)
class Attempt:
    """What is being done ("signing in as ..."), to what, and the option that names the server: for messages."""

    doing: str
    option: str
    target: str | None = None


class PlainSession:
    """Requests as msal makes them. A request is retried like those to the service: asking for a token twice is safe.

    `verify` is true, false, or the path of a bundle of authorities. `timeout` is for one whole request,
    `retry_timeout` for all attempts at one request, both in seconds. With `environment` false, as for a metadata
    service nearby, proxies of the environment are not used. Redirects are not followed: requests carry secrets.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        verify: bool | str,
        timeout: float,
        retry_timeout: float = 0.0,
        environment: bool = True,
        clock: Clock | None = None,
        jitter: Callable[[float], float] = full_jitter,
    ) -> None:
        """Raises InvalidInput for a timeout that no request can be sent with, MissingLibrary."""
        check_timeout(timeout)
        self._attempt = attempt
        self._verify = verify
        self._timeout = (min(timeout, CONNECT_TIMEOUT), timeout)
        self._retry_timeout = retry_timeout
        self._environment = environment
        self._clock = clock or Clock()
        self._jitter = jitter
        self._answered = False
        self._transport = open_transport("sign in", verify)

    def __enter__(self) -> PlainSession:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.session.close()

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Returns the reply, whatever its status but 408, 429 and 5xx.

        Raises Unreachable when no usable reply came until the retries ran out, InvalidInput for what cannot be sent.
        """
        attempts = Attempts(self._retry_timeout, self._clock, self._jitter, lambda: self._answered)
        while True:
            attempts.begin()
            asked: float | None = None
            error: Unreachable
            try:
                reply = self.once(method, url, **options)
            except LostReply as lost:
                if lost.lasting or attempts.in_vain or not isinstance(lost.error, Unreachable):
                    raise lost.error from None
                error = lost.error
            else:
                self._answered = True
                if reply.status_code not in RETRIED:
                    return reply
                error = self._unavailable(url, reply.status_code)
                asked = retry_after(reply.headers, self._clock)
            if asked is not None and asked > self._retry_timeout:
                raise out_of_patience(asked, self._attempt.doing, self._attempt.target, error.status or 429) from None
            pause = attempts.pause(asked)
            if not attempts.fits(pause):
                raise error from None
            self._clock.sleep(pause)

    def once(self, method: str, url: str, **options: Any) -> requests.Response:
        """Makes one attempt and reads the whole reply. Raises LostReply, or InvalidInput for what cannot be sent."""
        proxies = self._checked(url, options)
        with self._transport.attempt(self._peer(url, proxies)):
            reply = self._send(method, url, proxies, options)
            content = body_of(reply.raw, LARGEST_SIGN_IN_REPLY)
        # From here on it is read as if it came from memory; a guess of the encoding would take its time.
        reply.raw, reply.encoding = io.BytesIO(content), reply.encoding or "utf-8"
        return reply

    def stream(self, url: str, **options: Any) -> requests.Response:
        """Makes one attempt to GET and returns when the headers are there. Raises as `once`."""
        proxies = self._checked(url, options)
        with self._transport.attempt(self._peer(url, proxies)):
            return self._send("GET", url, proxies, options)

    def _checked(self, url: str, options: Mapping[str, Any]) -> dict[str, str]:
        """Returns the proxies for a request that can be sent. Raises InvalidInput."""
        check_address(url, self._attempt.option)
        check_headers({name: str(value) for name, value in (options.get("headers") or {}).items()}, self._attempt.doing)
        return proxies_for(url) if self._environment else {}

    def _send(self, method: str, url: str, proxies: dict[str, str], options: Mapping[str, Any]) -> requests.Response:
        return self._transport.session.request(
            method,
            url,
            verify=self._verify,
            timeout=self._timeout,
            proxies=proxies,
            allow_redirects=False,
            stream=True,
            **options,
        )

    @contextmanager
    def reading(self, url: str, timeout: float) -> Iterator[None]:
        """Raises LostReply for what goes wrong inside, while more of a reply is read for so many seconds at most."""
        with self._transport.attempt(self._peer(url, {})._replace(timeout=timeout), already_sent=True):
            yield

    def _peer(self, url: str, proxies: dict[str, str]) -> Peer:
        connect, read = self._timeout
        return Peer(
            shown_host(url),
            self._attempt.doing,
            self._attempt.target,
            self._attempt.option,
            read,
            connect,
            self._verify,
            proxy_of(url, proxies),
        )

    def _unavailable(self, url: str, status: int) -> Unreachable:
        return Unreachable(
            f"While {self._attempt.doing}, {shown_host(url)} was unavailable (HTTP {status}).",
            code="unavailable",
            status=status,
            target=self._attempt.target,
            retriable=True,
            hint="Try again later, or raise retry_timeout.",
        )
