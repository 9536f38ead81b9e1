# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Opens the service from options. Nothing is sent, and no token is requested, before the first verb is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ._auth.choose import open_tokens
from ._auth.login import DeviceCodeLogin
from ._auth.options import AuthOptions
from ._auth.tokens import Tokens
from ._environment import Environment
from ._errors import InvalidInput
from ._http.session import Session, Settings
from ._legacy.client import READ_OPERATIONS
from ._legacy.service import LegacyService
from ._legacy.wire import ERROR_CODES, FAILURE_HINTS
from ._login import Account, Login, PlannedLogin
from ._options import OPTIONS, completed, host_of
from ._service import Service

#: Requests in progress at the same time, at most: with more, this process is what they wait for (make bench).
DEFAULT_CONCURRENCY = 32
MOST_CONCURRENCY = 64
NO_ENVIRONMENT = Environment()
_VERSION = re.compile(r"(/+v2)?/*\Z", re.IGNORECASE)


class Connection:
    """The service and what its use has cost."""

    def __init__(self, session: Session, service: Service, tokens: Tokens) -> None:
        self._session = session
        self._tokens = tokens
        self.service = service

    def api(self) -> dict[str, Any]:
        """Returns what every result has as `api`."""
        spent = self._session.statistics
        return {
            "requests": spent.requests,
            "retries": spent.retries,
            "throttled_seconds": round(spent.throttled_seconds, 3),
            "token_source": self._tokens.source,
        }

    def account(self) -> Account:
        """Returns whom the token is for; requests one if there is none yet. Raises SignInError."""
        return self._tokens.account()

    def close(self) -> None:
        self._session.close()


def open_connection(
    params: Mapping[str, Any],
    *,
    read_only: bool,
    warn: Callable[[str], None],
    debug: Callable[[str], None],
    environment: Environment = NO_ENVIRONMENT,
) -> Connection:
    """Returns the service that the connection options describe. Sends nothing.

    :param params: the options of the connection, and `concurrency` (1 to 64); what is missing or blank has its default.
    :param read_only: whether anything but GET and HEAD is refused before it is sent.
    :param environment: where managed identities, the Azure CLI and the token cache are found; no option comes from it.

    Raises InvalidInput for invalid options, SignInError when there are no credentials.
    """
    options = completed(params, environment)
    auth = AuthOptions.from_params(params, environment)
    settings = Settings(
        api_url=_api_url(options["api_url"]),
        verify=auth.verify,
        request_timeout=options["request_timeout"],
        retry_timeout=options["retry_timeout"],
        concurrency=_concurrency(params.get("concurrency")),
        error_codes=ERROR_CODES,
        hints=FAILURE_HINTS,
    )
    tokens = open_tokens(auth, warn)
    session = Session(settings, tokens, read_only=read_only, reads=READ_OPERATIONS)
    return Connection(session, LegacyService(session, options["tenant"], debug), tokens)


def open_login(
    params: Mapping[str, Any],
    *,
    read_only: bool,
    warn: Callable[[str], None],
    environment: Environment = NO_ENVIRONMENT,
) -> Login:
    """Returns the sign-in of a person that the connection options describe; with `read_only` one that changes nothing.

    Raises InvalidInput for invalid options, SignInError without a directory to keep a sign-in in.
    """
    login = DeviceCodeLogin(AuthOptions.from_params(params, environment), warn)
    return PlannedLogin(login) if read_only else login


def _api_url(value: str) -> str:
    """The address that paths such as /v2/tenants are added to: a version at its end is taken off."""
    try:
        parts = urlsplit(value)
        plain = parts.port != 0 and parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or parts.query or parts.fragment:
        # User, password, path and query are not repeated: they could hold a secret.
        raise InvalidInput(
            f"Invalid api_url ({host_of(value)}): not a plain https address.",
            hint=f"Leave it out for {OPTIONS['api_url'].default}, or use https://HOST.",
        )
    if "/v2/" in _VERSION.sub("", parts.path).lower():
        raise InvalidInput(
            f"Invalid api_url ({host_of(value)}): it has the path of a request.", hint="Use the part before /v2/."
        )
    return f"{parts.scheme}://{parts.netloc}{_VERSION.sub('', parts.path)}"


def _concurrency(value: Any) -> int:
    number = DEFAULT_CONCURRENCY if value is None else int(value)
    if not 1 <= number <= MOST_CONCURRENCY:
        raise InvalidInput(
            f"Invalid concurrency {number}: out of range.", hint=f"Use a number from 1 to {MOST_CONCURRENCY}."
        )
    return number
