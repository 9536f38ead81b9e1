# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reading ahead in lists of several pages."""

from __future__ import annotations

import threading
from itertools import islice

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._backend.paging import entries
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound, ServiceError

Page = tuple[list[int], "str | None"]


class Pages:
    """Pages of two numbers each; `asked` has the number of each page as it is asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[int] = []
        self.third = threading.Event()

    def __call__(self, mark: str | None) -> Page:
        number = int(mark or 0)
        self.asked.append(number)
        if number == 2:
            self.third.set()
        return [2 * number, 2 * number + 1], None if number + 1 == self.count else str(number + 1)


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_each_page_is_read_once_and_in_order(count: int) -> None:
    pages = Pages(count)
    assert list(entries(pages, "listing")) == list(range(2 * count))
    assert pages.asked == list(range(count))


def test_next_page_is_read_while_one_is_used() -> None:
    pages = Pages(5)
    found = entries(pages, "listing")
    assert list(islice(found, 3)) == [0, 1, 2]
    assert pages.third.wait(10), "the third page is not read before the second one is used up"
    assert list(found) == [3, 4, 5, 6, 7, 8, 9]


def test_first_page_alone_costs_one_request() -> None:
    pages = Pages(5)
    assert list(islice(entries(pages, "listing"), 2)) == [0, 1]
    assert pages.asked == [0]


def test_error_of_a_page_is_raised_after_the_entries_before_it() -> None:
    def read(mark: str | None) -> Page:
        if mark == "2":
            raise NotFound("Gone.")
        number = int(mark or 0)
        return [number], str(number + 1)

    found = entries(read, "listing")
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(NotFound, match="Gone"):
        next(found)


def test_token_that_repeats_is_not_read_again() -> None:
    asked: list[str | None] = []

    def read(mark: str | None) -> Page:
        asked.append(mark)
        return [len(asked)], "same"

    with pytest.raises(ServiceError, match="same continuation token twice"):
        list(entries(read, "listing"))
    assert asked == [None, "same"]


def test_reader_that_stops_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    found = entries(Pages(100), "listing")
    assert next(islice(found, 3, None)) == 3
    found.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
