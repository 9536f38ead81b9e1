# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Forms of browsers and OAuth clients."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from starlette.requests import Request

from .errors import OAuthError


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; the first value of each field counts."""
    pairs = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return dict(reversed(pairs))


def answers_challenge(form: dict[str, str]) -> bool:
    """Return whether the request contains the claims of a challenge: those of the access token. Raises OAuthError."""
    try:
        claims = json.loads(form.get("claims") or "{}")
    except ValueError:
        raise OAuthError("invalid_request", 900235, "The claims parameter is not valid JSON.") from None
    wanted = claims.get("access_token") if isinstance(claims, dict) else None
    return isinstance(wanted, dict) and "nbf" in wanted
