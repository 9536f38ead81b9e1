# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Paging of the Public API v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._backend import paging
from .._errors import ServiceError
from .wire import member

#: Reads a page: takes query parameters and headers, returns the parsed body.
Ask = Callable[[Mapping[str, str], Mapping[str, str]], Any]

CONTINUATION = "Sphere-Continuation"


def entries(ask: Ask, doing: str, page_size: int | None = None) -> Iterator[Mapping[str, Any]]:
    """Returns all entries of a list, page by page as they are asked for (FACTS: paging).

    Takes `{"Items": [...], "ContinuationToken": ...}` and a bare array. `page_size` is optional for the server: if it
    rejects it, the page is read without it. Raises ServiceError when a list cannot be read to its end.
    """
    query = {} if page_size is None else {"maxPageSize": str(page_size)}

    def read(token: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
        headers = {} if token is None else {CONTINUATION: token}
        try:
            body = ask(query, headers)
        except ServiceError as error:
            if not (error.status == 400 and query and token is None):
                raise
            query.clear()
            body = ask(query, headers)
        return _page(body, doing)

    return paging.entries(read, doing)


def _page(body: Any, doing: str) -> tuple[list[Mapping[str, Any]], str | None]:
    found: Any = body
    token: Any = None
    if isinstance(body, dict) and any(name.lower() == "items" for name in body):
        found, token = member(body, "Items") or [], member(body, "ContinuationToken")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ServiceError(f"While {doing}, the reply of the service is not a list.", code="unexpected")
    return found, None if token in (None, "") else str(token)
