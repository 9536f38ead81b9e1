# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The administration API under /_simulator, for tests and for people. It needs no token and is not logged."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from .documents import canonical, dump, timestamp
from .faults import InvalidFault
from .integration import InvalidIntegration, integrate
from .loading import InvalidState, load
from .seeds import Seeds
from .settings import InvalidSetting
from .state import Tenant
from .world import World

PREFIX = "/_simulator"
#: Seconds; later dates could exceed what `datetime` can represent.
_LONGEST_ADVANCE = 100 * 366 * 86400
_Endpoint = Callable[[Request], Awaitable[Response]]


class InvalidRequest(ValueError):
    """The body of an administration request is invalid."""


def admin_routes(world: World, seeds: Seeds) -> list[BaseRoute]:
    """Return the routes. docs/simulator.md describes what each of them does."""
    handlers = _Handlers(world, seeds)
    routes = [
        Route("/state", _reporting_errors(handlers.get_state), methods=["GET"]),
        Route("/state", _reporting_errors(handlers.put_state), methods=["PUT"]),
        Route("/reset", _reporting_errors(handlers.reset), methods=["POST"]),
        Route("/log", _reporting_errors(handlers.get_log), methods=["GET"]),
        Route("/log", _reporting_errors(handlers.delete_log), methods=["DELETE"]),
        Route("/counts", _reporting_errors(handlers.get_counts), methods=["GET"]),
        Route("/settings", _reporting_errors(handlers.get_settings), methods=["GET"]),
        Route("/settings", _reporting_errors(handlers.patch_settings), methods=["PATCH"]),
        Route("/faults", _reporting_errors(handlers.get_faults), methods=["GET"]),
        Route("/faults", _reporting_errors(handlers.post_fault), methods=["POST"]),
        Route("/faults", _reporting_errors(handlers.delete_faults), methods=["DELETE"]),
        Route("/tokens/revoke", _reporting_errors(handlers.revoke_tokens), methods=["POST"]),
        Route("/clock/advance", _reporting_errors(handlers.advance_clock), methods=["POST"]),
        Route("/pause", _reporting_errors(handlers.pause), methods=["POST"]),
        Route("/enable", _reporting_errors(handlers.enable), methods=["POST"]),
        Route("/integrate", _reporting_errors(handlers.integrate), methods=["POST"]),
    ]
    return [Mount(PREFIX, routes=routes)]


class _Handlers:
    def __init__(self, world: World, seeds: Seeds) -> None:
        self._world = world
        self._seeds = seeds

    async def get_state(self, request: Request) -> Response:
        del request
        self._world.settle()
        return Response(canonical(dump(self._world.state)), media_type="application/json")

    async def put_state(self, request: Request) -> Response:
        state = self._seeds.load(await _document(request), self._world.clock.now())
        self._world.replace_state(state)
        return _done()

    async def reset(self, request: Request) -> Response:
        """Reset state, settings and faults, and clear the log. Tokens stay valid."""
        del request
        world = self._world
        world.replace_state(load(world.initial, world.clock.now()))
        world.settings.change(world.initial_settings)
        world.faults.clear()
        world.log.clear()
        world.clock.reset()
        return _done()

    async def get_log(self, request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            raise InvalidRequest("Invalid parameter since: use a whole number.")
        return JSONResponse(self._world.log.since(int(since)))

    async def delete_log(self, request: Request) -> Response:
        del request
        self._world.log.clear()
        return _done()

    async def get_counts(self, request: Request) -> Response:
        del request
        return JSONResponse({**self._world.log.counts(), "tokens_issued": self._world.tokens.issued})

    async def get_settings(self, request: Request) -> Response:
        del request
        return JSONResponse(self._world.settings.to_document())

    async def patch_settings(self, request: Request) -> Response:
        self._world.settings.change(await _object(request))
        return JSONResponse(self._world.settings.to_document())

    async def get_faults(self, request: Request) -> Response:
        del request
        return JSONResponse(self._world.faults.to_document())

    async def post_fault(self, request: Request) -> Response:
        self._world.faults.add(await _object(request))
        return _done()

    async def delete_faults(self, request: Request) -> Response:
        del request
        self._world.faults.clear()
        return _done()

    async def revoke_tokens(self, request: Request) -> Response:
        del request
        self._world.tokens.revoke_all()
        return _done()

    async def advance_clock(self, request: Request) -> Response:
        seconds = (await _object(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_ADVANCE:
            raise InvalidRequest(
                "Invalid body: use an object with the member seconds, a number from 0 up to 100 years."
            )
        self._world.clock.advance(seconds)
        self._world.settle()
        return _done()

    async def pause(self, request: Request) -> Response:
        return self._switch(await _object(request), paused=True)

    async def enable(self, request: Request) -> Response:
        return self._switch(await _object(request), paused=False)

    async def integrate(self, request: Request) -> Response:
        """Integrate a tenant, as a person does in the Azure portal."""
        document = await _object(request)
        world = self._world
        members = document.get("catalog", {})
        seed = {"tenants": [{"name": "x", "catalog": members}]}
        self._seeds.check(seed)
        now = timestamp(world.clock.now())
        catalog = integrate(world.state, self._tenant(document), members, now)
        world.changes += 1
        return JSONResponse({**asdict(catalog), "id": catalog.id})

    def _switch(self, document: dict[str, Any], *, paused: bool) -> Response:
        if "tenant" in document:
            self._tenant(document).paused = paused
        else:
            self._world.state.paused = paused
            for tenant in self._world.state.tenants.values():
                tenant.paused = tenant.paused and paused
        self._world.changes += 1
        return _done()

    def _tenant(self, document: dict[str, Any]) -> Tenant:
        wanted = document.get("tenant")
        for tenant in self._world.state.tenants.values():
            if wanted in (tenant.id, tenant.name):
                return tenant
        raise InvalidRequest(f"There is no tenant {wanted!r}.")


def _reporting_errors(endpoint: _Endpoint) -> _Endpoint:
    """Return the endpoint with invalid requests reported as status 400."""

    async def reported(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (InvalidRequest, InvalidState, InvalidSetting, InvalidFault, InvalidIntegration) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return reported


async def _document(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("Invalid body: it is not valid JSON.") from error


async def _object(request: Request) -> dict[str, Any]:
    document = await _document(request)
    if not isinstance(document, dict):
        raise InvalidRequest("Invalid body: it is not a JSON object.")
    return document


def _done() -> Response:
    return Response(status_code=204)
