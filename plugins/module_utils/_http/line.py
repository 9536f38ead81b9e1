# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The connections of a session to its server: one pool, set up once, since each request would cost that time again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import urlencode, urlsplit

from .._errors import InvalidInput, MissingLibrary
from .bounded import ACCEPTED_ENCODINGS, CONNECT_TIMEOUT, LARGEST_REPLY, LOWEST_RATE, Progress, whole_body_of
from .checks import shown_host
from .direct import Direct
from .lost import Peer, failures, lost_reply
from .message import Reply, Request
from .pool import Pool, open_pool
from .proxies import proxies_for, proxy_of
from .warm import Answer, ask, encoded

_HEADERS = {"Accept": "application/json", "User-Agent": "azsphere.fleet", "Accept-Encoding": ACCEPTED_ENCODINGS}


class Line:
    """Connections to the server of an address, by way of the proxy that the environment names for it."""

    def __init__(self, base: str, verify: bool | str, connections: int) -> None:
        self._base = base
        self._below = urlsplit(base).path
        self._host = shown_host(base)
        self._verify = verify
        self._connections = connections
        self._progress = Progress()
        self._lock = threading.Lock()
        self._proxies: dict[str, str] | None = None
        self._direct: Direct | None = None
        self._pool: Pool | None = None

    def send(self, request: Request, token: str, timeout: float) -> Reply:
        """Makes one attempt, and returns the reply whatever its status. `timeout` is in seconds, longer for bodies.

        Raises LostReply, and InvalidInput for what cannot be sent, MissingLibrary. Redirects are not followed.
        """
        # Anything else than a slash after the host could make it another host.
        if not request.path.startswith("/"):
            from .errors import scrub

            raise InvalidInput(f"The path {scrub(request.path)!r} does not lead to {self._host}.")
        timeout += len(request.body or b"") / LOWEST_RATE
        self._progress.begin(timeout)
        try:
            return self._ask(request, token, timeout)
        except failures() as error:
            # Without a cause: it carries the request, and with it the token, into any traceback.
            raise lost_reply(error, self._peer(request, timeout), self._progress) from None

    def close(self) -> None:
        """Closes the connections that no request uses."""
        with self._lock:
            opened = [each for each in (self._direct, self._pool) if each is not None]
            self._direct = self._pool = None
        for each in opened:
            each.close()

    def _ask(self, request: Request, token: str, timeout: float) -> Reply:
        target = self._below + request.path + _query(request)
        headers = {**_HEADERS, **request.headers, "Authorization": f"Bearer {token}"}
        connecting = min(timeout, CONNECT_TIMEOUT)
        data = encoded(request, target, {"Host": self._host, **headers})
        answer = self._ask_on_open(request, data, connecting)
        if answer is None:
            answer = self._ask_on_any(self._pool_of_library(), request, target, headers, (connecting, timeout))
        # What echoes the token is quoted in errors, and shown by lookups before Ansible could mask it.
        content = answer.content.replace(token.encode(), b"(removed)")
        return Reply(answer.status, answer.headers, content, request)

    def _ask_on_open(self, request: Request, data: bytes | None, timeout: float) -> Answer | None:
        """Sends the bytes of a request on an open connection; returns None where the library must send the request."""
        if data is None:
            return None
        if self._proxied():
            pool = self._pool_of_library()
            return None if pool.prefix else ask(pool, request.method, data, timeout)
        return ask(self._straight(), request.method, data, timeout)

    @staticmethod
    def _ask_on_any(
        pool: Pool, request: Request, target: str, headers: Mapping[str, str], timeouts: tuple[float, float]
    ) -> Answer:
        """Sends a request on an open or a new connection of the library."""
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

    def _proxied(self) -> dict[str, str]:
        """Returns the proxies of the environment. Raises InvalidInput and MissingLibrary."""
        if self._proxies is None:
            # Whether it is needed shows in the middle of a task, with a large body or a failure.
            if find_spec("requests") is None:
                raise MissingLibrary("requests", "talk to the service")
            self._proxies = proxies_for(self._base)
        return self._proxies

    def _straight(self) -> Direct:
        with self._lock:
            if self._direct is None:
                self._direct = Direct(self._base, self._verify, self._progress)
            return self._direct

    def _pool_of_library(self) -> Pool:
        proxies = self._proxied()
        with self._lock:
            if self._pool is None:
                url = self._base + "/"
                self._pool = open_pool(url, self._verify, self._connections, self._progress, proxies)
            return self._pool

    def _peer(self, request: Request, timeout: float) -> Peer:
        return Peer(
            self._host,
            request.doing,
            request.target,
            timeout=timeout,
            connect_timeout=min(timeout, CONNECT_TIMEOUT),
            verify=self._verify,
            proxy=proxy_of(self._base, self._proxies or {}),
        )


def _query(request: Request) -> str:
    if not request.query:
        return ""
    return ("&" if "?" in request.path else "?") + urlencode(request.query)
