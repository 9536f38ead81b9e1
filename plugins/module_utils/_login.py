# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Signing in as a port: who a task is, and a person who signs in by device code in two tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ._deadline import Deadline


@dataclass(frozen=True)
class Account:
    """Whom a token stands for. `expires_on` is ISO 8601 in UTC with a Z; what is not known is None."""

    source: str
    username: str | None = None
    object_id: str | None = None
    directory_id: str | None = None
    client_id: str | None = None
    expires_on: str | None = None

    @property
    def address(self) -> str | None:
        """What Azure Sphere calls this account: a person's name, or `<object id>@<directory id>.onmicrosoft.com`.

        Source: FACTS, section 3 (service principals are users under a made-up address).
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
    """What a person has to do: enter the code on the page before `expires_on` (ISO 8601, UTC). `message` says so."""

    user_code: str
    verification_url: str
    message: str
    expires_on: str


@dataclass(frozen=True)
class LoginState:
    """A sign-in that waits for its person, and who is signed in. Both may be."""

    pending: PendingLogin | None
    account: Account | None


class Login(Protocol):
    """The sign-in of one person, for one directory and client application."""

    def state(self) -> LoginState:
        """As it is kept on disk: nobody is asked whether it still holds."""

    def start(self) -> PendingLogin | None:
        """The sign-in that waits for its person, or a new one. None when only the service could say."""

    def finish(self, deadline: Deadline) -> Account | None:
        """Waits until the person has signed in. None when only the service could say who it is.

        Raises SignInError when the person declined, came too late or is not welcome, or when nothing was started, and
        DeadlineExceeded.
        """

    def forget(self) -> None:
        """Nobody is signed in any more, and nothing waits."""


class PlannedLogin:
    """What would come of it, for a check run: reads the real one and keeps every change to itself."""

    def __init__(self, real: Login) -> None:
        self._real = real
        self._planned: LoginState | None = None

    def state(self) -> LoginState:
        return self._real.state() if self._planned is None else self._planned

    def start(self) -> PendingLogin | None:
        return self.state().pending

    def finish(self, deadline: Deadline) -> Account | None:
        """Nobody signed in and nothing under way is no error: the task before may have been to start it."""
        del deadline
        state = self.state()
        return None if state.pending is not None else state.account

    def forget(self) -> None:
        self._planned = LoginState(None, None)
