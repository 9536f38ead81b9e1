# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rows of the service below, with changes over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.azsphere.fleet.plugins.module_utils._model import Placeholder, Product
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.rows import Rows

KETTLE, TOASTER = Product("a1", "Kettle"), Product("a2", "Toaster")


@dataclass
class Below:
    """What is below, and how often it was asked. `hidden` is told one by one only."""

    listed: Sequence[Product] = (KETTLE, TOASTER)
    hidden: Sequence[Product] = ()
    lists: int = 0
    asked: tuple[str, ...] = ()

    def all(self) -> list[Product]:
        self.lists += 1
        return list(self.listed)

    def one(self, row_id: str) -> Product | None:
        self.asked += (row_id,)
        return next((row for row in (*self.listed, *self.hidden) if row.id == row_id), None)

    def rows(self) -> Rows[Product]:
        return Rows(self.all, self.one)


def test_each_thing_is_read_once() -> None:
    below = Below()
    rows = below.rows()
    assert rows.get("a1") == rows.get("a1") == KETTLE
    assert rows.get("a9") is rows.get("a9") is None
    assert rows.all() == rows.all() == [KETTLE, TOASTER]
    assert rows.get("a2") == TOASTER
    assert (below.lists, below.asked) == (1, ("a1", "a9"))


def test_a_list_may_leave_out_what_a_read_of_one_shows() -> None:
    below = Below(hidden=(Product("a3", "Hidden"),))
    rows = below.rows()
    assert len(rows.all()) == 2
    assert rows.get("a3") == Product("a3", "Hidden")


def test_changes_lie_over_what_is_below() -> None:
    rows = Below().rows()
    changed = replace(KETTLE, description="hot")
    new = Product(Placeholder("product", "Mixer"), "Mixer")
    rows.put(changed)
    rows.put(new)
    rows.drop("a2")
    assert rows.all() == [changed, new]
    assert (rows.get("a1"), rows.get("a2"), rows.get(new.id)) == (changed, None, new)
    assert rows.touched


def test_a_placeholder_is_never_asked_for_below() -> None:
    below = Below()
    assert below.rows().get(Placeholder("product", "Mixer")) is None
    assert below.asked == ()


def test_only_the_rows_given_lie_under_the_changes() -> None:
    rows = Below().rows()
    rows.put(replace(TOASTER, description="brown"))
    assert [row.description for row in rows.over([TOASTER])] == ["brown"]
    assert not rows.complete
