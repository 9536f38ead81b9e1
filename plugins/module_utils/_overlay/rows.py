# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rows of the service below, with the changes of the overlay."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


def _same(value: Any) -> Any:
    return value


class Rows(Generic[Key, Row]):
    """One kind of resource: each is read once from below; changes stay here.

    What is renamed here keeps its old key below, and what is made here has none there.

    :param key: returns what a row is known by.
    :param down: returns the key below of a row that was not changed here; None when it cannot exist there.
    :param up: returns a row of the service below as it is here; None when it is gone with what it belongs to.
    :param exhaustive: whether the list shows everything that a read of one shows.
    """

    def __init__(
        self,
        read_all: Callable[[], Sequence[Row]],
        read_one: Callable[[Key], Row | None],
        key: Callable[[Row], Key],
        down: Callable[[Key], Key | None] = _same,
        up: Callable[[Row], Row | None] = _same,
        exhaustive: bool = False,
    ) -> None:
        self._read_all = read_all
        self._read_one = read_one
        self._key = key
        self._down = down
        self._up = up
        self._exhaustive = exhaustive
        self._below: dict[Key, Row | None] = {}
        self._complete = False
        self._changed: dict[Key, Row | None] = {}
        self._origins: dict[Key, Key] = {}
        self._renamed: dict[Key, Key] = {}
        self._dropped: set[Key] = set()

    def all(self) -> list[Row]:
        if not self._complete:
            self._below = {self._key(row): row for row in self._read_all()}
            self._complete = True
        return self.over([row for row in self._below.values() if row is not None])

    def get(self, key: Key) -> Row | None:
        if key in self._changed:
            return self._changed[key]
        below = self._down(key)
        if below is None:
            return None
        if below not in self._below:
            # A list may lack what a single read shows: the list of a tenant lacks unclaimed devices.
            asked = not (self._complete and self._exhaustive)
            self._below[below] = self._read_one(below) if asked else None
        found = self._below[below]
        return None if found is None else self.seen(found)

    def seen(self, row: Row) -> Row | None:
        """Returns the current state of a row of the service below; None if it was removed."""
        key = self._key(row)
        self._below[key] = row
        if key in self._dropped:
            return None
        if key in self._renamed:
            return self._changed.get(self._renamed[key])
        found = self._up(row)
        return None if found is None else self._changed.get(self._key(found), found)

    def known(self, key: Key) -> Row | None:
        """Like `get`, but does not ask the service below for rows that a complete list lacked."""
        return self._changed.get(key) if self._complete and key not in self._below else self.get(key)

    def add(self, row: Row) -> None:
        """Adds a new row."""
        key = self._key(row)
        self._changed[key] = row
        self._origins.pop(key, None)

    def change(self, key: Key, row: Row) -> None:
        """Replaces an existing row by one that may have another key."""
        below, new = self.below(key), self._key(row)
        if new != key:
            self._changed[key] = None
            self._origins.pop(key, None)
        self._changed[new] = row
        self._set_origin(new, below)

    def drop(self, key: Key) -> None:
        below = self.below(key)
        if below is not None:
            self._dropped.add(below)
        self._changed[key] = None
        self._origins.pop(key, None)

    def purge(self, belongs: Callable[[Key], bool]) -> None:
        """Removes all changes of rows whose owner was removed."""
        for key in [key for key in self._changed if belongs(key)]:
            del self._changed[key]
            self._origins.pop(key, None)
        self._renamed = {below: key for below, key in self._renamed.items() if not belongs(key)}

    def follow(self, renamed: Callable[[Key], Key], relabelled: Callable[[Row], Row]) -> None:
        """Updates the keys of changed rows after their owner was renamed."""
        self._origins = {renamed(key): below for key, below in self._origins.items()}
        self._renamed = {below: renamed(key) for below, key in self._renamed.items()}
        self._changed = {renamed(key): row and relabelled(row) for key, row in self._changed.items()}

    def forget(self, keys: Iterable[Key]) -> None:
        """Reverts the changes of these rows, and forgets what was read so far, which may be outdated."""
        for key in keys:
            self._changed.pop(key, None)
        self._below, self._complete = {}, False

    @property
    def touched(self) -> bool:
        return bool(self._changed)

    @property
    def complete(self) -> bool:
        return self._complete

    @property
    def changed(self) -> list[Row]:
        """Returns the rows that were added or changed."""
        return [row for row in self._changed.values() if row is not None]

    def below(self, key: Key) -> Key | None:
        """Returns the key of a row in the service below; None if it exists only in the overlay."""
        return self._origins.get(key) if key in self._changed else self._down(key)

    def current(self, below: Key) -> Key | None:
        """Returns the key in the overlay of a row of the service below; None if it was removed."""
        if below in self._dropped:
            return None
        key = self._renamed.get(below, below)
        row = self._changed.get(key)
        return key if row is None or self._origins.get(key) != below else self._key(row)

    def over(self, below: Iterable[Row]) -> list[Row]:
        """Returns the given rows in their current state, and all rows that were added or changed."""
        found = [row for each in below if (row := self.seen(each)) is not None]
        merged: dict[Key, Row | None] = {self._key(row): row for row in found}
        merged.update(self._changed)
        return [row for row in merged.values() if row is not None]

    def _set_origin(self, key: Key, below: Key | None) -> None:
        if below is None:
            self._origins.pop(key, None)
            return
        self._origins[key] = below
        if below == key:
            self._renamed.pop(below, None)
        else:
            self._renamed[below] = key
