# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all requests pass through: latency, faults, and the log."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from .exchange import RECORD, Application, Message, Receive, Record, Scope, Send, raw_path, write
from .faults import Fault
from .operations import Code, OperationFailure
from .problems import Reply
from .rig.apply import KINDS, Rig
from .transport import abort
from .world import World

#: In the log; the signed addresses of Resource Manager have several kilobytes.
_LONGEST_QUERY = 500


class Front:
    """Middleware in front of an application. `kind` is the kind of its requests in the log."""

    def __init__(self, world: World, kind: str, application: Application) -> None:
        self._world = world
        self._kind = kind
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = scope.setdefault(RECORD, Record())
        started = time.perf_counter()
        world = self._world
        fault = world.faults.strike(self._kind, scope["method"], raw_path(scope), record.operation)
        if world.settings.latency_ms:
            await asyncio.sleep(world.settings.latency_ms / 1000)
        if fault is not None:
            record.note = f"fault {fault.kind}"
            if fault.kind in KINDS:
                log = partial(self._log, scope, record, started)
                await Rig(fault, self._application, scope, receive, log).reply(send)
                return
            if await self._stopped(fault, scope, record, started, send):
                return
        if self._kind == "api" and await self._limited(scope, record, started, send):
            return
        await self._application(scope, receive, self._sender(fault, scope, record, started, send))

    async def _limited(self, scope: Scope, record: Record, started: float, send: Send) -> bool:
        """Reject a request beyond the rate limit, and return whether it was."""
        settings = self._world.settings
        seconds = self._world.rate_limit.seconds_to_wait(settings.rate_limit, settings.rate_burst)
        if seconds:
            record.note = "rate limit"
            self._log(scope, record, started, 429)
            await write(send, Reply(429, b"", None, (("retry-after", str(seconds)),)))
        return bool(seconds)

    async def _stopped(self, fault: Fault, scope: Scope, record: Record, started: float, send: Send) -> bool:
        """Apply a fault before the request is processed, and return whether the request ends with it."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return False
        if fault.kind == "operation":
            record.failure = OperationFailure(Code(fault.code), fault.message)
            return False
        if fault.kind == "drop_before":
            self._log(scope, record, started, None)
            abort(scope)
            return True
        if fault.kind == "status":
            headers = () if fault.retry_after is None else (("retry-after", fault.retry_after),)
            self._log(scope, record, started, fault.status)
            media_type = None if fault.body is None else "application/json"
            await write(send, Reply(fault.status, (fault.body or "").encode(), media_type, headers))
            return True
        return False

    def _sender(self, fault: Fault | None, scope: Scope, record: Record, started: float, send: Send) -> Send:
        """Return a `send` that writes the log before the reply is complete, and applies faults to the reply."""
        spoil = fault.kind if fault is not None else None
        status = 0

        async def logged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                self._log(scope, record, started, None if spoil == "drop_after" else status)
                if spoil == "drop_after":
                    abort(scope)
                    return
                if spoil == "truncate":
                    body = message.get("body", b"")
                    await send({**message, "body": body[: len(body) // 2], "more_body": True})
                    abort(scope, flush=True)
                    return
            if spoil != "drop_after":
                await send(message)

        return logged

    def _log(self, scope: Scope, record: Record, started: float, status: int | None) -> None:
        self._world.log.add(
            self._kind,
            scope["method"],
            raw_path(scope),
            query=scope["query_string"][:_LONGEST_QUERY].decode("latin-1"),
            operation=record.operation,
            tenant=record.tenant,
            caller=record.caller,
            status=status,
            milliseconds=(time.perf_counter() - started) * 1000,
            note=record.note,
            reading=record.reading,
        )
