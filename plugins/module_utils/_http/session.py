# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One session with the service: token, retries, throttle and the read-only lock. Knows requests, knows no endpoint."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from .._deadline import Deadline
from .._errors import (
    AmbiguousWrite,
    FleetError,
    InvalidInput,
    MissingLibrary,
    ReadOnlyViolation,
    SignInError,
    Unreachable,
)
from .clock import Clock
from .endings import ambiguous_write, ended, out_of_patience
from .errors import CONNECT_TIMEOUT, connection_trouble, refusal, scrub
from .throttle import Gate, GateClosed, PausedTooLong, Statistics, retry_after

if TYPE_CHECKING:
    import requests

READS = ("GET", "HEAD")
RETRIED = (408, 429, 500, 502, 503, 504)
THROTTLES = (429, 503)
#: Full-jitter back-off: the n-th wait is anything up to 2**n times the first of these, at most the second.
BACK_OFF = (0.25, 20.0)
#: A server that never answered at all is tried this often: it is more likely wrong than busy.
FIRST_CONTACT_ATTEMPTS = 3
#: Seconds that an answer gets in any case, however near the deadline is.
SHORTEST_TIMEOUT = 1.0


class Account(Protocol):
    """Whom a token is for."""

    @property
    def address(self) -> str | None:
        """What the service calls this account, when it can be told."""

    @property
    def object_id(self) -> str | None:
        """Its GUID in the directory, when it can be told."""


class Tokens(Protocol):
    """Where the session's token comes from."""

    @property
    def source(self) -> str:
        """The value of auth_source in force."""

    def token(self) -> str:
        """A bearer token, from a cache where there is one. Raises SignInError."""

    def renew(self, rejected: str) -> str:
        """Another token than the rejected one. Raises SignInError."""

    def account(self) -> Account:
        """Whom the token is for."""


@dataclass(frozen=True)
class Settings:
    """Where the service is and how to talk to it. Times in seconds.

    `verify` is true, false, or the path of a bundle of certificate authorities. `request_timeout` is for each wait for
    bytes, of which a connection gets ten seconds at most; `retry_timeout` for all retries of one request together.
    """

    api_url: str
    verify: bool | str = True
    request_timeout: float = 60.0
    retry_timeout: float = 120.0
    concurrency: int = 16


@dataclass(frozen=True)
class Reply:
    """A success. `once` says that it answers a write that must not be repeated."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    doing: str
    target: str | None = None
    once: bool = False

    def json(self) -> Any:
        """The body read as JSON, None when it is empty. Raises Unreachable, or AmbiguousWrite after a write that must
        not be repeated, when it is something else."""
        if not self.content.strip():
            return None
        try:
            return json.loads(self.content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            kind = scrub(self.headers.get("Content-Type", "")) or "unnamed content"
            made = AmbiguousWrite if self.once else Unreachable
            raise made(
                f"While {self.doing}, the answer ({kind}, {len(self.content)} bytes) was no JSON.",
                code="not_json",
                status=self.status,
                target=self.target,
                hint="Check api_url, and whether a proxy stands in between.",
            ) from error


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    doing: str
    target: str | None
    query: Mapping[str, str] | None
    headers: Mapping[str, str]
    body: bytes | None
    once: bool


class _Lost(Exception):
    """No answer came."""

    def __init__(self, error: Unreachable, sent: bool, lasting: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent
        self.lasting = lasting


class Session:
    """Requests to one service, from any number of threads.

    A read-only session raises ReadOnlyViolation before anything but GET and HEAD is sent. The token goes to the host of
    `api_url` alone; redirects are not followed. GET, PUT, PATCH and DELETE are retried after lost connections and after
    408, 429, 5xx; a POST only when it surely was not carried out, otherwise AmbiguousWrite is raised.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        *,
        read_only: bool,
        clock: Clock | None = None,
        jitter: Callable[[float], float] | None = None,
    ) -> None:
        self.settings = settings
        self.tokens = tokens
        self.read_only = read_only
        self.statistics = Statistics()
        self.clock = clock or Clock()
        self._base = settings.api_url.rstrip("/")
        self._origin = _origin(self._base)
        self._host = urlsplit(self._base).netloc.rpartition("@")[2]
        self._jitter = jitter or _full_jitter
        self._gate = Gate(settings.concurrency, self.clock, self.statistics)
        self._lock = threading.Lock()
        self._requests: requests.Session | None = None
        self._proxies: dict[str, str] = {}
        self._answered = False
        self._accepted: str | None = None

    def get(self, path: str, doing: str, **options: Any) -> Reply:
        return self.request("GET", path, doing, **options)

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
        reads: bool = False,
        deadline: Deadline | None = None,
    ) -> Reply:
        """Sends one request and answers the success, whatever retries it takes.

        :param path: percent-encoded, below `api_url`.
        :param doing: what this is for, as it stands after "while": "creating the product Kettle".
        :param reads: that a POST only reads, and may be repeated.
        :param deadline: ends the retries earlier than `retry_timeout`, and for reads the wait for an answer.

        Raises NotFound, Forbidden, Conflict, ServiceError, Unreachable, AmbiguousWrite, SignInError, ReadOnlyViolation.
        """
        if self.read_only and method not in READS:
            raise ReadOnlyViolation(
                f"While {doing}, {method} was to be sent in a session that only reads.", target=target
            )
        given = {**(headers or {}), **({"Content-Type": content_type} if body is not None else {})}
        once = method == "POST" and not reads
        request = _Request(method, path, doing, target, query, given, body, once)
        patience = self.settings.retry_timeout
        if deadline is None:
            return self._exchange(request, patience)
        return self._exchange(request, min(patience, deadline.remaining()), deadline if method in READS else None)

    def _exchange(self, request: _Request, patience: float, deadline: Deadline | None = None) -> Reply:
        """Sends the request until it is answered for good, or until so many seconds after the first attempt.

        With a deadline no answer is waited for beyond it. What is raised after an attempt that may have been carried
        out is marked as doubtful.
        """
        lost: list[_Lost] = []
        try:
            return self._attempts(request, patience, deadline, lost)
        except FleetError as error:
            error.doubtful = request.method not in READS and any(each.sent for each in lost)
            raise

    def _attempts(self, request: _Request, patience: float, deadline: Deadline | None, losses: list[_Lost]) -> Reply:
        token = self.tokens.token()
        renewed = maybe_done = False
        attempts = 0
        started = self.clock.now()
        while True:
            attempts += 1
            left = patience if attempts == 1 else max(0.0, patience - (self.clock.now() - started))
            try:
                with self._gate.turn(left) as throttles:
                    # Waiting for a first turn is no retrying.
                    started = self.clock.now() if attempts == 1 else started
                    self.statistics.add(requests=1, retries=1 if attempts > 1 else 0)
                    reply = self._send(request, token, deadline)
            except PausedTooLong as paused:
                raise out_of_patience(paused.seconds, request.doing, request.target) from paused
            except GateClosed as closed:
                raise ended(request.doing, request.target) from closed
            except _Lost as lost:
                losses.append(lost)
                if lost.lasting or (not self._answered and attempts >= FIRST_CONTACT_ATTEMPTS):
                    raise lost.error from lost
                error: FleetError = lost.error
                ambiguous, throttled, asked = lost.sent, False, None
            else:
                self._answered = True
                if reply.status < 300:
                    self._accepted = token
                    self._gate.succeeded()
                    return reply
                if reply.status == 401 and not renewed:
                    token, renewed = self.tokens.renew(token), True
                    continue
                if reply.status == 400 and not renewed and token != self._accepted:
                    # A token that is no good was seen to show as 400 (FACTS: failures), and this one never was.
                    fresh, renewed = self._another(token), True
                    if fresh is not None:
                        token, attempts = fresh, attempts - 1
                        continue
                if request.method == "DELETE" and maybe_done and reply.status == 404:
                    return Reply(204, reply.headers, b"", request.doing, request.target)
                error = refusal(reply.status, reply.headers, reply.content, request.doing, request.target, attempts)
                if reply.status not in RETRIED:
                    raise error
                throttled = reply.status in THROTTLES
                asked = retry_after(reply.headers, self.clock) if throttled else None
                # Who says when to come back has not begun; a bare 503 may come from something in between.
                ambiguous = reply.status != 429 and asked is None
            if request.once and ambiguous:
                raise ambiguous_write(error)
            maybe_done = maybe_done or ambiguous
            pause = max(asked or 0.0, self._back_off(attempts))
            if throttled:
                self._gate.throttled(throttles, pause)
            if asked is not None and asked > patience:
                raise out_of_patience(asked, request.doing, request.target)
            if self.clock.now() - started + pause > patience:
                raise error
            if not throttled:
                self.pause(pause, request.doing)

    def path_of(self, location: str | None) -> str | None:
        """The path, fit for `request`, of an address that the service gave; None when it is on another host."""
        if not location:
            return None
        try:
            parts = urlsplit(location)
            here = not (parts.scheme or parts.netloc) or _origin(location) == self._origin
        except ValueError:
            # A host or port that cannot be.
            return None
        if not here:
            return None
        below = urlsplit(self._base).path
        path = parts.path[len(below) :] if below and parts.path.startswith(below + "/") else parts.path
        path = "/" + path.lstrip("/")
        return f"{path}?{parts.query}" if parts.query else path

    def pause(self, seconds: float, doing: str) -> None:
        """Lets so many seconds go by. Raises Unreachable when the session is closed meanwhile."""
        try:
            self._gate.pause(seconds)
        except GateClosed as closed:
            raise ended(doing, None) from closed

    def close(self) -> None:
        """Lets go of all connections, and sends nothing more: whoever waits gets Unreachable."""
        self._gate.close()
        with self._lock:
            if self._requests is not None:
                self._requests.close()
                self._requests = None

    def _another(self, token: str) -> str | None:
        """Another token, None where there is none to be had."""
        try:
            return self.tokens.renew(token)
        except SignInError:
            return None

    def _back_off(self, attempts: int) -> float:
        first, most = BACK_OFF
        return self._jitter(min(most, first * 2.0 ** min(attempts, 30)))

    def _send(self, request: _Request, token: str, deadline: Deadline | None) -> Reply:
        session = self._opened()
        import requests

        timeout = self.settings.request_timeout
        if deadline is not None:
            timeout = min(timeout, max(SHORTEST_TIMEOUT, deadline.remaining()))
        try:
            answer = session.request(
                request.method,
                self._url(request.path),
                params=request.query,
                data=request.body,
                headers={**request.headers, "Authorization": f"Bearer {token}"},
                timeout=(min(timeout, CONNECT_TIMEOUT), timeout),
                verify=self.settings.verify,
                proxies=self._proxies,
                allow_redirects=False,
            )
            content = answer.content
            announced = answer.headers.get("Content-Length", "")
            # urllib3 before 2.0 takes a body that is too short for whole.
            if request.method != "HEAD" and announced.isdigit() and answer.raw.tell() < int(announced):
                raise requests.ConnectionError("short body")
        except requests.RequestException as error:
            raise _Lost(*connection_trouble(error, self._host, timeout, request.doing, request.target)) from error
        return Reply(answer.status_code, answer.headers, content, request.doing, request.target, request.once)

    def _url(self, path: str) -> str:
        # Anything else than a slash after the host could make it another host.
        if not path.startswith("/"):
            raise InvalidInput(f"The path {scrub(path)!r} does not lead to {self._host}.")
        return self._base + path

    def _opened(self) -> requests.Session:
        with self._lock:
            if self._requests is None:
                self._requests, self._proxies = _open(self.settings, self._base)
            return self._requests


def _open(settings: Settings, base: str) -> tuple[requests.Session, dict[str, str]]:
    try:
        from http.cookiejar import DefaultCookiePolicy

        import requests
        import urllib3
        from requests.adapters import HTTPAdapter
    except ImportError as error:
        raise MissingLibrary("requests", "talk to the service") from error
    session = requests.Session()
    # The environment must not choose certificates or credentials (TLS bundle, .netrc); proxies it may, so they are
    # read here.
    session.trust_env = False
    proxies: dict[str, str] = dict(requests.utils.get_environ_proxies(base))
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/json", "User-Agent": "azsphere.fleet"})
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.concurrency, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if settings.verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session, proxies


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _full_jitter(most: float) -> float:
    return random.uniform(0.0, most)
