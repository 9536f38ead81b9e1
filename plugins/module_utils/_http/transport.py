# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One attempt at one request with the library requests: what was sent, what came back, what went wrong."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from .._errors import FleetError, MissingLibrary
from .bounded import ACCEPTED_ENCODINGS, SMALL, Progress, TimedSocket, TooLarge, UnknownEncoding, send_in_pieces
from .checks import check_proxy
from .failures import Failure, Peer, connection_failure

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, Retry

#: Seconds within which a connection must be there, however long a reply may take.
CONNECT_TIMEOUT = 10.0


class LostReply(Exception):
    """No reply came. `sent` says whether the request may have arrived nevertheless."""

    def __init__(self, failure: Failure, sent: bool) -> None:
        super().__init__(failure.error.message)
        self.error: FleetError = failure.error
        self.lasting = failure.lasting
        self.sent = sent


class Pool(NamedTuple):
    """Connections to one server; `prefix` is what a proxy needs before each path, `retries` that there are none."""

    connections: HTTPConnectionPool
    prefix: str
    retries: Retry


@dataclass(frozen=True)
class Transport:
    """A requests session that notes whether a request has left this machine.

    The environment chooses neither certificates nor credentials (`REQUESTS_CA_BUNDLE`, `.netrc`); cookies are not kept.
    """

    session: requests.Session
    progress: Progress

    def pool_for(self, url: str, verify: bool | str, proxies: dict[str, str]) -> Pool:
        """Returns the pool of connections to the server of an address, set up for TLS and the proxy."""
        import requests

        adapter: Any = self.session.get_adapter(url)
        prepared = requests.Request("GET", url).prepare()
        if hasattr(adapter, "get_connection_with_tls_context"):
            connections = adapter.get_connection_with_tls_context(prepared, verify, proxies=proxies)
        else:
            # requests before 2.32.
            connections = adapter.get_connection(url, proxies)
        adapter.cert_verify(connections, url, verify, None)
        whole: str = adapter.request_url(prepared, proxies)
        prefix = "{0.scheme}://{0.netloc}".format(urlsplit(whole)) if "://" in whole else ""
        return Pool(connections, prefix, adapter.max_retries)

    @contextmanager
    def attempt(self, peer: Peer, already_sent: bool = False) -> Iterator[None]:
        """Raises LostReply for whatever keeps a reply from coming within `peer.timeout`; `peer` is for its message.

        `already_sent`: the request was sent before, and more of its reply is read now.
        """
        self.progress.begin(peer.timeout, already_sent)
        try:
            yield
        except failures() as error:
            # Without a cause: it carries the request, and with it token or secret, into any traceback.
            raise lost_reply(error, peer, self.progress) from None


def failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions that keep a reply from coming."""
    import requests
    import urllib3

    return (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        ValueError,
        OverflowError,
        TooLarge,
        UnknownEncoding,
    )


def lost_reply(error: Exception, peer: Peer, progress: Progress) -> LostReply:
    """Returns the error for one of `failures`."""
    return LostReply(connection_failure(error, peer, progress.sent), progress.sent)


def open_transport(purpose: str, verify: bool | str, connections: int = 10) -> Transport:
    """Returns a new transport for so many connections at a time. Raises MissingLibrary."""
    try:
        from http.cookiejar import DefaultCookiePolicy

        import urllib3

        session = _session()
    except ImportError as error:
        raise MissingLibrary("requests", purpose, error) from error
    progress = Progress()
    session.trust_env = False
    session.headers["Accept-Encoding"] = ACCEPTED_ENCODINGS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _adapter(progress, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return Transport(session, progress)


def proxies_for(url: str) -> dict[str, str]:
    """Returns the proxies that the environment names for an address, as requests takes them.

    Raises InvalidInput for a variable that holds no address, MissingLibrary for a SOCKS proxy without PySocks.
    """
    import requests

    proxies: dict[str, str] = dict(requests.utils.get_environ_proxies(url))
    chosen = requests.utils.select_proxy(url, proxies)
    if chosen:
        scheme = urlsplit(url).scheme.lower()
        check_proxy(str(chosen), f"{scheme.upper()}_PROXY" if proxies.get(scheme) == chosen else "ALL_PROXY")
    return proxies


def proxy_of(url: str, proxies: dict[str, str]) -> str | None:
    """Returns the proxy among these that requests chooses for an address."""
    import requests

    return requests.utils.select_proxy(url, proxies) or None


def _session() -> requests.Session:
    import requests

    class UnledSession(requests.Session):
        def get_redirect_target(self, _resp: requests.Response) -> None:
            """Returns None: redirects are not followed, and to tell where one leads, requests would read its body."""

    return UnledSession()


def _adapter(progress: Progress, connections: int) -> HTTPAdapter:
    from requests.adapters import HTTPAdapter

    class WatchedAdapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            _watch(self.poolmanager, progress)

        def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs)
            if not known:
                _watch(manager, progress)
            return manager

    return WatchedAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)


def _watch(manager: Any, progress: Progress) -> None:
    """Makes all connections of a pool manager, a SOCKS proxy's included, note what they send, and end in time."""
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": _watched(pool.ConnectionCls, progress)})
        for scheme, pool in pools.items()
    }


def _watched(kind: Any, progress: Progress) -> Any:
    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
            super().__init__(TimedSocket(sock, progress), *args, **kwargs)  # type: ignore[arg-type]

    class WatchedConnection(kind):  # type: ignore[misc]
        response_class = TimedResponse
        _connecting = False
        #: Parts of a request until all of it is known: headers and a small body are sent together.
        _held: list[bytes] | None = None

        def connect(self) -> None:
            self._connecting = True
            try:
                super().connect()
            finally:
                self._connecting = False

        def request(self, *args: Any, **kwargs: Any) -> None:
            self._held = []
            try:
                super().request(*args, **kwargs)
            finally:
                held, self._held = self._held, None
            if held:
                self.send(b"".join(held))

        def send(self, data: Any) -> None:
            if self.sock is None and self.auto_open:
                self.connect()
            if self._held is not None and not self._connecting:
                if isinstance(data, bytes) and len(data) <= SMALL:
                    self._held.append(data)
                    return
                data, self._held = b"".join([*self._held, data]) if isinstance(data, bytes) else data, None
            if not self._connecting:
                progress.sent = True
            send_in_pieces(self.sock, data, super().send, progress)

    return WatchedConnection
