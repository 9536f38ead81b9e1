# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Error replies as one of the errors of `_errors`, in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._errors import Conflict, FleetError, Forbidden, NotFound, ServiceError, SignInError, Unreachable
from .bounded import LARGEST_ERROR

#: Headers that may carry the trace of a failure: which one the service uses is not published (FACTS: not known, 24).
CORRELATION = "x-ms-correlation-request-id"
TRACE_HEADERS = (
    "x-ms-request-id",
    "request-id",
    CORRELATION,
    "x-request-id",
    "x-correlation-id",
    "x-ms-client-request-id",
    "traceparent",
)
_CLASSES: dict[int | str, type[ServiceError]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    "Forbidden": Forbidden,
    "NotFound": NotFound,
    "Conflict": Conflict,
}
_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_LONGEST = 500
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}(\.[\w-]*){1,4}|(?i:bearer)\s+[\w.~+/=-]{8,}|(?<=[?&])(?i:sig|signature|code)=[^&\s\"'<>]+"
)


def scrub(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Returns text of a stranger as one short line without secrets, and anything that looks like a token or signature.

    Text beyond LARGEST_ERROR characters is not looked at.
    """
    for secret in secrets:
        text = text.replace(secret, "(removed)") if secret else text
    text = text[:LARGEST_ERROR]
    readable = "".join(sign if sign.isprintable() else " " for sign in _SECRETS.sub("(removed)", text))
    line = " ".join(readable.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " ..."


def service_words(
    content: bytes, codes: Sequence[str] = (), secrets: Iterable[str | None] = ()
) -> tuple[str | None, str | None]:
    """Returns code and text of a failure's body in any of its known and likely forms (FACTS: not known, 4).

    Of the body the first LARGEST_ERROR bytes count.

    :param codes: what the numbers of an API stand for, from zero on.
    :param secrets: what must not be repeated.
    """
    secrets = list(secrets)
    text = content[:LARGEST_ERROR].decode("utf-8-sig", "replace").strip()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None, _plain_text(text, secrets)
    found = list(_details(body, codes))
    named = [code for code, words in found if code]
    texts = dict.fromkeys(words for code, words in found if words)
    return (scrub(named[0], secrets) if named else None), scrub("; ".join(texts), secrets) or None


def _plain_text(text: str, secrets: Iterable[str | None]) -> str | None:
    if not text:
        return None
    if text.startswith("<"):
        title = _title(text)
        return "an HTML page" + (f' titled "{scrub(title, secrets)}"' if title else "")
    return scrub(text, secrets)


def _title(text: str) -> str:
    """Returns what is between the first <title ...> and the next </title>, in linear time."""
    lower = text.lower()
    start = lower.find(">", begin) if (begin := lower.find("<title")) >= 0 else -1
    end = lower.find("</title>", start) if start >= 0 else -1
    return text[start + 1 : end].strip() if end >= 0 and len(lower) == len(text) else ""


def _details(body: Any, codes: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(body, str):
        yield None, body
    elif isinstance(body, list):
        for entry in body:
            yield from _details(entry, codes)
    elif isinstance(body, dict):
        members = {str(name).lower(): value for name, value in body.items()}
        code = _code(members.get("errorcode"), codes)
        if code is None:
            code = _code(members.get("code"), codes)
        parts = [members.get(name) for name in ("title", "detail", "message", "error_description")]
        words = [part.strip().rstrip(".") for part in parts if isinstance(part, str) and part.strip()]
        yield code, ": ".join(dict.fromkeys(words)) or None
        if isinstance(members.get("error"), (dict, list, str)):
            yield from _details(members["error"], codes)
        if isinstance(members.get("details"), list):
            yield from _details(members["details"], codes)
        if isinstance(members.get("errors"), dict):
            for name, texts in members["errors"].items():
                listed = texts if isinstance(texts, list) else [texts]
                said = [text.strip().rstrip(".") for text in listed if isinstance(text, str)]
                yield None, ", ".join(f"{name}: {text}" for text in said)
        elif isinstance(members.get("errors"), list):
            yield from _details(members["errors"], codes)


def _code(value: Any, codes: Sequence[str]) -> str | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    if isinstance(value, int):
        # Python refuses to write out a number of thousands of digits.
        return codes[value] if 0 <= value < len(codes) else str(value) if abs(value) < 10**10 else None
    return value if isinstance(value, str) else None


def request_id(headers: Mapping[str, str], secrets: Iterable[str | None] = ()) -> str | None:
    """Returns the trace of a reply, from whichever header carries it, without secrets; with its correlation, if any."""
    secrets = list(secrets)
    found = next((scrub(headers[name], secrets) for name in TRACE_HEADERS if headers.get(name)), None)
    correlation = scrub(headers.get(CORRELATION) or "", secrets)
    return f"{found} (correlation {correlation})" if correlation not in ("", found) else found


def refusal(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    doing: str,
    target: str | None,
    attempts: int = 1,
    codes: Sequence[str] = (),
    secrets: Iterable[str | None] = (),
    hints: Mapping[str, str] | None = None,
) -> FleetError:
    """Returns the error for an error reply, after so many attempts.

    `codes` and `secrets` as in `service_words`; `hints` are what to do about the codes and statuses of an API.
    """
    secrets = list(secrets)
    code, words = service_words(content, codes, secrets)
    trace = request_id(headers, secrets)
    kind, hint = _kind_and_hint(status, code, traced=trace is not None)
    given = hints or {}
    hint = given.get(code or "") or given.get(str(status)) or hint
    return kind(
        _sentence(status, code, words, doing, attempts),
        code=code or str(status),
        status=status,
        target=target,
        request_id=trace,
        retriable=status in (408, 429) or status >= 500,
        hint=hint,
    )


def _sentence(status: int, code: str | None, words: str | None, doing: str, attempts: int) -> str:
    reason = _REASONS.get(status)
    sentence = f"While {doing}, the service answered {status}" + (f" {reason}" if reason else "")
    if attempts > 1:
        sentence += f" ({attempts} times in a row)"
    # The title of a problem often is the reason of the status, said already.
    words = words.removeprefix(f"{reason}: ") if words else None
    words = None if words == reason else words
    if words or code:
        sentence += f": {words or code}"
        if words and code:
            sentence += f" ({code})"
    return sentence.rstrip(". ") + "."


def _kind_and_hint(status: int, code: str | None, traced: bool) -> tuple[type[FleetError], str | None]:
    """The class of the error, and what to do about it."""
    kind = _CLASSES.get(status) or _CLASSES.get(code or "") or ServiceError
    if status == 401:
        return SignInError, (
            "A fresh token was rejected as well: check that the credentials belong to an account of this service."
        )
    if 300 <= status < 400:
        return kind, "Redirects are not followed: check api_url."
    if status == 429:
        return Unreachable, "Lower concurrency, raise retry_timeout, or try again later."
    if status in (408, 502, 503, 504):
        return Unreachable, "Try again later, or raise retry_timeout."
    if status >= 500:
        traces = " and the request ID." if traced else "."
        return kind, f"Try again later; if it happens again, report it to the service with the time{traces}"
    return kind, None
