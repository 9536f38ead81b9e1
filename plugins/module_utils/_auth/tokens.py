# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors
"""The token that requests carry: from memory, from the cache, or fetched once for all threads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from .._errors import FleetError
from .cache import Slot, TokenCache
from .credential import AccessToken, Credential
from .store import StoreUnusable

if TYPE_CHECKING:
    from .._login import Account


class Tokens:
    """Tokens of one identity, shared by threads. Nothing is sent before the first token is needed.

    Signing in is retried like any request. When it fails for good, all threads that waited for it get its error.
    """

    def __init__(self, credential: Credential, cache: TokenCache) -> None:
        self._credential = credential
        self._cache = cache
        self._lock = threading.Lock()
        self._current: AccessToken | None = None
        self._failure: FleetError | None = None
        self._failures = 0
        self._undated: str | None = None

    def __repr__(self) -> str:
        return f"Tokens(source={self.source!r})"

    @property
    def source(self) -> str:
        """The value of `auth_source` that the tokens come from."""
        return self._credential.source

    def token(self) -> str:
        """Returns an access token that lasts for a while. Raises SignInError, Unreachable or MissingLibrary."""
        current = self._current
        if current is not None and self._good(current):
            return current.secret
        return self._replace(current.secret if current is not None else None, fresh=False)

    def renew(self, rejected: str, claims: str | None = None) -> str:
        """Returns another token in place of one that the service rejected (401).

        :param claims: the claims challenge in the rejection (JSON), if there was one.

        However many threads and processes report the same token, one new one is fetched. Raises as `token`.
        """
        return self._replace(rejected, fresh=True, claims=claims)

    def account(self) -> Account:
        """Returns who this is, as far as the token says. Fetches a token if there is none yet."""
        # Few tasks ask.
        from .claims import account_of

        secret = self.token()
        current = self._current
        return account_of(secret, self.source, current.expires_on if current is not None else None)

    def _replace(self, old: str | None, fresh: bool, claims: str | None = None) -> str:
        failures = self._failures
        with self._lock:
            if self._failure is not None and self._failures != failures:
                # It failed while this thread waited for it: another attempt would only multiply the wait.
                raise self._failure
            current = self._current
            if current is None or current.secret == old or not self._good(current):
                try:
                    self._current = current = self._obtain(old, fresh, claims)
                    if not current.usable(time.time()):
                        # Just issued, and over by this machine's clock: the service decides, by a 401.
                        self._undated = current.secret
                except FleetError as error:
                    self._failure, self._failures = error, self._failures + 1
                    raise
            return current.secret

    def _good(self, token: AccessToken) -> bool:
        return token.usable(time.time()) or token.secret == self._undated

    def _obtain(self, old: str | None, fresh: bool, claims: str | None) -> AccessToken:
        slot = self._cache.slot(self._credential.identity())
        if slot is not None:
            try:
                kept = self._kept(slot, old)
                if kept is not None:
                    return kept
                with slot.locked():
                    return self._kept(slot, old) or self._fetch(slot, fresh, claims)
            except StoreUnusable as problem:
                self._cache.warn(problem)
        return self._credential.acquire(fresh, claims)

    def _kept(self, slot: Slot, old: str | None) -> AccessToken | None:
        kept = slot.read()
        if kept is None or kept.secret == old or not kept.usable(time.time()):
            return None
        return kept

    def _fetch(self, slot: Slot, fresh: bool, claims: str | None) -> AccessToken:
        token = self._credential.acquire(fresh, claims)
        try:
            slot.write(token)
        except StoreUnusable as problem:
            self._cache.warn(problem)
        return token
