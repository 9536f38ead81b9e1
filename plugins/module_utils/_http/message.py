# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a session sends and what it returns: requests, replies, and which requests only read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .._errors import AmbiguousWrite, FleetError, Unreachable

#: Methods that may be sent again after an unknown outcome: a second time changes nothing more.
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
#: Methods that change nothing, whatever the path.
SAFE = ("GET", "HEAD", "OPTIONS")
#: The escapes of JSON. A half of a surrogate pair is a group: no text can hold it, neither an address nor a result.
_ESCAPES = re.compile(r"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})|\\.")


class ReadOperations:
    """The requests of an API that only read, as pairs of a method and a path template.

    In a template, `{name}` stands for one segment of a path, and `*` for any path: `("POST", "/catalogs/{id}/list")`.
    """

    def __init__(self, operations: Iterable[tuple[str, str]]) -> None:
        self._templates: dict[str, list[list[str]]] = {}
        for method, template in operations:
            self._templates.setdefault(method, []).append(template.split("/"))

    def __contains__(self, operation: tuple[str, str]) -> bool:
        """Whether a request with this method and path only reads. Letter case counts."""
        method, path = operation
        segments = path.partition("?")[0].split("/")
        return any(_fits(template, segments) for template in self._templates.get(method, ()))


def _fits(template: list[str], segments: list[str]) -> bool:
    if template == ["*"]:
        return True
    return len(template) == len(segments) and all(
        segment != "" if wanted.startswith("{") else wanted == segment
        for wanted, segment in zip(template, segments, strict=True)
    )


class Request(NamedTuple):
    """One request. `doing` is what it is for, after "while": "creating the product Kettle".

    `idempotent`: it may be sent again after an unknown outcome. `changes`: it changes something in the service.
    `in_pause`: it does not wait for the end of a pause that is too long. `promises`: a read may be answered with a
    promise (202).
    """

    method: str
    path: str
    doing: str
    target: str | None
    query: Mapping[str, str] | None
    headers: Mapping[str, str]
    body: bytes | None
    idempotent: bool
    changes: bool
    in_pause: bool = False
    promises: bool = False


@dataclass(frozen=True)
class Reply:
    """A success, the reply to `request`."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    request: Request

    def json(self) -> Any:
        """Returns the body parsed as JSON, None when it is empty.

        Raises AmbiguousWrite after a write whose reply is not JSON, Unreachable after a read.
        """
        return self._json

    @property
    def understood(self) -> bool:
        """Whether a read got what it asked for: no page of a proxy, no promise (202), no error in spite of its status.

        Only what calls itself JSON must be JSON: certificates are bare text.
        """
        promise = self.status == 202 and not self.request.promises
        if promise or self.content.lstrip()[:1] == b"<":
            return False
        if "json" not in self.headers.get("Content-Type", "").lower():
            return True
        try:
            # The state of an operation has a member `error` even on success.
            return self.request.promises or not _is_error(self._json)
        except FleetError:
            return False

    @cached_property
    def _json(self) -> Any:
        if not self.content.strip():
            return None
        try:
            text = self.content.decode("utf-8-sig")
            return json.loads(_ESCAPES.sub(_without_half, text) if "\\" in text else text)
        except (ValueError, RecursionError) as error:
            from .errors import scrub

            kind = scrub(self.headers.get("Content-Type", "")) or "unnamed content"
            why = f"the answer ({kind}, {len(self.content)} bytes) is not valid JSON"
            raise self._not_understood("not_json", why) from error

    def confirmation(self) -> Any:
        """Returns the body of the reply to a write as `json` does, unless it is an error object.

        Raises AmbiguousWrite for a reply that does not confirm the write: not JSON, or an error in spite of its status.
        """
        body = self.json()
        if _is_error(body):
            from .errors import service_words

            _code, words = service_words(self.content)
            raise self._not_understood("unexpected", f"the answer is an error in spite of its status: {words}")
        return body

    def _not_understood(self, code: str, why: str) -> FleetError:
        from .errors import request_id

        text = f"While {self.request.doing}, {why.rstrip('. ')}"
        hint = "Check api_url, and whether a proxy answers in place of the service."
        kind, ending = (AmbiguousWrite, "; the outcome is unknown") if self.request.changes else (Unreachable, "")
        return kind(
            f"{text}{ending}.",
            code=code,
            status=self.status,
            target=self.request.target,
            request_id=request_id(self.headers),
            hint=hint,
        )


def _without_half(escape: re.Match[str]) -> str:
    """Returns an escape, or that of the replacement character for half of a pair, as decoders of bytes do."""
    return r"\ufffd" if escape[1] else escape[0]


def _is_error(body: Any) -> bool:
    """Whether JSON has one of the forms of a failure (FACTS: failures), and none of a resource or an operation."""
    if isinstance(body, list):
        return any(isinstance(entry, dict) and _is_error(entry) for entry in body)
    if not isinstance(body, dict):
        return False
    members = {str(name).lower(): value for name, value in body.items()}
    if members.get("operationid") or members.get("id"):
        return False
    status = members.get("status")
    refused = isinstance(status, int) and not isinstance(status, bool) and status >= 400
    coded = members.get("code") is not None and "message" in members
    return refused or coded or any(members.get(name) for name in ("error", "errors", "errorcode"))
