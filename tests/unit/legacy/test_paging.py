# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Lists come whole, or as an error (FACTS: paging)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.paging import entries

PAGE = 10


class Pages:
    """A list as the service gives it, with a token for each page but the first."""

    def __init__(self, count: int, end: Mapping[str, Any], largest: int | None = None) -> None:
        self.things = [{"Id": number} for number in range(count)]
        self.end = end
        self.largest = largest
        self.asked: list[tuple[Mapping[str, str], Mapping[str, str]]] = []

    def __call__(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        self.asked.append((dict(query), dict(headers)))
        size = int(query.get("maxPageSize", PAGE))
        if self.largest is not None and size > self.largest:
            raise ServiceError("Too large a page.", status=400)
        start = int(headers.get("Sphere-Continuation", "token 0").split()[1])
        more = start + size < len(self.things)
        return {
            "Items": self.things[start : start + size],
            **({"ContinuationToken": f"token {start + size}"} if more else self.end),
        }


@pytest.mark.parametrize("end", [{"ContinuationToken": None}, {}, {"ContinuationToken": ""}], ids=str)
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_pages_return_each_entry_once_in_order(count: int, end: Mapping[str, Any]) -> None:
    pages = Pages(count, end)
    assert list(entries(pages, "listing")) == pages.things
    assert len(pages.asked) == max(1, -(-count // PAGE))
    assert pages.asked[0][1] == {}


def test_page_size_is_sent_with_every_page() -> None:
    pages = Pages(12, {}, largest=5)
    assert len(list(entries(pages, "listing", 5))) == 12
    assert [query for query, _headers in pages.asked] == [{"maxPageSize": "5"}] * 3


def test_rejected_page_size_is_left_out() -> None:
    pages = Pages(25, {}, largest=PAGE)
    assert len(list(entries(pages, "listing", 1000))) == 25
    assert [query for query, _headers in pages.asked] == [{"maxPageSize": "1000"}, {}, {}, {}]


def test_bare_array_is_a_complete_list() -> None:
    assert list(entries(lambda _query, _headers: [{"Id": 1}, {"Id": 2}], "listing")) == [{"Id": 1}, {"Id": 2}]


def test_pages_are_fetched_lazily() -> None:
    pages = Pages(3 * PAGE, {})
    found = entries(pages, "listing")
    assert pages.asked == []
    next(found)
    assert len(pages.asked) == 1


def test_repeated_continuation_token_is_an_error() -> None:
    def stuck(_query: Mapping[str, str], _headers: Mapping[str, str]) -> Any:
        return {"Items": [{"Id": 1}], "ContinuationToken": "again"}

    with pytest.raises(ServiceError, match=r"While listing, .*same continuation token"):
        list(entries(stuck, "listing"))


def test_error_on_a_later_page_fails_the_list() -> None:
    def breaks(_query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        if headers:
            raise NotFound("Gone.", status=400)
        return {"Items": [{"Id": 1}], "ContinuationToken": "next"}

    with pytest.raises(NotFound):
        list(entries(breaks, "listing", 5))


@pytest.mark.parametrize("body", [None, "text", 5, {}, {"Things": []}, {"Items": 3}, [1], {"Items": ["x"]}], ids=str)
def test_invalid_list_is_not_read_as_empty(body: Any) -> None:
    with pytest.raises(ServiceError, match="is not a list"):
        list(entries(lambda _query, _headers: body, "listing"))


def test_member_names_are_case_insensitive() -> None:
    assert list(entries(lambda _query, _headers: {"items": [{"id": 1}]}, "listing")) == [{"id": 1}]
    assert list(entries(lambda _query, _headers: {"Items": None}, "listing")) == []


@pytest.mark.parametrize("items", [[{"Id": 1}], [{"Id": 1}] * 1000])
def test_endless_pages_with_entries_are_an_error(items: list[Mapping[str, Any]]) -> None:
    numbers = count()
    with pytest.raises(ServiceError, match="the list cannot be completed"):
        deque(
            entries(lambda _query, _headers: {"Items": items, "ContinuationToken": f"t{next(numbers)}"}, "listing"), 0
        )
