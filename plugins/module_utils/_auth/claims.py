# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a token says of itself. For people to see, never to decide anything: nothing here is verified."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timezone
from typing import Any

from .._login import Account

#: Unix seconds: the end of the year 9999, the last moment that can be written down.
LATEST = 253402300799


def claims(token: str) -> dict[str, Any]:
    """Returns the claims of a JSON web token, empty when it is none."""
    try:
        body = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def account_of(token: str, source: str, expires_on: int | None = None) -> Account:
    """Returns the account of a token. `expires_on`, in Unix seconds, is used when the token has no end of its own."""
    said = claims(token)

    def first(*names: str) -> str | None:
        return next((value for name in names if isinstance(value := said.get(name), str) and value), None)

    end = expiry(token) or expires_on
    return Account(
        source=source,
        username=first("preferred_username", "upn", "unique_name", "email"),
        object_id=first("oid"),
        directory_id=first("tid"),
        client_id=first("azp", "appid"),
        expires_on=None if end is None or end > LATEST else written(end),
    )


def written(moment: float) -> str:
    """Returns Unix seconds as ISO 8601 in UTC with a Z."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def expiry(token: str) -> int | None:
    """Returns when the token ends, in Unix seconds, if it says so."""
    end = claims(token).get("exp")
    return int(end) if isinstance(end, (int, float)) and 0 < end <= LATEST else None
