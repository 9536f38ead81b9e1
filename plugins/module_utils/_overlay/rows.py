# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rows of the service below, with changes laid over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from .._model import Placeholder


class HasId(Protocol):
    @property
    def id(self) -> str:
        """Returns what the row is known by."""


Row = TypeVar("Row", bound=HasId)


class Rows(Generic[Row]):
    """One kind of resource: reads go through, once each; changes stay here.

    A placeholder is never asked for below: what it stands for exists only here.
    """

    def __init__(self, read_all: Callable[[], list[Row]], read_one: Callable[[str], Row | None]) -> None:
        self._read_all = read_all
        self._read_one = read_one
        self._below: dict[str, Row | None] = {}
        self._complete = False
        self._changed: dict[str, Row | None] = {}

    def all(self) -> list[Row]:
        if not self._complete:
            self._below = {row.id: row for row in self._read_all()}
            self._complete = True
        return self.over([row for row in self._below.values() if row is not None])

    def get(self, row_id: str) -> Row | None:
        if row_id in self._changed:
            return self._changed[row_id]
        if isinstance(row_id, Placeholder):
            return None
        if row_id not in self._below:
            # A list may leave out what a read of one shows: a device that nobody claimed is not in the tenant's list.
            self._below[row_id] = self._read_one(row_id)
        return self._below[row_id]

    def known(self, row_id: str) -> Row | None:
        """As `get`, without asking below for what a complete list did not have."""
        return self._changed.get(row_id) if self._complete and row_id not in self._below else self.get(row_id)

    def put(self, row: Row) -> None:
        self._changed[row.id] = row

    def drop(self, row_id: str) -> None:
        self._changed[row_id] = None

    def forget(self, row_ids: Iterable[str]) -> None:
        """Takes back what was put for these; and what was read so far, which may be so no longer."""
        for row_id in row_ids:
            self._changed.pop(row_id, None)
        self._below, self._complete = {}, False

    @property
    def touched(self) -> bool:
        return bool(self._changed)

    @property
    def complete(self) -> bool:
        return self._complete

    def over(self, below: list[Row]) -> list[Row]:
        """The rows given, as changed here, and all rows that were put here."""
        merged: dict[str, Row | None] = {row.id: row for row in below}
        merged.update(self._changed)
        return [row for row in merged.values() if row is not None]
