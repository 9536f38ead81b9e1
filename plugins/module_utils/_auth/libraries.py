# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""msal, imported when it is needed, with a session of our own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from .._errors import MissingLibrary
from .._http.plain import Attempt, PlainSession
from .errors import understood
from .options import AuthOptions


def load_msal() -> Any:
    """Returns the module msal. Raises MissingLibrary."""
    try:
        import msal
    except ImportError as error:
        raise MissingLibrary("msal", "sign in", error) from error
    # Its log repeats whole replies and tracebacks, which Python would print, or Ansible write to its log file.
    logging.getLogger("msal").setLevel(logging.CRITICAL + 1)
    return msal


@contextmanager
def msal_session(
    options: AuthOptions, directory: str, doing: str, target: str | None
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yields msal and the arguments of its application objects; failures inside are reported as `doing` that failed.

    Raises Unreachable when the sign-in service gives no usable reply within `retry_timeout`.
    """
    msal = load_msal()
    host = urlsplit(options.authority_host)
    known = host.hostname in msal.authority.WELL_KNOWN_AUTHORITY_HOSTS
    attempt = Attempt(doing, "authority_host", target)
    with (
        PlainSession(
            attempt,
            verify=options.verify,
            timeout=options.request_timeout,
            retry_timeout=options.retry_timeout,
        ) as session,
        understood(doing, options.authority_host, target),
    ):
        yield (
            msal,
            {
                "authority": options.authority(directory),
                "http_client": session,
                # Microsoft's own hosts vouch for each other; nobody asks them about another one.
                "instance_discovery": None if known else False,
            },
        )
