# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A bare session for sign-in: time-out, TLS and proxies done right, short retries, and no redirects.

The service's own session is another matter (throttle, deadline, read-only lock); this one never sees the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import MissingLibrary

if TYPE_CHECKING:
    import requests

#: Seconds that a `Retry-After` of the sign-in service is obeyed for at most: longer is an error, not a wait.
LONGEST_PAUSE = 20.0


def plain_session(verify: bool | str, timeout: float, *, environment: bool = True) -> requests.Session:
    """A requests session for a few calls to a sign-in service.

    :param verify: true, false, or the path of a bundle of authorities; a path wins over `REQUESTS_CA_BUNDLE`.
    :param timeout: seconds between two bytes of the answer; a connection must be there within ten of them.
    :param environment: whether proxies are taken from the environment; never for a metadata service nearby.

    429 and 5xx are tried three times again, a lost connection once: asking for a token twice does no harm. After that
    they raise requests' HTTPError. `.netrc` is not read, and redirects are not followed, since requests carry secrets.
    Raises MissingLibrary.
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
            response = super().request(method, url, *args, **kwargs)
            if response.status_code == 429 or response.status_code >= 500:
                response.raise_for_status()
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
