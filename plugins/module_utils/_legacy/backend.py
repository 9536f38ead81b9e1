# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all endpoints share: paths, replies, and the hint that belongs to a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .._errors import Forbidden, InvalidInput, NotFound
from .._http.message import ReadOperations, Reply
from .._http.session import Session
from . import wire
from .paging import entries

#: Entries on a page that are asked for where lists grow long; the default of the one list that has a documented one.
PAGE_SIZE = 1000
#: What a session that only reads may send.
READ_OPERATIONS = ReadOperations([("GET", "*"), ("HEAD", "*")])


def segment(text: str) -> str:
    """One segment of a path, percent-encoded. Raises InvalidInput for what a path cannot hold."""
    if text.strip(".") == "":
        raise InvalidInput(f'"{text}" cannot be the name of anything in the service.')
    return quote(text, safe="")


class Backend:
    """The session, the tenant, and how to ask."""

    def __init__(
        self, session: Session, tenant: str | None, warn: Callable[[str], None], debug: Callable[[str], None]
    ) -> None:
        self._session = session
        self._tenant_option = tenant
        self._warn = warn
        self._debug = debug

    def _call(self, method: str, path: str, doing: str, **options: Any) -> Reply:
        """Sends a request; a refusal for want of a role says so. Options as those of Session.request."""
        self._debug(f"{method} {path} ({doing})")
        try:
            return self._session.request(method, path, doing, **options)
        except Forbidden as error:
            error.hint = error.hint or (
                "Check the role of this account in the tenant: a Reader looks at things, a Contributor claims, makes "
                "and deploys, an Administrator also deletes and manages users."
            )
            raise

    def _write(self, method: str, path: str, doing: str, **options: Any) -> Any:
        """Sends a write and returns the body of its confirmation, None when it is empty.

        Raises AmbiguousWrite for a success that cannot be understood, such as a page of a proxy: it is none.
        """
        return self._call(method, path, doing, **options).confirmation()

    def _read(self, path: str, doing: str, **options: Any) -> Any:
        """The body of a GET."""
        return self._call("GET", path, doing, **options).json()

    def _find(self, path: str, doing: str, **options: Any) -> Mapping[str, Any] | None:
        """The object of a GET, None when it is not there."""
        try:
            return wire.body_of(self._read(path, doing, **options), doing)
        except NotFound:
            return None

    def _entries(
        self, path: str, doing: str, page_size: int | None = None, **options: Any
    ) -> Iterator[Mapping[str, Any]]:
        """The entries of a list, page by page. What holds the list was there: 404 means the tenant or the role."""

        def ask(query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
            return self._read(path, doing, query=query, headers=headers, **options)

        try:
            yield from entries(ask, doing, page_size)
        except NotFound as error:
            error.hint = error.hint or (
                "Check the GUIDs in use, the tenant's first of all, and that this account holds a role in the tenant: "
                "one that is too low may show as not found."
            )
            raise
