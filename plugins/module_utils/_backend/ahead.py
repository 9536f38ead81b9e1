# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads the next page of a list while one is used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic

from .._errors import ServiceError
from .paging import Entry, ReadPage


class Ahead(Generic[Entry]):
    """Reads one page ahead in a thread."""

    def __init__(self, read: ReadPage[Entry]) -> None:
        self._read = read
        self._pool = ThreadPoolExecutor(1)
        self._page: Future[tuple[Sequence[Entry], str | None]] = Future()

    def start(self, mark: str | None, problem: ServiceError | None) -> None:
        """Begins to read the page of a token, unless there is none, or a problem with it."""
        if problem is not None:
            self._page = Future()
            self._page.set_exception(problem)
        elif mark is not None:
            self._page = self._pool.submit(self._read, mark)

    def result(self) -> tuple[Sequence[Entry], str | None]:
        """Returns the page. Raises the problem, or what reading it raised."""
        return self._page.result()

    def close(self) -> None:
        """Ends the thread."""
        # Whoever stops does not wait for a page that nobody uses.
        self._pool.shutdown(wait=False, cancel_futures=True)
