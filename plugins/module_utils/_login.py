# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port for signing in: the account of a task, and people who sign in with a device code in two tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ._deadline import Deadline


@dataclass(frozen=True)
class Account:
    """The account of a token. `expires_on` is ISO 8601 in UTC with a Z; what is not known is None."""

    source: str
    username: str | None = None
    object_id: str | None = None
    directory_id: str | None = None
    client_id: str | None = None
    expires_on: str | None = None

    @property
    def address(self) -> str | None:
        """The address of this account in Azure Sphere: a person's name or `<object id>@<directory id>.onmicrosoft.com`.

        Source: FACTS, section 3 (service principals are users under a synthetic address).
        """
        if self.username:
            return self.username
        if self.object_id and self.directory_id:
            return f"{self.object_id}@{self.directory_id}.onmicrosoft.com"
        return self.object_id

    def as_dict(self) -> dict[str, str | None]:
        return {
            "source": self.source,
            "username": self.username,
            "object_id": self.object_id,
            "directory_id": self.directory_id,
            "client_id": self.client_id,
            "address": self.address,
            "expires_on": self.expires_on,
        }


@dataclass(frozen=True)
class PendingLogin:
    """A pending sign-in: the person must enter the code on the page before `expires_on` (ISO 8601, UTC).

    `message` is the instruction for the person.
    """

    user_code: str
    verification_url: str
    message: str
    expires_on: str


@dataclass(frozen=True)
class LoginState:
    """The pending sign-in and the account that is signed in; either, both or none may exist."""

    pending: PendingLogin | None
    account: Account | None


class Login(Protocol):
    """The sign-in of one person, for one directory and client application."""

    def state(self) -> LoginState:
        """Returns the state as stored on disk; does not check whether it is still valid."""

    def start(self) -> PendingLogin | None:
        """Returns the pending sign-in, or starts one. None if only the service could know."""

    def finish(self, deadline: Deadline) -> Account | None:
        """Waits until the person has signed in. Returns None if only the service could know the account.

        Raises SignInError if the person declined, was too late or is not allowed, or if no sign-in was started, and
        DeadlineExceeded.
        """

    def forget(self) -> None:
        """Signs out, and discards the pending sign-in."""


class PlannedLogin:
    """A sign-in for check mode: reads the actual one and keeps every change in memory."""

    def __init__(self, real: Login) -> None:
        self._real = real
        self._planned: LoginState | None = None

    def state(self) -> LoginState:
        return self._real.state() if self._planned is None else self._planned

    def start(self) -> PendingLogin | None:
        return self.state().pending

    def finish(self, deadline: Deadline) -> Account | None:
        """Returns None if nothing is pending: in a real run an earlier task may have started it."""
        del deadline
        state = self.state()
        return None if state.pending is not None else state.account

    def forget(self) -> None:
        self._planned = LoginState(None, None)
