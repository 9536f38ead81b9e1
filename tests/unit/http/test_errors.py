# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Failures in all the forms that they are known or likely to have (FACTS: failures, and not known, 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    Conflict,
    FleetError,
    Forbidden,
    NotFound,
    ServiceError,
    Unreachable,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._http.errors import scrub

from tests.support.scripted_server import Answer
from tests.unit.http.conftest import MakeBench


def failure(bench: MakeBench, status: int, body: Any, headers: dict[str, str] | None = None) -> FleetError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(FleetError) as caught:
        bench(Answer(status, content, headers or {})).session.request(
            "GET", "/v2/x", "creating the product Kettle", target="Kettle"
        )
    return caught.value


PROBLEM = {
    "Type": None,
    "Title": "Bad name",
    "Status": 400,
    "Detail": "The name is too long.",
    "Instance": None,
    "ErrorCode": "InvalidName",
    "Extensions": {},
}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ([PROBLEM], "InvalidName", "Bad name: The name is too long (InvalidName)"),
        (
            [PROBLEM, {"Title": "And twice", "ErrorCode": "Twice"}],
            "InvalidName",
            "Bad name: The name is too long; And twice",
        ),
        (PROBLEM, "InvalidName", "Bad name: The name is too long"),
        ({"Code": 5, "Message": "Not like this."}, "BadRequest", "Not like this"),
        ({"Code": "Odd", "Message": None}, "Odd", "Odd"),
        ({"code": 77, "message": "New."}, "77", "New"),
        ({"Error": {"Code": 5, "Message": "Inside."}}, "BadRequest", "Inside"),
        ({"error": "invalid", "error_description": "Described."}, "400", "Described; invalid"),
        (
            {
                "title": "One or more validation errors occurred.",
                "status": 400,
                "errors": {"Name": ["is long", "is odd"]},
            },
            "400",
            "One or more validation errors occurred; Name: is long, Name: is odd",
        ),
        ("just text", "400", "just text"),
        (b"plain words", "400", "plain words"),
        (b"<html><head><title>Oops &amp; so</title></head></html>", "400", 'an HTML page titled "Oops'),
        (b"<!doctype html><p>x", "400", "an HTML page"),
        (b"", "400", None),
        (b"\xef\xbb\xbf\xff\xfe", "400", ""),
        ([], "400", None),
        ({}, "400", None),
        (None, "400", None),
        (17, "400", None),
        ([[], None, 3], "400", None),
        (b"[" * 100_000, "400", "[[["),
        ({"errors": [{"message": "Listed"}]}, "400", "Listed"),
    ],
)
def test_body_in_any_form_becomes_one_sentence(bench: MakeBench, body: Any, code: str, words: str | None) -> None:
    error = failure(bench, 400, body)
    assert error.__class__ is ServiceError
    assert error.code == code
    assert error.status == 400
    assert error.target == "Kettle"
    start = "While creating the product Kettle, the service answered 400 Bad Request"
    assert error.message.startswith(f"{start}: {words}" if words is not None else f"{start}.")
    assert error.message.endswith(".")
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"", Forbidden),
        (404, b"", NotFound),
        (409, [PROBLEM], Conflict),
        (412, b"", Conflict),
        (400, {"Code": 7, "Message": "In the way."}, Conflict),
        (400, {"Code": 8, "Message": "Nothing."}, NotFound),
        (400, {"Code": 6, "Message": "No."}, Forbidden),
        (418, b"", ServiceError),
        (429, b"", Unreachable),
        (503, b"", Unreachable),
    ],
)
def test_status_or_code_selects_the_kind_of_error(
    bench: MakeBench, status: int, body: Any, kind: type[FleetError]
) -> None:
    assert failure(bench, status, body).__class__ is kind


def test_gone_reports_an_outdated_client_or_tenant(bench: MakeBench) -> None:
    error = failure(bench, 410, {"Code": 2, "Message": "Example text."})
    assert error.code == "TenantMigrationRequired"
    assert "too old" in str(error)
    assert not error.retriable


@pytest.mark.parametrize(
    "name", ["x-ms-request-id", "Request-Id", "x-ms-correlation-request-id", "traceparent", "X-Correlation-Id"]
)
def test_request_id_is_taken_from_any_known_header(bench: MakeBench, name: str) -> None:
    error = failure(bench, 409, b"", {name: "3f2b"})
    assert error.request_id == "3f2b"
    assert error.as_dict()["request_id"] == "3f2b"


def test_scrubbed_text_is_short_and_holds_no_secret() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl"
    assert "eyJ" not in scrub(f"Token {token} was bad")
    assert "c2lnbmF0dXJl" not in scrub(f"Authorization: Bearer {token}")
    assert "canary" not in scrub("Bearer canary-canary")
    assert "canary" not in scrub("https://blob.example.org/x?sv=1&sig=canary%2Fcanary&se=2")
    assert len(scrub("word " * 10_000)) < 600
