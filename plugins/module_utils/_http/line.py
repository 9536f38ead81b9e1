# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The connections of a session to its server: one pool, set up once, since each request would cost that time again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from .._errors import InvalidInput
from .bounded import LARGEST_REPLY, LOWEST_RATE, whole_body_of
from .checks import shown_host
from .errors import scrub
from .failures import Peer
from .message import Reply, Request
from .transport import CONNECT_TIMEOUT, Pool, Transport, failures, lost_reply, open_transport, proxies_for, proxy_of
from .usual import Answer
from .warm import Warm, encoded

_HEADERS = {"Accept": "application/json", "User-Agent": "azsphere.fleet"}


@dataclass(frozen=True)
class _Opened:
    """The pool of connections, those of it that are open, and the headers that all requests have."""

    transport: Transport
    pool: Pool
    warm: Warm
    headers: Mapping[str, str]


class Line:
    """Connections to the server of an address, by way of the proxy that the environment names for it."""

    def __init__(self, base: str, verify: bool | str, connections: int) -> None:
        self._base = base
        self._below = urlsplit(base).path
        self._host = shown_host(base)
        self._verify = verify
        self._connections = connections
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._proxies: dict[str, str] = {}
        #: The headers of all requests, with the token that is among them.
        self._lines = "", ""

    def send(self, request: Request, token: str, timeout: float) -> Reply:
        """Makes one attempt, and returns the reply whatever its status. `timeout` is in seconds, longer for bodies.

        Raises LostReply, and InvalidInput for what cannot be sent. Redirects are not followed.
        """
        # Anything else than a slash after the host could make it another host.
        if not request.path.startswith("/"):
            raise InvalidInput(f"The path {scrub(request.path)!r} does not lead to {self._host}.")
        timeout += len(request.body or b"") / LOWEST_RATE
        opened = self._opened or self._open(request, timeout)
        opened.transport.progress.begin(timeout)
        try:
            return self._ask(opened, request, token, timeout)
        except failures() as error:
            # Without a cause: it carries the request, and with it the token, into any traceback.
            raise lost_reply(error, self._peer(request, timeout), opened.transport.progress) from None

    def close(self) -> None:
        """Closes the connections that no request uses."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.warm.close()
            opened.transport.session.close()

    def _ask(self, opened: _Opened, request: Request, token: str, timeout: float) -> Reply:
        target = self._below + request.path + _query(request)
        answer, secret = None, token.encode()
        if not opened.pool.prefix and opened.headers.keys().isdisjoint(request.headers):
            data = encoded(request, target, self._common(opened, token))
            answer = None if data is None else opened.warm.ask(request, data, timeout)
        if answer is None:
            headers = {**opened.headers, **request.headers, "Authorization": f"Bearer {token}"}
            answer = self._ask_on_any(opened.pool, request, target, headers, (min(timeout, CONNECT_TIMEOUT), timeout))
        # What echoes the token is quoted in errors, and shown by lookups before Ansible could mask it.
        content = answer.content.replace(secret, b"(removed)")
        return Reply(answer.status, answer.headers, content, request)

    def _common(self, opened: _Opened, token: str) -> str:
        """Returns the lines of the headers that all requests with this token have."""
        known, lines = self._lines
        if known != token:
            headers = {"Host": self._host, **opened.headers, "Authorization": f"Bearer {token}"}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self._lines = token, lines
        return lines

    @staticmethod
    def _ask_on_any(
        pool: Pool, request: Request, target: str, headers: Mapping[str, str], timeouts: tuple[float, float]
    ) -> Answer:
        """Sends a request on an open or a new connection."""
        import urllib3

        raw = pool.connections.request(
            request.method,
            pool.prefix + target,
            body=request.body,
            headers=headers,
            retries=pool.retries,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=timeouts[0], read=timeouts[1]),
            preload_content=False,
        )
        return Answer(raw.status, raw.headers, whole_body_of(raw, LARGEST_REPLY, request.method))

    def _open(self, request: Request, timeout: float) -> _Opened:
        """Sets up the pool. Raises MissingLibrary, InvalidInput and LostReply."""
        with self._lock:
            if self._opened is not None:
                return self._opened
            transport = open_transport("talk to the service", self._verify, self._connections)
            self._proxies = proxies_for(self._base)
            with transport.attempt(self._peer(request, timeout)):
                pool = transport.pool_for(self._base + "/", self._verify, self._proxies)
            headers = {**_HEADERS, "Accept-Encoding": str(transport.session.headers["Accept-Encoding"])}
            self._opened = _Opened(transport, pool, Warm(pool.connections, transport.progress), headers)
            return self._opened

    def _peer(self, request: Request, timeout: float) -> Peer:
        return Peer(
            self._host,
            request.doing,
            request.target,
            timeout=timeout,
            connect_timeout=min(timeout, CONNECT_TIMEOUT),
            verify=self._verify,
            proxy=proxy_of(self._base, self._proxies),
        )


def _query(request: Request) -> str:
    if not request.query:
        return ""
    return ("&" if "?" in request.path else "?") + urlencode(request.query)
