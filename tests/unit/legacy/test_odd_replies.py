# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Replies that are not valid end in an error of one sentence, or are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._backend.values import number_of
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._http.bounded import announced_size
from ansible_collections.azsphere.fleet.plugins.module_utils._http.download import fetch
from ansible_collections.azsphere.fleet.plugins.module_utils._http.errors import scrub
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.texts import InvalidValue, integer
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated import wire as integrated
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy import wire
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.paging import entries
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import OperationError


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00+24:00", "0000-00-00T00:00:00+00:00", "9999-12-31T23:59:59-01:00"]
)
def test_invalid_time_is_returned_unchanged(text: str) -> None:
    assert wire.date_of(text) == text


@pytest.mark.parametrize("read", [wire.tenant, wire.own_id, wire.image, wire.device])
def test_object_without_id_is_ignored(read: Any) -> None:
    with pytest.raises(ServiceError, match=r"without (Id|DeviceId)"):
        read({})


@pytest.mark.parametrize("digits", ["\u00b2", "\u0662", "9" * 5000])
def test_unreadable_digits_are_text(digits: str) -> None:
    assert wire.enum_name({2: "Complete"}, digits) == digits
    assert wire.insight({"DeviceId": "0a" * 64, "EventCount": digits}).count == 1
    assert integrated.insight({"eventCount": digits}).count == 1
    assert announced_size({"Content-Length": digits}) is None
    with pytest.raises(ServiceError, match="is not a number"):
        number_of(digits, "counting the devices")
    with pytest.raises(InvalidInput):
        wire.enum_number({2: "Complete"}, digits)
    with pytest.raises(InvalidValue):
        integer(digits)


def test_infinite_time_is_returned_unchanged() -> None:
    assert wire.unix_date(float("inf")) == "inf"


@pytest.mark.parametrize("value", [5, "text", [5]])
def test_invalid_lists_are_an_error(value: Any) -> None:
    with pytest.raises(ServiceError, match=r"is not a (list|JSON object)"):
        wire.listed(value, "listing")


def test_operation_errors_are_scrubbed_like_replies() -> None:
    words = "see https://blob.example/x?sig=SECRET&x=1\n\x1b[31mred " + "long " * 1000
    found = wire.operation({"OperationId": "a", "State": 3, "Error": {"Code": 0, "Message": words}})
    assert found.error is not None
    assert found.error.message is not None
    assert "SECRET" not in found.error.message
    assert found.error.message.isprintable()
    assert len(found.error.message) < 1000


def test_unprintable_characters_are_removed() -> None:
    assert scrub("\x00\x1b[31mred\x07 and\u2028 blue") == "[31mred and blue"


def test_endless_empty_pages_are_an_error() -> None:
    numbers = count()

    def ask(_query: Mapping[str, str], _headers: Mapping[str, str]) -> Any:
        return {"Items": [], "ContinuationToken": str(next(numbers))}

    with pytest.raises(ServiceError, match="too many empty pages"):
        list(entries(ask, "listing"))
    assert next(numbers) < 1000


@pytest.mark.parametrize("token", ["caf\u00e9 \u4f60", "two\r\nlines"])
def test_continuation_token_invalid_in_a_header_is_rejected(token: str) -> None:
    with pytest.raises(ServiceError, match="no request can carry: the list cannot be completed"):
        list(entries(lambda _query, _headers: {"Items": [{}], "ContinuationToken": token}, "listing"))


@pytest.mark.parametrize("address", ["https://[bad", "https://host:99999/x"])
def test_invalid_address_is_rejected(address: str) -> None:
    with pytest.raises((InvalidInput, FleetError), match="not a web address"):
        fetch(address, lambda _piece: None, verify=True, timeout=1, doing="downloading")


@pytest.mark.parametrize("odd", [{"a": {"a": 1}}, ["0a"], "7" * 257], ids=["object", "list", "long"])
def test_id_that_cannot_be_one_is_rejected(odd: object) -> None:
    for read in (wire.deployment, wire.tenant, wire.image):
        with pytest.raises(ServiceError, match="an object without Id"):
            read({"Id": odd})
    with pytest.raises(ServiceError, match="an object without Id"):
        wire.deployment({"Id": "0a", "DeployedImages": ["0b", odd]})


@pytest.mark.parametrize("odd", [{"a": {"a": 1}}, ["a"]], ids=["object", "list"])
def test_text_that_is_none_counts_as_missing(odd: object) -> None:
    body = {"Id": "0a", "Name": odd, "Description": odd, "OperationId": "0b", "State": odd, "Error": {"Code": odd}}
    assert (wire.image(body).name, wire.image(body).description) == (None, None)
    found = wire.operation(body)
    assert (found.state, found.error) == ("NotStarted", OperationError("OperationFailed"))


def test_long_code_of_a_failed_operation_is_cut() -> None:
    found = wire.operation({"OperationId": "0b", "State": 4, "Error": {"Code": "x" * 10_000}})
    assert found.error is not None
    assert len(found.error.code) < 1000
