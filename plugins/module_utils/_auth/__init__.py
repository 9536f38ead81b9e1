# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Signing in: options in, tokens out. The only room that knows msal, loaded only when a token must be fetched."""

from __future__ import annotations

from collections.abc import Callable

from .._login import Account
from .cache import TokenCache
from .choose import choose
from .options import AUTH_SOURCES, SECRET_OPTIONS, AuthOptions, pasted_secrets
from .tokens import Tokens

__all__ = ["AUTH_SOURCES", "SECRET_OPTIONS", "Account", "AuthOptions", "Tokens", "open_tokens", "pasted_secrets"]


def open_tokens(options: AuthOptions, warn: Callable[[str], None]) -> Tokens:
    """Tokens by the way of signing in that the options describe. Sends nothing yet.

    Raises InvalidInput for credentials that are only half there, SignInError when there are none.
    """
    cache = TokenCache(options.token_cache, warn)
    return Tokens(choose(options, cache), cache)
