# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One session with the service: token, retries, throttle and the read-only lock. Knows requests, knows no endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from .._deadline import Deadline
from .._errors import ReadOnlyViolation
from .backoff import full_jitter
from .checks import check_address, check_headers, check_timeout
from .clock import Clock
from .exchange import Channel, Exchange
from .line import Line
from .message import IDEMPOTENT, SAFE, ReadOperations, Reply, Request
from .pace import Paces
from .settings import Settings, TokenSource
from .throttle import Gate, Statistics


class Session:
    """Requests to one service, from any number of threads.

    A read-only session sends only the `reads` of its API and raises ReadOnlyViolation before anything else. The token
    goes to the host of `api_url` alone; redirects are not followed. Idempotent requests are retried after lost
    connections and after 408, 429 and 5xx; others only when they were certainly not executed: otherwise
    AmbiguousWrite is raised.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: TokenSource,
        *,
        read_only: bool,
        reads: ReadOperations,
        clock: Clock | None = None,
        jitter: Callable[[float], float] | None = None,
    ) -> None:
        """Raises InvalidInput for an `api_url` or a timeout that no request can be sent with."""
        check_address(settings.api_url, "api_url")
        check_timeout(settings.request_timeout)
        self.settings = settings
        self.read_only = read_only
        self.statistics = Statistics()
        self.clock = clock or Clock()
        self._reads = reads
        self._base = settings.api_url.rstrip("/")
        self._origin = _origin(self._base)
        #: That of the task, for requests without one of their own.
        self.deadline: Deadline | None = None
        self._channel = Channel(
            settings,
            tokens,
            Line(self._base, settings.verify, settings.concurrency),
            Gate(settings.concurrency, self.clock, self.statistics),
            Paces(settings.bucket_of),
            self.statistics,
            self.clock,
            jitter or full_jitter,
        )

    def request(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        target: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        idempotent: bool | None = None,
        changes: bool | None = None,
        promises: bool = False,
        deadline: Deadline | None = None,
        in_pause: bool = False,
    ) -> Reply:
        """Sends one request and returns the success, retrying as needed.

        :param path: percent-encoded, below `api_url`.
        :param doing: what this is for, after "while": "creating the product Kettle".
        :param idempotent: whether it may be sent again after an unknown outcome; by default all methods but POST.
        :param changes: whether it changes something in the service; by default all methods but GET and HEAD.
        :param deadline: ends the retries earlier than `retry_timeout`, and for reads the wait for a reply; by default
            that of the task.
        :param in_pause: whether it is sent once even during a pause that is too long to wait for.
        :param promises: whether a read may get the reply 202, as when an operation is polled.

        Raises NotFound, Forbidden, Conflict, ServiceError, Unreachable, AmbiguousWrite, SignInError, InvalidInput,
        ReadOnlyViolation. `write_state` of the error is the outcome of a write.
        """
        self.statistics.begin(doing)
        if self.read_only and (method, path) not in self._reads:
            raise ReadOnlyViolation(
                f"While {doing}, {method} was to be sent in a session that only reads.", target=target
            )
        given = {**(headers or {}), **({"Content-Type": content_type} if body is not None else {})}
        check_headers(given, doing, target)
        request = Request(
            method,
            path,
            doing,
            target,
            query,
            given,
            body,
            idempotent=method in IDEMPOTENT if idempotent is None else idempotent,
            changes=method not in SAFE if changes is None else changes,
            in_pause=in_pause,
            promises=promises,
        )
        return self._run(request, deadline or self.deadline)

    def _run(self, request: Request, deadline: Deadline | None) -> Reply:
        patience = self.settings.retry_timeout
        if deadline is None:
            return Exchange(self._channel, request, patience, None).run()
        patience = min(patience, deadline.remaining())
        return Exchange(self._channel, request, patience, None if request.changes else deadline).run()

    def path_of(self, location: str | None) -> str | None:
        """Returns the path, fit for `request`, of an address that the service gave; None when it is on another host."""
        if not location:
            return None
        try:
            parts = urlsplit(location)
            here = not (parts.scheme or parts.netloc) or _origin(location) == self._origin
        except ValueError:
            # A host or port that is not valid.
            return None
        if not here:
            return None
        below = urlsplit(self._base).path
        path = parts.path[len(below) :] if below and parts.path.startswith(below + "/") else parts.path
        path = "/" + path.lstrip("/")
        return f"{path}?{parts.query}" if parts.query else path

    def threads(self) -> int:
        """Returns how many threads have something to do at the moment: more when the service keeps up, fewer when it
        throttles. A thread that pauses makes room for another one; there are never more than `concurrency`.
        """
        return self._channel.gate.threads

    def pause(self, seconds: float, doing: str) -> None:
        """Waits for so many seconds. Raises Unreachable when the session is closed meanwhile."""
        self.statistics.begin(doing)
        self._channel.pause(seconds, doing)

    @property
    def tokens(self) -> TokenSource:
        """Where the token comes from."""
        return self._channel.tokens

    @property
    def throttled_seconds(self) -> float:
        """The seconds of pauses that the service asked for, without what is left of the current one."""
        return max(0.0, self.statistics.throttled_seconds - self._channel.gate.left_of_pause)

    def close(self) -> None:
        """Closes all connections and sends nothing more: whoever waits gets Unreachable."""
        self._channel.close()


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default
