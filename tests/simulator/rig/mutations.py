# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One change to one reply, ordered or drawn by a seed: to its status, its headers, its body or a value in it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from typing import Any

from .values import NAMES, TEXTS, Path, places, replaced

STATUS, HEADERS, BODY, MEMBER = "status", "headers", "body", "member"
#: Places other than JSON values, whose patterns start with `/`; MEMBER is any JSON value.
PLACES = frozenset({STATUS, HEADERS, BODY, MEMBER})
STATUSES = (200, 201, 202, 204, 206, 302, 304, 400, 401, 403, 404, 408, 409, 410, 412, 418, 429, 500, 502, 503, 504)
_JSON = (b"content-type", b"application/json")
HEADER_LISTS: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "no_content_type": (),
    "html_content_type": ((b"content-type", b"text/html"),),
    "unknown_charset": ((b"content-type", b"application/json; charset=utf-9"),),
    "false_gzip": (_JSON, (b"content-encoding", b"gzip")),
    "unknown_encoding": (_JSON, (b"content-encoding", b"rot13")),
    "bad_retry_after": (_JSON, (b"retry-after", b"soon")),
    "bad_location": (_JSON, (b"operation-location", b"https://[::1"), (b"location", b"https://a..b/")),
    "many_headers": (_JSON, *((b"x-%d" % number, b"y") for number in range(150))),
    "long_header": (_JSON, (b"x-long", b"y" * 100_000)),
    "odd_length": (_JSON, (b"content-length", "²".encode())),
    "negative_length": (_JSON, (b"content-length", b"-1")),
    "excess_length": (_JSON, (b"content-length", b"1000000")),
}
#: Only these contain bytes that a correct server does not send.
RAW_HEADERS = frozenset({"odd_length", "negative_length", "excess_length"})
_HTML = b"<!DOCTYPE html><html><head><title>Blocked by proxy</title></head><body>Blocked</body></html>"
_BODIES = (
    "empty_body",
    "blank_body",
    "html_body",
    "half_body",
    "trailing_bytes",
    "byte_order_mark",
    "not_utf8",
    "flipped_byte",
    "plain_text",
    "error_body",
    "title_flood",
)
VALUES = frozenset({*NAMES, *HEADER_LISTS, *_BODIES, *(str(status) for status in STATUSES)})


@dataclass(frozen=True)
class Answer:
    """A reply to send. Its headers have no content-length unless a mutation added one."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    raw: bool = False


def mutate(answer: Answer, rng: random.Random, place: str | None, value: str | None) -> tuple[Answer, str]:
    """Returns the changed reply, and the place and value as text. A place or value of None is drawn uniformly.

    A reply that does not have the ordered place is returned as it is.
    """
    document = _document(answer)
    found = {} if document is None else places(document)
    if place == MEMBER:
        place = rng.choice(sorted(found)) if found else BODY
    place = place or rng.choice([*sorted(PLACES - {MEMBER}), *sorted(found)])
    if place in found:
        name = _chosen(value, sorted(NAMES if place != "/" else TEXTS), rng)
        path: Path = rng.choice(found[place])
        return replace(answer, body=replaced(document, path, name)), f"{place} {name}"
    if place == STATUS:
        name = _chosen(value, [str(status) for status in STATUSES if status != answer.status], rng)
        return _with_status(answer, int(name)), f"{place} {name}"
    if place == HEADERS:
        name = _chosen(value, sorted(HEADER_LISTS), rng)
        return replace(answer, headers=HEADER_LISTS[name], raw=name in RAW_HEADERS), f"{place} {name}"
    if place == BODY:
        name = _chosen(value, list(_BODIES), rng)
        return replace(answer, body=_changed_body(answer.body, name, rng)), f"{place} {name}"
    return answer, f"{place} is not in the reply"


def _chosen(value: str | None, names: list[str], rng: random.Random) -> str:
    return value if value in names else rng.choice(names)


def _document(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _with_status(answer: Answer, status: int) -> Answer:
    headers = answer.headers
    if status == 302:
        headers = (*headers, (b"location", b"https://127.0.0.1:1/elsewhere"))
    return replace(answer, status=status, headers=headers)


def _changed_body(body: bytes, name: str, rng: random.Random) -> bytes:
    if name == "half_body":
        return body[: len(body) // 2]
    if name == "trailing_bytes":
        return body + b'{"more": 1}'
    if name == "byte_order_mark":
        return b"\xef\xbb\xbf" + body
    if name == "not_utf8":
        return body[:1] + b"\xff\xfe" + body[1:]
    if name == "flipped_byte" and body:
        at = rng.randrange(len(body))
        return body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :]
    fixed = {
        "blank_body": b" \n ",
        "html_body": _HTML,
        "plain_text": b"unexpected",
        "error_body": b'{"Code": 6, "Message": "Not allowed"}',
        "title_flood": b"<title" * 2000,
    }
    return fixed.get(name, b"")
