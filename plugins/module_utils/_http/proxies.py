# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The proxies that the environment names, by the rules of the library requests, which takes time to import."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies

from .checks import check_proxy


def proxies_for(url: str) -> dict[str, str]:
    """Returns the proxies that the environment names for an address, as requests takes them.

    Raises InvalidInput for a variable that holds no address, MissingLibrary for a SOCKS proxy without PySocks.
    """
    # What the environment excepts (`no_proxy`) concerns proxies only.
    if not set(getproxies()) - {"no"}:
        return {}
    import requests

    proxies: dict[str, str] = dict(requests.utils.get_environ_proxies(url))
    chosen = requests.utils.select_proxy(url, proxies)
    if chosen:
        scheme = urlsplit(url).scheme.lower()
        check_proxy(str(chosen), f"{scheme.upper()}_PROXY" if proxies.get(scheme) == chosen else "ALL_PROXY")
    return proxies


def proxy_of(url: str, proxies: dict[str, str]) -> str | None:
    """Returns the proxy among these that requests chooses for an address."""
    if not proxies:
        return None
    import requests

    return requests.utils.select_proxy(url, proxies) or None
