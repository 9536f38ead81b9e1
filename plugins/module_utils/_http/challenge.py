# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims challenges: a rejection that says what the next token must have (continuous access evaluation)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping

_CLAIMS = re.compile(r'\bclaims="([A-Za-z0-9+/_=-]{1,8192})"')


def claims_of(headers: Mapping[str, str]) -> str | None:
    """Returns the claims (JSON) that a reply challenges for; None without a valid challenge."""
    found = _CLAIMS.search(headers.get("WWW-Authenticate", ""))
    if found is None:
        return None
    text = found[1].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        claims = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except (binascii.Error, ValueError):
        return None
