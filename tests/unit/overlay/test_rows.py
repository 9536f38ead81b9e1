# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rows of the service below, with changes over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Product
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.rows import Rows

KETTLE, TOASTER = Product(ProductRef("Kettle"), id="a1"), Product(ProductRef("Toaster"), id="a2")


@dataclass
class Below:
    """The rows below, and how often they were read. `hidden` is returned by reads of one row only."""

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

    def rows(self) -> Rows[str, Product]:
        return Rows(self.all, self.one, lambda row: row.id or "")


def test_each_thing_is_read_once() -> None:
    below = Below()
    rows = below.rows()
    assert rows.get("a1") == rows.get("a1") == KETTLE
    assert rows.get("a9") is rows.get("a9") is None
    assert rows.all() == rows.all() == [KETTLE, TOASTER]
    assert rows.get("a2") == TOASTER
    assert (below.lists, below.asked) == (1, ("a1", "a9"))


def test_list_can_omit_rows_that_single_reads_return() -> None:
    below = Below(hidden=(Product(ProductRef("Hidden"), id="a3"),))
    rows = below.rows()
    assert len(rows.all()) == 2
    assert rows.get("a3") == Product(ProductRef("Hidden"), id="a3")


def test_changes_lie_over_what_is_below() -> None:
    rows = Below().rows()
    changed = replace(KETTLE, description="hot")
    new = Product(ProductRef("Mixer"), id="a4")
    rows.change("a1", changed)
    rows.add(new)
    rows.drop("a2")
    assert rows.all() == [changed, new]
    assert (rows.get("a1"), rows.get("a2"), rows.get("a4")) == (changed, None, new)
    assert rows.touched


def test_renamed_row_keeps_its_old_key_below() -> None:
    below = Below()
    rows = below.rows()
    rows.change("a1", replace(KETTLE, id="a9"))
    assert (rows.get("a1"), rows.below("a9"), rows.current("a1")) == (None, "a1", "a9")
    rows.add(KETTLE)
    assert (rows.below("a1"), rows.current("a1")) == (None, "a9")
    assert {row.id for row in rows.all()} == {"a1", "a2", "a9"}
    rows.drop("a9")
    assert (rows.get("a9"), rows.current("a1")) == (None, None)
    assert {row.id for row in rows.all()} == {"a1", "a2"}


def test_complete_list_makes_single_reads_unnecessary() -> None:
    below = Below()
    rows: Rows[str, Product] = Rows(below.all, below.one, lambda row: row.id or "", exhaustive=True)
    assert len(rows.all()) == 2
    assert rows.get("a9") is None
    assert below.asked == ()


def test_only_the_rows_given_lie_under_the_changes() -> None:
    rows = Below().rows()
    rows.change("a2", replace(TOASTER, description="brown"))
    assert [row.description for row in rows.over([TOASTER])] == ["brown"]
    assert not rows.complete
