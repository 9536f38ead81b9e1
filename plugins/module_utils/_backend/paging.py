# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads lists page by page: the complete list, or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
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
    """Yields all entries of a list. From the second page on, the next page is read while one is used.

    Raises ServiceError when the list cannot be read to its end.
    """
    progress = _Progress(doing)
    page, mark = read(None)
    problem = progress.after(page, mark)
    yield from page
    if mark is None:
        return
    # Most lists have one page.
    from .ahead import Ahead

    with closing(Ahead(read)) as ahead:
        # Whoever needs the first page only must not pay for another one.
        ahead.start(mark, problem)
        while mark is not None:
            page, mark = ahead.result()
            ahead.start(mark, progress.after(page, mark))
            yield from page


class _Progress:
    """What was read of a list so far."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._seen: set[str] = set()
        self._empty = 0
        self._count = 0

    def after(self, page: Sequence[object], mark: str | None) -> ServiceError | None:
        """Returns why the list cannot be completed after this page, None if it can."""
        self._count += len(page)
        self._empty = 0 if page else self._empty + 1
        if mark is None:
            return None
        if self._count > MOST_ENTRIES or len(self._seen) >= MOST_PAGES:
            what = f"the service gave more than {MOST_ENTRIES} entries or {MOST_PAGES} pages"
        elif self._empty > MOST_EMPTY:
            what = "the service returned too many empty pages"
        elif not (mark.isascii() and mark.isprintable()):
            what = "the service returned a continuation token that no request can carry"
        elif mark in self._seen:
            what = "the service returned the same continuation token twice"
        else:
            self._seen.add(mark)
            return None
        return _incomplete(f"While {self._doing}, {what}")


def _incomplete(problem: str) -> ServiceError:
    return ServiceError(
        f"{problem}: the list cannot be completed.",
        code="repeated_page",
        hint="Run the task again. If it fails again, the service is at fault.",
    )
