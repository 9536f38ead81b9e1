# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A pool of connections to one server, by way of the proxy that the environment names for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .._errors import MissingLibrary
from .bounded import Progress
from .proxies import proxies_for

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool, Retry


class Pool(NamedTuple):
    """Connections to one server.

    :ivar prefix: what the proxy needs before each path.
    :ivar retries: that there are none.
    :ivar proxies: those of the environment, as requests takes them.
    :ivar close: closes the connections that no request uses.
    """

    connections: HTTPConnectionPool
    prefix: str
    retries: Retry
    proxies: dict[str, str]
    close: Callable[[], None]


def open_pool(url: str, verify: bool | str, connections: int, progress: Progress) -> Pool:
    """Returns a pool for so many connections at a time, set up for TLS and the proxy.

    requests takes time to import, and knows how to use a proxy: it is used for that only. Raises MissingLibrary,
    InvalidInput for an invalid proxy variable, and what `failures` names for an address that cannot be used.
    """
    try:
        import urllib3

        proxies = proxies_for(url)
        tls = _tls(verify)
    except ImportError as error:
        raise MissingLibrary("requests", "talk to the service", error) from error
    if proxies:
        from .transport import open_transport

        return open_transport("use a proxy", verify, connections, progress).pool_for(url, verify, proxies)
    from .watched import watch

    if verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    manager = urllib3.PoolManager(num_pools=1, maxsize=connections)
    watch(manager, progress)
    pool = manager.connection_from_url(url, pool_kwargs=tls if url.startswith("https:") else {})
    return Pool(pool, "", urllib3.Retry(0, read=False), {}, manager.clear)


def _tls(verify: bool | str) -> dict[str, Any]:
    """Returns the settings for TLS: by default, the certificate authorities are those that requests uses."""
    if verify is False:
        return {"cert_reqs": "CERT_NONE"}
    if verify is True:
        import certifi

        verify = certifi.where()
    return {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if os.path.isdir(verify) else "ca_certs": verify}
