# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads lists page by page: the complete list, or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from .._errors import ServiceError

Entry = TypeVar("Entry")
#: Reads the page of a continuation token (None: the first page). Returns its entries and the token of the next page,
#: None after the last one.
ReadPage: TypeAlias = Callable[["str | None"], tuple[Sequence[Entry], "str | None"]]

#: Consecutive empty pages after which reading stops.
MOST_EMPTY = 100
#: Entries of one list, and pages: beyond any tenant, and within the memory of a machine.
MOST_ENTRIES = 1_000_000
MOST_PAGES = 20_000


def entries(read: ReadPage[Entry], doing: str) -> Iterator[Entry]:
    """Yields all entries of a list, page by page as they are asked for.

    Raises ServiceError when the list cannot be read to its end.
    """
    mark: str | None = None
    seen: set[str] = set()
    empty = count = 0
    while True:
        page, mark = read(mark)
        count += len(page)
        yield from page
        if mark is None:
            return
        empty = 0 if page else empty + 1
        if count > MOST_ENTRIES or len(seen) >= MOST_PAGES:
            raise _incomplete(f"While {doing}, the service gave more than {MOST_ENTRIES} entries or {MOST_PAGES} pages")
        if empty > MOST_EMPTY or not (mark.isascii() and mark.isprintable()):
            raise _incomplete(f"While {doing}, the service returned too many empty pages")
        if mark in seen:
            raise _incomplete(f"While {doing}, the service returned the same continuation token twice")
        seen.add(mark)


def _incomplete(problem: str) -> ServiceError:
    return ServiceError(
        f"{problem}: the list cannot be completed.",
        code="repeated_page",
        hint="Run the task again. If it fails again, the service is at fault.",
    )
