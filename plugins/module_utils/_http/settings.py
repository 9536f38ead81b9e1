# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a session is given: where the service is, how to talk to it, and where its tokens come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .pace import BucketOf, unpublished


class Identity(Protocol):
    """Whom a token is for."""

    @property
    def address(self) -> str | None:
        """What the service calls this account, None when it is not known."""

    @property
    def object_id(self) -> str | None:
        """Its GUID in the directory, None when it is not known."""


class TokenSource(Protocol):
    """Where the session's token comes from."""

    @property
    def source(self) -> str:
        """The value of auth_source in force."""

    def token(self) -> str:
        """Returns a bearer token, from a cache where there is one. Raises SignInError."""

    def renew(self, rejected: str, claims: str | None = None, /) -> str:
        """Returns another token than the rejected one. Raises SignInError."""

    def account(self) -> Identity:
        """Returns whom the token is for."""


@dataclass(frozen=True)
class Settings:
    """Where the service is and how to talk to it. Times in seconds.

    `verify` is true, false, or the path of a bundle of certificate authorities. `request_timeout` is for one whole
    request, of which a connection gets ten seconds at most; `retry_timeout` for all retries of one request together.
    `concurrency` is the upper bound of requests under way at a time.
    `error_codes` are what the numbers in failures of the API stand for, from zero on; `hints`, what to do about its
    codes and statuses; `bucket_of`, which published rate limit a request counts against.
    """

    api_url: str
    verify: bool | str = True
    request_timeout: float = 60.0
    retry_timeout: float = 120.0
    concurrency: int = 32
    error_codes: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    bucket_of: BucketOf = unpublished
