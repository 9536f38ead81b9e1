# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Opens the service from options. Nothing is sent, and no token is requested, before the first verb is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ._auth.choose import open_tokens
from ._auth.options import AuthOptions
from ._auth.tokens import Tokens
from ._deadline import Deadline
from ._environment import Environment
from ._errors import InvalidInput, printable
from ._http.message import ReadOperations
from ._http.session import Session
from ._http.settings import Settings
from ._options import API_URLS, INTEGRATED, LEGACY, OPTIONS, PLACES, completed, host_of, joined
from ._progress import Spending

if TYPE_CHECKING:
    from ._login import Account, Login
    from ._service import Service

#: Requests in progress at the same time, at most: with more, this process is what they wait for (make bench).
DEFAULT_CONCURRENCY = 32
MOST_CONCURRENCY = 64
NO_ENVIRONMENT = Environment()
_VERSION = re.compile(r"(/+v2)?/*\Z", re.IGNORECASE)
Debug = Callable[[str], None]


class _Backend(NamedTuple):
    """What is special to the connections of one API.

    :ivar settings: the settings of a session that the API decides.
    :ivar reads: the requests that a read-only session sends.
    :ivar open: returns the service in a session, from the connection options.
    """

    settings: Mapping[str, Any]
    reads: ReadOperations
    open: Callable[[Session, Mapping[str, Any], Debug], Service]


def _legacy() -> _Backend:
    from ._legacy import client, wire
    from ._legacy.service import LegacyService

    return _Backend(
        {"error_codes": wire.ERROR_CODES, "hints": wire.FAILURE_HINTS},
        client.READ_OPERATIONS,
        lambda session, options, debug: LegacyService(session, options["tenant"], debug),
    )


def _integrated() -> _Backend:
    from ._integrated import client
    from ._integrated.paths import CatalogPath
    from ._integrated.service import IntegratedService

    return _Backend(
        {"hints": client.FAILURE_HINTS, "bucket_of": client.bucket_of},
        client.READ_OPERATIONS,
        lambda session, options, debug: IntegratedService(
            session, CatalogPath(*(options[name] for name in PLACES[INTEGRATED])), debug
        ),
    )


#: A launched module compiles what it imports: a task loads the code for its own API only.
_BACKENDS: dict[str, Callable[[], _Backend]] = {LEGACY: _legacy, INTEGRATED: _integrated}


class Connection:
    """The service and what its use has cost."""

    def __init__(self, session: Session, open_service: Callable[[], Service], tokens: Tokens) -> None:
        self._session = session
        self._open_service = open_service
        self._tokens = tokens
        self.service = open_service()

    def api(self) -> dict[str, Any]:
        """Returns what every result has as `api`."""
        spent = self._session.statistics
        return {
            "requests": spent.requests,
            "retries": spent.retries,
            "throttled_seconds": round(self._session.throttled_seconds, 3),
            "token_source": self._tokens.source,
        }

    def forget(self) -> None:
        """Forgets what was read, and keeps the token and what is open."""
        self.service = self._open_service()

    def bind(self, deadline: Deadline) -> None:
        """Ends the retries of all further requests, and what waits for an effect, by this deadline too."""
        self._session.deadline = deadline

    def spending(self) -> Spending:
        """Returns what progress shows of the use."""
        spent = self._session.statistics
        return Spending(spent.requests, spent.throttled_seconds, printable(spent.doing), spent.since)

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
    debug: Debug,
    environment: Environment = NO_ENVIRONMENT,
) -> Connection:
    """Returns the service that the connection options describe. Sends nothing.

    :param params: the options of the connection, and `concurrency` (1 to 64); what is missing or blank has its default.
    :param read_only: whether anything but what the API declares as reading is refused before it is sent.
    :param environment: where managed identities, the Azure CLI and the token cache are found; no option comes from it.

    Raises InvalidInput for invalid or incomplete options, SignInError when there are no credentials.
    """
    options = completed(params, environment)
    _require_place(options)
    backend = _BACKENDS[options["api"]]()
    auth = AuthOptions.from_params(params, environment)
    settings = Settings(
        api_url=_api_url(options["api_url"], options["api"]),
        verify=auth.verify,
        request_timeout=options["request_timeout"],
        retry_timeout=options["retry_timeout"],
        concurrency=_concurrency(params.get("concurrency")),
        **backend.settings,
    )
    tokens = open_tokens(auth, warn)
    session = Session(settings, tokens, read_only=read_only, reads=backend.reads)
    return Connection(session, lambda: backend.open(session, options, debug), tokens)


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
    from ._auth.login import DeviceCodeLogin
    from ._login import PlannedLogin

    login = DeviceCodeLogin(AuthOptions.from_params(params, environment), warn)
    return PlannedLogin(login) if read_only else login


def _require_place(options: Mapping[str, Any]) -> None:
    """Raises InvalidInput where the options that name a catalog are missing, some of them or all.

    The tenant of the Legacy API is not required here: some tasks need none, and for the others the service lists those
    that are available.
    """
    names = PLACES[options["api"]]
    missing = [name for name in names if options[name] is None]
    if not missing or options["api"] == LEGACY:
        return
    raise InvalidInput(
        f"Incomplete connection: api {options['api']} needs {joined(names)}, and {joined(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing.",
        code="incomplete_connection",
        hint=f"Set {joined([f'{name} (or {OPTIONS[name].variables[0]})' for name in missing])}.",
    )


def _api_url(value: str, api: str) -> str:
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
            hint=f"Leave it out for {API_URLS[api]}, or use https://HOST.",
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
