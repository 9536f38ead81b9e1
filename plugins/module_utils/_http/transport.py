# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Sessions of the library requests: for sign-in, downloads, and servers behind a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._errors import MissingLibrary
from .bounded import ACCEPTED_ENCODINGS, Progress
from .lost import Peer, failures, lost_reply
from .pool import Pool
from .watched import watch

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter


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
        return Pool(connections, prefix, adapter.max_retries, self.session.close)

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


def open_transport(
    purpose: str, verify: bool | str, connections: int = 10, progress: Progress | None = None
) -> Transport:
    """Returns a new transport for so many connections at a time. Raises MissingLibrary."""
    try:
        from http.cookiejar import DefaultCookiePolicy

        import urllib3

        session = _session()
    except ImportError as error:
        raise MissingLibrary("requests", purpose, error) from error
    progress = progress or Progress()
    session.trust_env = False
    session.headers["Accept-Encoding"] = ACCEPTED_ENCODINGS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _adapter(progress, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return Transport(session, progress)


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
            watch(self.poolmanager, progress)

        def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs)
            if not known:
                watch(manager, progress)
            return manager

    return WatchedAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
