# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A bare session for sign-in and downloads: time-out, TLS and proxies done right, short retries, and no redirects.

The service's own session is another matter (throttle, deadline, read-only lock); this one never sees the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._errors import MissingLibrary, Unreachable
from .errors import connection_trouble

if TYPE_CHECKING:
    import requests

#: Seconds that a `Retry-After` of the sign-in service is obeyed for at most: longer is an error, not a wait.
LONGEST_PAUSE = 20.0


@dataclass(frozen=True)
class Attempt:
    """What is being done ("signing in as ..."), to what, and the option that names the server: for messages."""

    doing: str
    option: str
    target: str | None = None


def plain_session(
    verify: bool | str, timeout: float, *, environment: bool = True, attempt: Attempt | None = None
) -> requests.Session:
    """A requests session for a few calls that are not to the service.

    :param verify: true, false, or the path of a bundle of authorities; a path wins over `REQUESTS_CA_BUNDLE`.
    :param timeout: seconds between two bytes of the answer; a connection must be there within ten of them.
    :param environment: whether proxies are taken from the environment; never for a metadata service nearby.
    :param attempt: what failures are told as: with it, no answer, 429 and 5xx raise Unreachable from any request.

    429 and 5xx are tried three times again, a lost connection once: asking for a token twice does no harm. `.netrc` is
    not read, and redirects are not followed, since requests carry secrets. Raises MissingLibrary.
    """
    try:
        import requests
        import urllib3
        from requests.adapters import HTTPAdapter
    except ImportError as error:
        raise MissingLibrary("requests", "sign in") from error

    class PlainSession(requests.Session):
        def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
            # On each request, since REQUESTS_CA_BUNDLE wins over a path that only the session has.
            kwargs.update(verify=verify, timeout=(min(timeout, 10.0), timeout), allow_redirects=False)
            if attempt is None:
                return super().request(method, url, *args, **kwargs)
            host = urlsplit(str(url)).netloc
            try:
                response = super().request(method, url, *args, **kwargs)
            except requests.RequestException as error:
                trouble = connection_trouble(error, host, timeout, attempt.doing, attempt.target, attempt.option)[0]
                # Without a cause: it carries the request, and with it the secret, into any traceback.
                raise trouble from None
            if response.status_code == 429 or response.status_code >= 500:
                raise Unreachable(
                    f"While {attempt.doing}, {host} was out of order (HTTP {response.status_code}).",
                    code="unavailable",
                    status=response.status_code,
                    target=attempt.target,
                    retriable=True,
                    hint="Try again later.",
                )
            return response

    class ShortRetry(urllib3.Retry):
        def get_retry_after(self, response: Any) -> float | None:
            asked = super().get_retry_after(response)
            return None if asked is None else min(asked, LONGEST_PAUSE)

    if verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session = PlainSession()
    session.trust_env = environment
    # Without an auth of its own a session looks into ~/.netrc and would send what it finds there.
    session.auth = lambda request: request
    policy = ShortRetry(
        total=3,
        connect=1,
        read=1,
        other=0,
        backoff_factor=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=policy))
    return session
