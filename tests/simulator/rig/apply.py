# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Replaces the reply to a request as a fault specifies."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from ..exchange import RECORD, Application, Message, Receive, Record, Scope, Send, header, raw_path
from .mutations import Answer, mutate
from .streams import send_bomb, send_endless, send_raw, trickle_body, trickle_headers

if TYPE_CHECKING:
    from ..faults import Fault

#: Replies that report success but do not match the request.
WRONG_SUCCESSES = ("empty", "html", "error_object", "accepted", "old_body")
STREAMS = ("trickle", "trickle_headers", "endless", "gzip_bomb")
KINDS = ("status_after", "delay_after", *WRONG_SUCCESSES, "mutate", *STREAMS, "endless_pages")
_HTML = b"<!DOCTYPE html><html><head><title>Blocked by proxy</title></head><body>Blocked by proxy</body></html>"
_JSON = ((b"content-type", b"application/json"),)
_CONTINUATION = b"sphere-continuation"
_SKIP = "$skipToken"
_ENDLESS = "endless-"
#: Statuses without a body; h11 rejects one.
_BODILESS = (204, 304)


class Rig:
    """Replaces the reply to one request. `log` is called once with the status, before the reply is sent."""

    def __init__(
        self, fault: Fault, application: Application, scope: Scope, receive: Receive, log: Callable[[int | None], None]
    ) -> None:
        self._fault = fault
        self._application = application
        self._scope = scope
        self._receive = receive
        self._log = log

    async def reply(self, send: Send) -> None:
        fault = self._fault
        record: Record = self._scope[RECORD]
        record.note = f"fault {fault.kind}"
        answer = await self._wrong()
        if fault.kind == "mutate":
            rng = random.Random(f"{fault.chance.seed}/{fault.struck}")
            answer, what = mutate(answer, rng, fault.rig.place, fault.rig.value)
            record.note += f" {what}"
        self._log(answer.status)
        if fault.kind == "delay_after":
            await asyncio.sleep(fault.seconds)
        await self._send(answer, send)

    async def _wrong(self) -> Answer:
        """Returns the reply to send, after executing the request if the fault says so."""
        fault, rig = self._fault, self._fault.rig
        if fault.kind == "old_body":
            kept = self._scope["query_string"] if _is_arm(self._scope) else b""
            old = await self._call({**self._scope, "method": "GET", "query_string": kept}, body=b"")
            return old if old.status == 200 else Answer(200, (), b"")
        if fault.kind == "endless_pages":
            number = _page_number(self._scope) + 1
            next_link = _next_link(self._scope, number) if _is_arm(self._scope) else None
            answer = await self._call(_first_page(self._scope))
            return _with_next_page(answer, rig.with_items, number, next_link)
        answer = await self._call(self._scope) if rig.executed else Answer(200, _JSON, b"")
        if fault.kind == "status_after":
            retry_after = () if fault.retry_after is None else ((b"retry-after", fault.retry_after.encode()),)
            body = b"" if fault.body is None else fault.body.encode()
            return Answer(fault.status, (*(_JSON if body else ()), *retry_after), body)
        wrong = {
            "empty": Answer(200, (), b""),
            "html": Answer(200, ((b"content-type", b"text/html; charset=utf-8"),), _HTML),
            "error_object": Answer(200, _JSON, json.dumps(self._error()).encode()),
            "accepted": Answer(202, (), b""),
        }
        return wrong.get(fault.kind, answer)

    def _error(self) -> dict[str, Any]:
        if _is_arm(self._scope):
            return {"error": {"code": "InternalServerError", "message": self._fault.message}}
        return {"Code": self._fault.code, "Message": self._fault.message}

    async def _call(self, scope: Scope, body: bytes | None = None) -> Answer:
        """Returns the reply of the application; `body` replaces the body of the request."""
        collected: dict[str, Any] = {"body": b""}

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                collected.update(status=message["status"], headers=message["headers"])
            else:
                collected["body"] += message.get("body", b"")

        async def given() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        identify = getattr(self._application, "identify", None)
        if scope["method"] != self._scope["method"] and identify is not None:
            identify(scope)
        await self._application(scope, self._receive if body is None else given, collect)
        headers = tuple((name, value) for name, value in collected["headers"] if name.lower() != b"content-length")
        return Answer(collected["status"], headers, collected["body"])

    async def _send(self, answer: Answer, send: Send) -> None:
        fault, scope = self._fault, self._scope
        if answer.raw:
            await send_raw(answer, scope, self._receive)
        elif fault.kind == "trickle":
            await trickle_body(answer, scope, send, fault.seconds)
        elif fault.kind == "trickle_headers":
            await trickle_headers(answer, scope, self._receive, fault.seconds)
        elif fault.kind == "endless":
            await send_endless(answer, scope, send, fault.rig.megabytes)
        elif fault.kind == "gzip_bomb":
            await send_bomb(answer, send, fault.rig.megabytes)
        else:
            body = b"" if answer.status in _BODILESS else answer.body
            headers = [*answer.headers]
            if answer.status not in _BODILESS:
                headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def _is_arm(scope: Scope) -> bool:
    """Returns whether the request is for Resource Manager."""
    return str(scope["path"]).lower().startswith("/subscriptions/")


def _first_page(scope: Scope) -> Scope:
    """Returns the request without its continuation if the rig issued that."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if not (name == _CONTINUATION and value.startswith(_ENDLESS.encode()))
    ]
    kept = [(name, value) for name, value in _query(scope) if not (name == _SKIP and value.startswith(_ENDLESS))]
    return {**scope, "headers": headers, "query_string": urlencode(kept).encode()}


def _page_number(scope: Scope) -> int:
    token = next((value for name, value in scope["headers"] if name == _CONTINUATION), b"").decode("latin-1")
    token = next((value for name, value in _query(scope) if name == _SKIP), token)
    number = token.removeprefix(_ENDLESS)
    return int(number) if token.startswith(_ENDLESS) and number.isdecimal() else 0


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _next_link(scope: Scope, number: int) -> str:
    kept = [(name, value) for name, value in _query(scope) if name != _SKIP]
    query = urlencode([*kept, (_SKIP, f"{_ENDLESS}{number}")])
    return f"https://{header(scope, b'host')}{raw_path(scope)}?{query}"


def _with_next_page(answer: Answer, with_items: bool, number: int, next_link: str | None) -> Answer:
    """Returns the page with a continuation if it is a page of a list, otherwise unchanged."""
    items, token = ("Items", "ContinuationToken") if next_link is None else ("value", "nextLink")
    try:
        page = json.loads(answer.body)
    except ValueError:
        return answer
    if not isinstance(page, dict) or not isinstance(page.get(items), list):
        return answer
    document = {**page, items: page[items] if with_items else [], token: next_link or f"{_ENDLESS}{number}"}
    return Answer(answer.status, answer.headers, json.dumps(document).encode())
