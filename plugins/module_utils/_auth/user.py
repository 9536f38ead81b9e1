# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A person who signed in once (see `login`) and whose sign-in is renewed silently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .._errors import SignInError
from .._login import Account
from .cache import TokenCache
from .claims import LATEST
from .credential import AccessToken, issued
from .errors import sign_in_error
from .libraries import msal_session
from .options import AuthOptions
from .store import PrivateFolder, StoreBusy, StoreUnusable

_SIGN_IN = "Sign in with azsphere.fleet.login (state: started, then state: present)."


class SignInStore:
    """What is kept of a person between tasks: msal's own cache and a pending sign-in, under one lock."""

    def __init__(self, options: AuthOptions, cache: TokenCache) -> None:
        """Raises SignInError without a folder to keep it in."""
        parts = ["user", options.authority(options.people_directory), options.people_client, options.people_scope]
        name, slot = cache.name(parts), cache.slot(parts)
        if cache.folder is None or name is None or slot is None:
            wanted = "token_cache is none" if cache.path is None else f"{cache.path} cannot be used"
            raise SignInError(
                f"Signing in as a person needs a folder to keep the sign-in in, and {wanted}.",
                code="no_token_cache",
                hint="Give token_cache a folder that is yours alone (mode 0700).",
            )
        self._folder: PrivateFolder = cache.folder
        self._patience = cache.patience
        self._name = name
        self.identity = parts
        self.client_id = options.people_client
        self._slot = slot

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock. Raises SignInError, also when it is not free in time.

        Whoever holds the lock of the token's slot may take this one, never the other way round.
        """
        with _explained(), self._folder.locked(f"{self._name}.account.lock", self._patience):
            yield

    def account(self) -> str | None:
        """Returns msal's cache with an account in it; None when nobody is signed in or it is damaged."""
        kept = self._folder.read_object(f"{self._name}.account")
        return json.dumps(kept) if kept is not None and _accounts(kept) else None

    def signed_in_account(self) -> Account | None:
        """Returns whose sign-in is kept, as msal recorded it when the person signed in."""
        for entry in _accounts(self._folder.read_object(f"{self._name}.account") or {}):
            return Account(
                source="user",
                username=entry.get("username") or None,
                object_id=entry.get("local_account_id"),
                directory_id=entry.get("realm"),
                client_id=self.client_id,
            )
        return None

    def keep_account(self, serialized: str) -> None:
        self._folder.write(f"{self._name}.account", serialized.encode())

    def keep_token(self, token: AccessToken) -> None:
        """Replaces the token of whoever signed in before. Not to be called with the lock held: see `locked`."""
        with _explained(), self._slot.locked():
            self._slot.write(token)

    def pending(self) -> dict[str, Any] | None:
        """Returns the pending device code flow, as msal made it; None when there is none or it is damaged."""
        flow = self._folder.read_object(f"{self._name}.device-code") or {}
        end = flow.get("expires_at")
        texts = all(isinstance(flow.get(name), str) for name in ("device_code", "user_code"))
        lasts = isinstance(end, (int, float)) and 0 < end <= LATEST and isinstance(flow.get("interval"), int)
        return flow if texts and lasts else None

    def keep_pending(self, flow: dict[str, Any]) -> None:
        self._folder.write(f"{self._name}.device-code", json.dumps(flow).encode())

    def drop_pending(self) -> bool:
        return self._folder.remove(f"{self._name}.device-code")

    def forget(self) -> None:
        """Removes everything, under both locks: otherwise a task that renews the sign-in now would leave its token."""
        with _explained(), self._slot.locked(), self.locked():
            self.drop_pending()
            self._folder.remove(f"{self._name}.account")
            self._slot.remove()


def kept_secrets(serialized: str) -> list[str]:
    """Returns the secrets in msal's cache: a sign-in server that echoes one must not have it shown."""
    sections = json.loads(serialized).values()
    entries = [entry for section in sections if isinstance(section, dict) for entry in section.values()]
    found = [entry.get("secret") for entry in entries if isinstance(entry, dict)]
    return [secret for secret in found if isinstance(secret, str)]


def _accounts(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the accounts in msal's cache; none when it is damaged."""
    found = kept.get("Account")
    entries = list(found.values()) if isinstance(found, dict) else []
    return entries if all(isinstance(entry, dict) and entry.get("home_account_id") for entry in entries) else []


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except StoreBusy as problem:
        raise SignInError(
            f"The kept sign-in cannot be used: {problem}.",
            code="sign_in_busy",
            retriable=True,
            hint="Another task of this user is signing in or hangs: wait until it ends, or stop it.",
        ) from None
    except StoreUnusable as problem:
        raise SignInError(
            f"The kept sign-in cannot be used: {problem}.",
            code="no_token_cache",
            hint="Remove the file and sign in again.",
        ) from None


def signed_in(options: AuthOptions, cache: TokenCache) -> bool:
    """Returns whether somebody's sign-in is kept for this directory and client; it may have expired."""
    if not options.admits_people or not cache.exists or cache.folder is None:
        return False
    store = SignInStore(options, cache)
    with _explained():
        # Without the lock, as files are replaced as a whole.
        return store.account() is not None


@dataclass(frozen=True)
class User:
    options: AuthOptions = field(repr=False)
    cache: TokenCache = field(repr=False)

    source = "user"

    def identity(self) -> list[str]:
        return SignInStore(self.options, self.cache).identity

    def acquire(self, fresh: bool, claims: str | None = None, /) -> AccessToken:
        store = SignInStore(self.options, self.cache)
        with store.locked():
            serialized = store.account()
            if serialized is None:
                raise SignInError("Nobody is signed in.", code="not_signed_in", hint=_SIGN_IN)
            doing = "renewing the sign-in"
            with msal_session(self.options, self.options.people_directory, doing, None) as (msal, arguments):
                kept = msal.SerializableTokenCache()
                kept.deserialize(serialized)
                application = msal.PublicClientApplication(self.options.people_client, token_cache=kept, **arguments)
                account = next(iter(application.get_accounts()), None)
                doing = f"renewing the sign-in of {account.get('username')}" if account else doing
                answer = account and application.acquire_token_silent_with_error(
                    [self.options.people_scope], account=account, force_refresh=fresh, claims_challenge=claims
                )
            if kept.has_state_changed:
                store.keep_account(kept.serialize())
        if not answer:
            raise SignInError(
                "Renewing the sign-in failed: nothing is left to renew it with.", code="not_signed_in", hint=_SIGN_IN
            )
        if "access_token" not in answer:
            raise sign_in_error(doing, answer, secrets=kept_secrets(serialized), api=self.options.audience.api)
        return issued(answer["access_token"], answer.get("expires_in"))
