# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options in, the service out. Nothing is sent, and no token is asked for, before the first verb is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ._auth.choose import open_tokens
from ._auth.login import DeviceCodeLogin
from ._auth.options import AuthOptions
from ._auth.tokens import Tokens
from ._deadline import seconds
from ._errors import InvalidInput, printable
from ._http.session import Session, Settings
from ._legacy.backend import READ_OPERATIONS
from ._legacy.service import LegacyService
from ._login import Account, Login, PlannedLogin
from ._service import Service

DEFAULT_API_URL = "https://prod.core.sphere.azure.net"
#: Seconds for one request, seconds for all retries of one request, and requests under way together.
DEFAULT_REQUEST_TIMEOUT = 30.0
DEFAULT_RETRY_TIMEOUT = 120.0
DEFAULT_CONCURRENCY = 16
MOST_CONCURRENCY = 64


class Connection:
    """The service and what was spent on it."""

    def __init__(self, session: Session, service: Service, tokens: Tokens) -> None:
        self._session = session
        self._tokens = tokens
        self.service = service

    def api(self) -> dict[str, Any]:
        """What every result carries as `api`."""
        spent = self._session.statistics
        return {
            "requests": spent.requests,
            "retries": spent.retries,
            "throttled_seconds": round(spent.throttled_seconds, 3),
            "token_source": self._tokens.source,
        }

    def account(self) -> Account:
        """Who this is, by its token; asks for one if there is none yet. Raises SignInError."""
        return self._tokens.account()

    def close(self) -> None:
        self._session.close()


def open_connection(
    params: Mapping[str, Any], *, read_only: bool, warn: Callable[[str], None], debug: Callable[[str], None]
) -> Connection:
    """The service that the connection options describe.

    :param params: the options of the connection, and `concurrency` (1 to 64); what is missing or None has its default.
    :param read_only: whether anything but GET and HEAD is refused before it is sent.

    Raises InvalidInput for options that cannot be right, SignInError when there are no credentials.
    """

    def warn_safely(text: str) -> None:
        warn(printable(text))

    auth = AuthOptions.from_params(params)
    settings = Settings(
        api_url=_api_url(params.get("api_url") or DEFAULT_API_URL),
        verify=auth.verify,
        request_timeout=seconds(params, "request_timeout", DEFAULT_REQUEST_TIMEOUT),
        retry_timeout=seconds(params, "retry_timeout", DEFAULT_RETRY_TIMEOUT, least=0.0),
        concurrency=_concurrency(params.get("concurrency")),
    )
    tokens = open_tokens(auth, warn_safely)
    session = Session(settings, tokens, read_only=read_only, reads=READ_OPERATIONS)
    tenant = str(params.get("tenant") or "").strip() or None
    return Connection(session, LegacyService(session, tenant, warn_safely, lambda text: debug(printable(text))), tokens)


def open_login(params: Mapping[str, Any], *, read_only: bool, warn: Callable[[str], None]) -> Login:
    """The sign-in of a person that the connection options describe; with `read_only` one that changes nothing.

    Raises InvalidInput for options that cannot be right, SignInError without a place to keep a sign-in in.
    """
    login = DeviceCodeLogin(AuthOptions.from_params(params), lambda text: warn(printable(text)))
    return PlannedLogin(login) if read_only else login


def _api_url(value: Any) -> str:
    url = str(value).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        raise InvalidInput(
            f"The api_url ({url.rpartition('@')[2]}) is no address: its host or port cannot be one.",
            hint=f"Leave it out for {DEFAULT_API_URL}, or give https://HOST.",
        ) from None
    if parts.scheme.lower() != "https" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        # The value is not repeated where it could hold a password.
        shown = parts.netloc.rpartition("@")[2] or "the value given"
        raise InvalidInput(
            f"The api_url ({shown}) is no plain https address.",
            hint=f"Leave it out for {DEFAULT_API_URL}, or give https://HOST.",
        )
    return url


def _concurrency(value: Any) -> int:
    number = DEFAULT_CONCURRENCY if value is None else int(value)
    if not 1 <= number <= MOST_CONCURRENCY:
        raise InvalidInput(f"The option concurrency has to be from 1 to {MOST_CONCURRENCY}, not {number}.")
    return number
