# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connections that can be aborted: uvicorn does not expose its transport, so a protocol class does."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .exchange import Application, Scope

_TRANSPORT = "simulator.transport"

_Base: Any = AutoHTTPProtocol


class CuttableProtocol(_Base):  # type: ignore[misc]  # which class it is depends on what is installed
    """The HTTP protocol of uvicorn, with the transport in the scope of each request."""

    app: Application

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        application: Application = self.app

        async def with_transport(scope: Scope, receive: Any, send: Any) -> None:
            scope[_TRANSPORT] = transport
            await application(scope, receive, send)

        self.app = with_transport


def transport_of(scope: Scope) -> asyncio.Transport:
    """Returns the connection of a request."""
    transport: asyncio.Transport = scope[_TRANSPORT]
    return transport


def abort(scope: Scope, *, flush: bool = False) -> None:
    """Close the connection of a request now; with `flush`, send what was written already."""
    transport = transport_of(scope)
    if flush:
        transport.close()
    else:
        transport.abort()
