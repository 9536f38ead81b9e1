# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Replies that did not come: whom the request went to, and whether it may have arrived."""

from __future__ import annotations

import http.client
import sys
from typing import NamedTuple

from .._errors import FleetError
from .bounded import Progress, TooLarge, UnknownEncoding


class Peer(NamedTuple):
    """Whom a request goes to, and what for: for messages.

    `host` has no user or password; `option` names the option or variable that chose it; `timeout` is in seconds.
    """

    host: str
    doing: str
    target: str | None = None
    option: str = "api_url"
    timeout: float = 60.0
    connect_timeout: float = 10.0
    verify: bool | str = True
    proxy: str | None = None


class Failure(NamedTuple):
    """The error for a reply that did not come; `lasting`: another attempt would fail in the same way."""

    error: FleetError
    lasting: bool


class LostReply(Exception):
    """No reply came. `sent` says whether the request may have arrived nevertheless."""

    def __init__(self, failure: Failure, sent: bool) -> None:
        super().__init__(failure.error.message)
        self.error: FleetError = failure.error
        self.lasting = failure.lasting
        self.sent = sent


def failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions that keep a reply from coming. Those of requests are among them: each is an OSError."""
    common = (http.client.HTTPException, OSError, ValueError, OverflowError, TooLarge, UnknownEncoding)
    # Who has not imported urllib3 gets none of its exceptions.
    urllib3 = sys.modules.get("urllib3")
    return common if urllib3 is None else (urllib3.exceptions.HTTPError, *common)


def lost_reply(error: Exception, peer: Peer, progress: Progress) -> LostReply:
    """Returns the error for one of `failures`."""
    # Most tasks need no message.
    from .failures import connection_failure

    return LostReply(connection_failure(error, peer, progress.sent), progress.sent)
