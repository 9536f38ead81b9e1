# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A person signs in by device code, in two tasks: one shows the code, the other waits until it was entered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from .._deadline import Deadline
from .._errors import DeadlineExceeded, SignInError
from .._login import Account, LoginState, PendingLogin
from .cache import open_cache
from .claims import account_of, written
from .credential import issued
from .errors import sign_in_error
from .libraries import msal_session
from .options import AuthOptions, check_own_client
from .user import SignInStore

_DOING = "signing in by device code"
_START = "Start a sign-in first, with azsphere.fleet.login and state: started."
#: A code that ends within so many seconds is not handed out again.
_TOO_LATE = 60


class DeviceCodeLogin:
    """The real sign-in. Everything that it keeps is in the token cache's folder."""

    def __init__(self, options: AuthOptions, warn: Callable[[str], None]) -> None:
        """Raises InvalidInput for half a client application of one's own, all methods SignInError without a folder."""
        check_own_client(options)
        self._options = options
        self._cache = open_cache(options, warn)

    @cached_property
    def _kept(self) -> SignInStore:
        return SignInStore(self._options, self._cache)

    def state(self) -> LoginState:
        if self._cache.path is not None and not self._cache.exists:
            return LoginState(None, None)
        with self._kept.locked():
            flow = self._flow(0)
            return LoginState(_pending(flow) if flow else None, self._account())

    def start(self) -> PendingLogin:
        with self._kept.locked():
            flow = self._flow(_TOO_LATE)
            if flow is None:
                with self._application() as application:
                    flow = application.initiate_device_flow([self._options.people_scope])
                if "user_code" not in flow:
                    raise self._refused(flow)
                self._kept.keep_pending(flow)
            return _pending(flow)

    def finish(self, deadline: Deadline) -> Account:
        # Not under the lock while it waits: other tasks may want the account that there is.
        with self._kept.locked():
            flow, account = self._flow(None), self._account()
            if account is not None and flow is not None and _over(flow):
                # Nobody can enter that code any more: who is signed in stays so, as `state` says.
                self._kept.drop_pending()
                return account
        if flow is None:
            if account is None:
                raise SignInError(
                    "Signing in by device code failed: none was started.", code="not_started", hint=_START
                )
            return account
        answer, serialized = self._wait(flow, deadline)
        if answer.get("error") in ("authorization_pending", "slow_down"):
            if _over(flow):
                raise self._refused({"error": "expired_token"})
            raise DeadlineExceeded(
                f"Signing in is not done after {deadline.seconds:g} seconds: nobody has entered the code "
                f"{flow['user_code']} at {_pending(flow).verification_url} yet.",
                code="authorization_pending",
                hint="Enter it and run this task again, or raise wait_timeout.",
            )
        with self._kept.locked():
            self._kept.drop_pending()
            if "access_token" not in answer:
                raise self._refused(answer, flow["device_code"])
            self._kept.keep_account(serialized)
            account = self._account()
        self._kept.keep_token(issued(answer["access_token"], answer.get("expires_in")))
        return account or account_of(answer["access_token"], "user")

    def forget(self) -> None:
        self._kept.forget()

    def _wait(self, flow: dict[str, Any], deadline: Deadline) -> tuple[dict[str, Any], str]:
        """Returns msal's last reply, and its cache with nobody else's account in it."""
        with msal_session(self._options, self._options.people_directory, _DOING, None) as (msal, arguments):
            kept = msal.SerializableTokenCache()
            application = msal.PublicClientApplication(self._options.people_client, token_cache=kept, **arguments)
            answer = application.acquire_token_by_device_flow(
                flow, exit_condition=lambda flow: deadline.passed or _over(flow)
            )
        return answer, kept.serialize()

    @contextmanager
    def _application(self) -> Iterator[Any]:
        with msal_session(self._options, self._options.people_directory, _DOING, None) as (msal, arguments):
            yield msal.PublicClientApplication(self._options.people_client, **arguments)

    def _refused(self, answer: dict[str, Any], secret: str | None = None) -> SignInError:
        return sign_in_error(_DOING, answer, self._options.people_client, [secret], self._options.audience.api)

    def _flow(self, margin: int | None) -> dict[str, Any] | None:
        """Returns the pending sign-in if it lasts for so many seconds more; with None even when it is over."""
        flow = self._kept.pending()
        return None if flow is not None and margin is not None and _over(flow, margin) else flow

    def _account(self) -> Account | None:
        return self._kept.signed_in_account()


def _over(flow: dict[str, Any], margin: float = 0) -> bool:
    """Returns whether its code ends within so many seconds."""
    return bool(flow["expires_at"] < time.time() + margin)


def _pending(flow: dict[str, Any]) -> PendingLogin:
    return PendingLogin(
        user_code=str(flow["user_code"]),
        verification_url=str(flow.get("verification_uri") or flow.get("verification_url") or ""),
        message=str(flow.get("message") or ""),
        expires_on=written(flow["expires_at"]),
    )
