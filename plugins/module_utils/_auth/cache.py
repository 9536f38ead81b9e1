# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tokens kept between tasks: one file for each identity, and a lock that makes parallel tasks fetch one token."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from .._environment import Environment
from .._http.checks import is_token
from .credential import AccessToken
from .options import AuthOptions
from .store import PrivateFolder, StoreUnusable

_SALT = "salt"
_FORMAT = 1


def cache_path(option: str | None, environment: Environment) -> str | None:
    """Returns the folder that the option `token_cache` means; None for `none`.

    One that still begins with ~ belongs to a user without a home.
    """
    if option is not None and option.lower() == "none":
        return None
    base = environment.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    path = environment.expand(option or os.path.join(base, "azsphere.fleet"))
    return path if path.startswith("~") else environment.absolute(path)


def open_cache(options: AuthOptions, warn: Callable[[str], None]) -> TokenCache:
    """Returns the token cache that the options describe."""
    return TokenCache(
        options.token_cache,
        warn,
        options.environment,
        patience=options.retry_timeout,
        verified=options.validate_certs,
    )


class TokenCache:
    """The folder of kept tokens, opened when first needed. If it cannot be used: one warning, and no caching.

    Waiting for a lock ends after `patience` seconds. `verified` says whether servers prove who they are: tokens of
    those that did not are kept apart.
    """

    def __init__(
        self,
        option: str | None,
        warn: Callable[[str], None],
        environment: Environment,
        *,
        patience: float = 120.0,
        verified: bool = True,
    ) -> None:
        self.path = cache_path(option, environment)
        self.patience = patience
        self._verified = verified
        self._warn = warn
        self._warned: set[str] = set()

    @property
    def exists(self) -> bool:
        """Whether there is a folder already: looking for something in it need not create one."""
        return self.path is not None and os.path.lexists(self.path)

    @cached_property
    def folder(self) -> PrivateFolder | None:
        if self.path is None:
            return None
        try:
            if self.path.startswith("~"):
                raise StoreUnusable(f"{self.path}: this user has no home folder")
            return PrivateFolder(self.path)
        except StoreUnusable as problem:
            self.warn(problem)
            return None

    def warn(self, problem: StoreUnusable) -> None:
        text = f"Tokens are not cached: {problem}."
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)

    def name(self, parts: Sequence[str]) -> str | None:
        """Returns a file name that depends on the parts and reveals nothing of them; None without a usable folder."""
        if self.folder is None:
            return None
        try:
            salt = self._salt(self.folder)
        except StoreUnusable as problem:
            self.warn(problem)
            return None
        return hmac.new(
            salt, json.dumps([*parts, *([] if self._verified else ["unverified"])]).encode(), hashlib.sha256
        ).hexdigest()[:32]

    def slot(self, identity: Sequence[str] | None) -> Slot | None:
        """Returns where the tokens of one identity are kept; None when they are not."""
        if identity is None or self.folder is None:
            return None
        name = self.name(identity)
        return Slot(self.folder, name, self.patience) if name is not None else None

    def _salt(self, folder: PrivateFolder) -> bytes:
        # With a salt that stays in the private folder, nobody who sees file names can try out secrets on them.
        found = folder.read(_SALT)
        if found is None or len(found) != 32:
            if found is not None:
                folder.remove(_SALT)
            folder.write_first(_SALT, secrets.token_bytes(32))
            found = folder.read(_SALT) or b""
        return found


class Slot:
    """The kept token of one identity. All methods raise StoreUnusable.

    Reading needs no lock, as files are replaced as a whole; whoever fetches and writes a token holds it.
    """

    def __init__(self, folder: PrivateFolder, name: str, patience: float) -> None:
        self._patience = patience
        self._folder = folder
        self._name = name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock. Raises StoreBusy when it is not free in time."""
        with self._folder.locked(f"{self._name}.lock", self._patience):
            yield

    def read(self) -> AccessToken | None:
        """Returns the kept token, None when there is none or it is damaged."""
        kept = self._folder.read_object(f"{self._name}.token")
        if kept is None or kept.get("format") != _FORMAT:
            return None
        token, expires_on, issued_on = (kept.get(name) for name in ("access_token", "expires_on", "issued_on"))
        if not (isinstance(token, str) and is_token(token)):
            return None
        if not (isinstance(expires_on, int) and isinstance(issued_on, int)):
            return None
        return AccessToken(token, expires_on, issued_on)

    def write(self, token: AccessToken) -> None:
        """A token without a known end is not kept."""
        if token.expires_on is None:
            return
        kept = {
            "format": _FORMAT,
            "access_token": token.secret,
            "expires_on": token.expires_on,
            "issued_on": token.issued_on,
        }
        self._folder.write(f"{self._name}.token", json.dumps(kept).encode())

    def remove(self) -> bool:
        return self._folder.remove(f"{self._name}.token")
