# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Checks of what would keep a request from being sent: addresses, proxies, header values, timeouts.

Each raises before anything leaves this machine, and repeats no value that could hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import urlsplit

from .._errors import InvalidInput, MissingLibrary

#: Seconds. The longest timeout that makes sense, and far below what sockets can take.
LONGEST_TIMEOUT = 86_400.0
PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
#: Characters that no address holds; urlsplit would drop some of them silently.
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f\\<>\"{}|^`]")
_HEADER_VALUE = re.compile(r"[\x21-\x7e\xa0-\xff]([\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?")


def is_address(address: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Returns whether a request could be sent to this address: scheme, host and port are valid."""
    if _NOT_IN_ADDRESSES.search(address):
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        # The codec that sockets use: it refuses empty labels and those above 63 characters.
        valid_host = 0 < len(host.encode("idna")) <= 253
    except ValueError:
        return False
    # Only an IPv6 address has a percent sign, before its zone.
    return parts.scheme.lower() in schemes and valid_host and port != 0 and ("%" not in host or ":" in host)


def check_address(address: str, name: str) -> None:
    """Raises InvalidInput naming the option or variable for an address that no request can be sent to."""
    if not is_address(address):
        raise InvalidInput(
            f"Invalid {name}: its scheme, host or port is not valid.",
            code="invalid_address",
            hint=f"Set {name} to an address such as https://HOST.",
        )


def check_timeout(seconds: float) -> None:
    """Raises InvalidInput for a request_timeout that sockets cannot take."""
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise InvalidInput(
            f"Invalid request_timeout {seconds:g}: use more than 0 and at most {LONGEST_TIMEOUT:.0f} seconds.",
            code="invalid_timeout",
        )


def is_header_value(text: str) -> bool:
    """Returns whether HTTP can carry the text as the value of a header."""
    return _HEADER_VALUE.fullmatch(text) is not None


def is_token(text: str) -> bool:
    """Returns whether the text can be a bearer token: visible ASCII characters only."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def check_headers(headers: Mapping[str, str], doing: str, target: str | None = None) -> None:
    """Raises InvalidInput for a header value that HTTP cannot carry, without repeating it."""
    for name, value in headers.items():
        if not is_header_value(value):
            raise InvalidInput(
                f"While {doing}, nothing was sent: the header {name} would have characters that HTTP does not allow.",
                code="invalid_header",
                target=target,
                hint="Run the task again; if it fails again, the service gave that value.",
            )


def check_proxy(address: str, variable: str) -> None:
    """Raises InvalidInput for a proxy variable that holds no address, MissingLibrary for SOCKS without PySocks."""
    whole = address if "://" in address else f"http://{address}"
    if not is_address(whole, PROXY_SCHEMES):
        raise InvalidInput(
            f"Invalid proxy address in the environment variable {variable}: its scheme, host or port is not valid.",
            code="invalid_proxy",
            hint=f"Set {variable} to an address such as http://HOST:PORT, or unset it.",
        )
    if urlsplit(whole).scheme.lower().startswith("socks") and find_spec("socks") is None:
        raise MissingLibrary("PySocks", f"use the SOCKS proxy in the environment variable {variable}")


def shown_host(address: str) -> str:
    """Returns host and port of an address, without the user and password before them."""
    try:
        return urlsplit(address if "://" in address else f"http://{address}").netloc.rpartition("@")[2]
    except ValueError:
        return "the address"
