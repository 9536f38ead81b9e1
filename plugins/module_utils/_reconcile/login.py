# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Ensures the state of the sign-in of a person: started, present or absent."""

from __future__ import annotations

from typing import Any

from .._deadline import Deadline
from .._login import Account, Login, LoginState, PendingLogin
from .._model.values import Placeholder
from .._views.result import Result, difference

_ACCOUNT = tuple(Account("user").as_dict())
_PENDING = ("user_code", "verification_url", "message", "expires_on")


def started(login: Login) -> Result:
    """Ensures that a sign-in is pending; returns the code of one that is already pending."""
    before = login.state()
    pending = login.start()
    after = LoginState(pending, before.account)
    new = before.pending is None or pending is None or pending.user_code != before.pending.user_code
    return _result(new, before, after, {**_pending_values(pending), "account": _account_values(before.account)})


def present(login: Login, deadline: Deadline) -> Result:
    """Ensures that a person is signed in: waits for a pending sign-in, or keeps the existing one.

    Raises SignInError if the sign-in fails, DeadlineExceeded if nobody entered the code in time.
    """
    before = login.state()
    account = login.finish(deadline)
    changed = before.pending is not None or before.account is None
    values = {"account": _planned("account", _ACCOUNT) if account is None else _account_values(account)}
    return _result(changed, before, LoginState(None, account), values, unknown=account is None)


def absent(login: Login) -> Result:
    """Ensures that nobody is signed in and no sign-in is pending."""
    before = login.state()
    changed = before != LoginState(None, None)
    if changed:
        login.forget()
    return _result(changed, before, LoginState(None, None), {"account": None})


def _result(
    changed: bool, before: LoginState, after: LoginState, values: dict[str, Any], unknown: bool = False
) -> Result:
    if not changed:
        return Result(False, values, diff=())
    shown = [_shown(before), _shown(after)]
    if unknown:
        shown[1]["signed_in"] = Placeholder("account", "address")
    if "user_code" in values:
        shown[1]["code_waits"] = True
    return Result(True, values, diff=(difference("login", *shown),))


def _shown(state: LoginState) -> dict[str, Any]:
    # Without the code: other people than the one who signs in may see the diff.
    return {
        "signed_in": state.account.address if state.account is not None else None,
        "code_waits": state.pending is not None,
    }


def _pending_values(pending: PendingLogin | None) -> dict[str, Any]:
    if pending is None:
        return _planned("login", _PENDING)
    return {name: getattr(pending, name) for name in _PENDING}


def _account_values(account: Account | None) -> dict[str, Any] | None:
    return None if account is None else account.as_dict()


def _planned(kind: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: Placeholder(kind, name) for name in names}
