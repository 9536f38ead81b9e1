# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Answers that no service should give end in one sentence, and nothing of theirs is taken for what it is not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._http.download import fetch
from ansible_collections.azsphere.fleet.plugins.module_utils._http.errors import scrub
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy import wire
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.paging import entries


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00+24:00", "0000-00-00T00:00:00+00:00", "9999-12-31T23:59:59-01:00"]
)
def test_a_time_that_cannot_be_is_shown_as_it_came(text: str) -> None:
    assert wire.date_of(text) == text


@pytest.mark.parametrize("read", [wire.tenant, wire.own_id, wire.image, wire.device])
def test_an_object_without_id_is_nothing(read: Any) -> None:
    with pytest.raises(ServiceError, match=r"without (Id|DeviceId)"):
        read({})


def test_digits_that_are_no_number_are_a_name() -> None:
    assert wire.enum_name({2: "Complete"}, "\u00b2") == "\u00b2"
    assert wire.insight({"DeviceId": "0a" * 64, "EventCount": "\u00b2"}).count == 1


@pytest.mark.parametrize("value", [5, "text", [5]])
def test_no_list_is_no_list(value: Any) -> None:
    with pytest.raises(ServiceError, match=r"is not a (list|JSON object)"):
        wire.listed(value, "listing")


def test_the_words_of_an_operation_are_as_tame_as_those_of_an_answer() -> None:
    words = "see https://blob.example/x?sig=SECRET&x=1\n\x1b[31mred " + "long " * 1000
    found = wire.operation({"OperationId": "a", "State": 3, "Error": {"Code": 0, "Message": words}})
    assert found.error is not None
    assert found.error.message is not None
    assert "SECRET" not in found.error.message
    assert found.error.message.isprintable()
    assert len(found.error.message) < 1000


def test_signs_that_cannot_be_printed_are_left_out() -> None:
    assert scrub("\x00\x1b[31mred\x07 and\u2028 blue") == "[31mred and blue"


def test_empty_pages_come_to_an_end() -> None:
    numbers = count()

    def ask(_query: Mapping[str, str], _headers: Mapping[str, str]) -> Any:
        return {"Items": [], "ContinuationToken": str(next(numbers))}

    with pytest.raises(ServiceError, match="too many empty pages"):
        list(entries(ask, "listing"))
    assert next(numbers) < 1000


@pytest.mark.parametrize("token", ["caf\u00e9 \u4f60", "two\r\nlines"])
def test_a_continuation_token_that_no_header_can_hold_is_refused(token: str) -> None:
    with pytest.raises(ServiceError, match="cannot be completed"):
        list(entries(lambda _query, _headers: {"Items": [{}], "ContinuationToken": token}, "listing"))


@pytest.mark.parametrize("address", ["https://[bad", "https://host:99999/x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises((InvalidInput, FleetError), match="not a web address"):
        fetch(address, lambda _piece: None, verify=True, timeout=1, doing="downloading")
