# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One session with the service: token, retries, throttle and the read-only lock. Knows requests, knows no endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from .._deadline import Deadline
from .._errors import FleetError, InvalidInput, ReadOnlyViolation, SignInError, WriteState
from .backoff import full_jitter
from .bounded import LARGEST_REPLY, LOWEST_RATE, body_of
from .checks import check_address, check_headers, check_timeout, is_token, shown_host
from .clock import Clock
from .endings import ambiguous_write, out_of_patience, session_closed
from .errors import refusal, scrub
from .failures import Peer
from .message import IDEMPOTENT, SAFE, ReadOperations, Reply, Request
from .pace import BucketOf, unpublished
from .retry import READ_ATTEMPTS, RETRIED, THROTTLES, Attempts, state_after
from .throttle import Gate, GateClosed, PausedTooLong, Statistics, retry_after
from .transport import CONNECT_TIMEOUT, LostReply, Transport, open_transport, proxies_for, proxy_of

#: Seconds that a reply gets in any case, however near the deadline is.
SHORTEST_TIMEOUT = 1.0
#: How often one request asks for a fresh token in place of one that was rejected.
RENEWALS = 5


class Identity(Protocol):
    """Whom a token is for."""

    @property
    def address(self) -> str | None:
        """What the service calls this account, None when it is not known."""

    @property
    def object_id(self) -> str | None:
        """Its GUID in the directory, None when it is not known."""


class TokenSource(Protocol):
    """Where the session's token comes from."""

    @property
    def source(self) -> str:
        """The value of auth_source in force."""

    def token(self) -> str:
        """Returns a bearer token, from a cache where there is one. Raises SignInError."""

    def renew(self, rejected: str) -> str:
        """Returns another token than the rejected one. Raises SignInError."""

    def account(self) -> Identity:
        """Returns whom the token is for."""


@dataclass(frozen=True)
class Settings:
    """Where the service is and how to talk to it. Times in seconds.

    `verify` is true, false, or the path of a bundle of certificate authorities. `request_timeout` is for one whole
    request, of which a connection gets ten seconds at most; `retry_timeout` for all retries of one request together.
    `error_codes` are what the numbers in failures of the API stand for, from zero on; `hints`, what to do about its
    codes and statuses; `bucket_of`, which published rate limit a request counts against.
    """

    api_url: str
    verify: bool | str = True
    request_timeout: float = 60.0
    retry_timeout: float = 120.0
    concurrency: int = 16
    error_codes: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    bucket_of: BucketOf = unpublished


class Session:
    """Requests to one service, from any number of threads.

    A read-only session sends only the `reads` of its API and raises ReadOnlyViolation before anything else. The token
    goes to the host of `api_url` alone; redirects are not followed. Idempotent requests are retried after lost
    connections and after 408, 429 and 5xx; others only when they were certainly not carried out: otherwise
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
        self.tokens = tokens
        self.read_only = read_only
        self.statistics = Statistics()
        self.clock = clock or Clock()
        self._reads = reads
        self._base = settings.api_url.rstrip("/")
        self._origin = _origin(self._base)
        self._host = shown_host(self._base)
        self._jitter = jitter or full_jitter
        self._gate = Gate(settings.concurrency, self.clock, self.statistics)
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._proxies: dict[str, str] = {}
        self._answered = False
        self._accepted: str | None = None

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
    ) -> Reply:
        """Sends one request and returns the success, whatever retries it takes.

        :param path: percent-encoded, below `api_url`.
        :param doing: what this is for, after "while": "creating the product Kettle".
        :param idempotent: whether it may be sent again after an unknown outcome; by default all methods but POST.
        :param changes: whether it changes something in the service; by default all methods but GET and HEAD.
        :param promises: whether a read may be answered with 202, as when an operation is polled.
        :param deadline: ends the retries earlier than `retry_timeout`, and for reads the wait for a reply.

        Raises NotFound, Forbidden, Conflict, ServiceError, Unreachable, AmbiguousWrite, SignInError, InvalidInput,
        ReadOnlyViolation. `write_state` of the error is the outcome of a write.
        """
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
            promises=promises,
        )
        patience = self.settings.retry_timeout
        if deadline is None:
            return self._exchange(request, patience)
        patience = min(patience, deadline.remaining())
        return self._exchange(request, patience, None if request.changes else deadline)

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

    def pause(self, seconds: float, doing: str) -> None:
        """Waits for so many seconds. Raises Unreachable when the session is closed meanwhile."""
        try:
            self._gate.pause(seconds)
        except GateClosed as closed:
            raise session_closed(doing, None) from closed

    def close(self) -> None:
        """Closes all connections and sends nothing more: whoever waits gets Unreachable."""
        self._gate.close()
        with self._lock:
            if self._transport is not None:
                self._transport.session.close()
                self._transport = None

    def _exchange(self, request: Request, patience: float, deadline: Deadline | None = None) -> Reply:
        attempts = Attempts(patience, self.clock, self._jitter, lambda: self._answered)
        return _Exchange(self, request, attempts, deadline).run()

    def _send(self, request: Request, token: str, deadline: Deadline | None) -> Reply:
        transport, timeout = self._opened(), self.settings.request_timeout
        if deadline is not None:
            timeout = min(timeout, max(SHORTEST_TIMEOUT, deadline.remaining()))
        timeout += len(request.body or b"") / LOWEST_RATE
        url, patience = self._url(request.path), (min(timeout, CONNECT_TIMEOUT), timeout)
        with transport.attempt(self._peer(request, timeout)):
            answer = transport.session.request(
                request.method,
                url,
                params=request.query,
                data=request.body,
                headers={**request.headers, "Authorization": f"Bearer {token}"},
                timeout=patience,
                verify=self.settings.verify,
                proxies=self._proxies,
                allow_redirects=False,
                stream=True,
            )
            content = body_of(answer, LARGEST_REPLY)
            announced = answer.headers.get("Content-Length", "")
            # urllib3 before 2.0 takes a body that is too short for whole.
            whole = request.method == "HEAD" or not (announced.isascii() and announced.isdigit())
            if not whole and answer.raw.tell() < int(announced):
                raise ConnectionError("The body is shorter than announced.")
        # What echoes the token is quoted in errors, and shown by lookups before Ansible could mask it.
        content = content.replace(token.encode(), b"(removed)")
        return Reply(answer.status_code, answer.headers, content, request)

    def _peer(self, request: Request, timeout: float) -> Peer:
        return Peer(
            self._host,
            request.doing,
            request.target,
            timeout=timeout,
            connect_timeout=min(timeout, CONNECT_TIMEOUT),
            verify=self.settings.verify,
            proxy=proxy_of(self._base, self._proxies),
        )

    def _url(self, path: str) -> str:
        # Anything else than a slash after the host could make it another host.
        if not path.startswith("/"):
            raise InvalidInput(f"The path {scrub(path)!r} does not lead to {self._host}.")
        return self._base + path

    def _opened(self) -> Transport:
        with self._lock:
            if self._transport is None:
                transport = open_transport("talk to the service", self.settings.verify, self.settings.concurrency)
                transport.session.headers.update({"Accept": "application/json", "User-Agent": "azsphere.fleet"})
                self._proxies = proxies_for(self._base)
                self._transport = transport
            return self._transport


class _Exchange:
    """The attempts at one request until it is answered for good."""

    def __init__(self, session: Session, request: Request, attempts: Attempts, deadline: Deadline | None) -> None:
        self._session = session
        self._request = request
        self._attempts = attempts
        self._deadline = deadline
        self._renewals = 0
        self._unread = 0
        #: Whether one of the attempts may have been carried out.
        self._maybe_done = False

    def run(self) -> Reply:
        try:
            self._token = _checked(self._session.tokens.token())
            while True:
                reply = self._attempt()
                if reply is not None:
                    return reply
        except FleetError as error:
            if self._maybe_done and self._request.changes and error.write_state is WriteState.NOT_SENT:
                error.write_state = WriteState.UNKNOWN
            raise

    def _attempt(self) -> Reply | None:
        """Returns the success, None when the next attempt is due. Raises what ends the request."""
        session, request, attempts = self._session, self._request, self._attempts
        try:
            with session._gate.turn(attempts.left) as throttles:
                attempts.begin()
                session.statistics.add(requests=1, retries=1 if attempts.number > 1 else 0)
                reply = session._send(request, self._token, self._deadline)
        except PausedTooLong as paused:
            raise out_of_patience(paused.seconds, request.doing, request.target) from paused
        except GateClosed as closed:
            raise session_closed(request.doing, request.target) from closed
        except LostReply as lost:
            self._lost(lost)
            return None
        session._answered = True
        if reply.status < 300:
            session._accepted = self._token
            session._gate.succeeded()
            return None if self._asked_again(reply) else reply
        if self._renewed(reply):
            return None
        if request.method == "DELETE" and self._maybe_done and reply.status == 404:
            return Reply(204, reply.headers, b"", request)
        self._refused(reply, throttles)
        return None

    def _asked_again(self, reply: Reply) -> bool:
        """Whether a read is repeated since its success cannot be understood; pauses before that."""
        if self._request.method != "GET" or reply.understood:
            return False
        self._unread += 1
        pause = self._attempts.pause()
        if self._unread >= READ_ATTEMPTS or not self._attempts.fits(pause):
            return False
        self._session.pause(pause, self._request.doing)
        return True

    def _lost(self, lost: LostReply) -> None:
        """Pauses before the next attempt. Raises when there is none."""
        self._maybe_done = self._maybe_done or lost.sent
        if lost.lasting or self._attempts.in_vain:
            raise lost.error from None
        if lost.sent and not self._request.idempotent:
            raise ambiguous_write(lost.error) from None
        pause = self._attempts.pause()
        if not self._attempts.fits(pause):
            raise lost.error from None
        self._session.pause(pause, self._request.doing)

    def _refused(self, reply: Reply, throttles: int) -> None:
        """Pauses before the next attempt, all threads when the service is throttling. Raises when there is none."""
        session, request, attempts = self._session, self._request, self._attempts
        unknown = state_after(reply.status) is WriteState.UNKNOWN
        self._maybe_done = self._maybe_done or unknown
        settings = session.settings
        seen = (reply.status, reply.headers, reply.content, request.doing, request.target)
        error = refusal(
            *seen,
            attempts=attempts.number,
            codes=settings.error_codes,
            secrets=[self._token],
            hints=settings.hints,
        )
        throttled = reply.status in THROTTLES
        asked = retry_after(reply.headers, session.clock) if throttled else None
        pause = attempts.pause(asked)
        if throttled:
            # Where nothing follows, only what the service asked for keeps the others waiting.
            session._gate.throttled(throttles, pause if attempts.fits(pause) else asked or 0.0)
        if unknown and request.changes and not request.idempotent:
            raise ambiguous_write(error)
        if reply.status not in RETRIED:
            raise error
        if asked is not None and asked > attempts.patience:
            raise out_of_patience(asked, request.doing, request.target, reply.status)
        if not attempts.fits(pause):
            raise error
        if not throttled:
            session.pause(pause, request.doing)

    def _renewed(self, reply: Reply) -> bool:
        """Whether the reply calls for another token, and there is one to try."""
        if reply.status == 401 and self._renewals < RENEWALS:
            if self._renewals:
                # A fresh token was rejected too: perhaps it was revoked in the meantime.
                pause = self._attempts.pause()
                if not self._attempts.fits(pause):
                    return False
                self._session.pause(pause, self._request.doing)
            self._renewals += 1
            self._token = _checked(self._session.tokens.renew(self._token))
            return True
        if reply.status == 400 and not self._renewals and self._token != self._session._accepted:
            # An invalid token may show as 400 (FACTS: failures), and this one was never accepted.
            self._renewals += 1
            try:
                self._token = _checked(self._session.tokens.renew(self._token))
            except SignInError:
                return False
            self._attempts.number -= 1
            return True
        return False


def _checked(token: str) -> str:
    """Returns the token. Raises SignInError for one that no request can carry, without repeating it."""
    if not is_token(token):
        raise SignInError(
            "Invalid access token: it has characters that no token has.",
            code="unusable_token",
            hint="Sign in again, or check where the token comes from.",
        )
    return token


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default
