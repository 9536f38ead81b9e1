# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Pages and calls under `/_simulator/signin`: the person's part of signing in, and changes to coming tokens."""

from __future__ import annotations

import html
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ..world import World
from .device_code import DEVICE_PAGE, approve, decline
from .errors import OAuthError
from .forms import form_of
from .sessions import TokenOrder, sessions

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Simulated sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}}
label,input,button{{display:block;width:100%;box-sizing:border-box;font:inherit;margin:.3rem 0 1rem;padding:.4rem}}
button{{width:auto;display:inline-block;margin-right:.5rem}}</style></head>
<body><h1>Simulated sign-in</h1>{message}
<form method="post"><label for="code">The code that the device shows</label>
<input id="code" name="user_code" value="{code}" autocomplete="off" required>
<label for="user">Sign in as</label><input id="user" name="username" list="people" required>
<datalist id="people">{people}</datalist>
<button name="choice" value="approve">Continue</button>
<button name="choice" value="decline" formnovalidate>Decline</button>
</form><p>No password is needed: this is a simulator.</p></body></html>
"""


def administration_routes(world: World) -> list[Route]:
    async def device_page(request: Request) -> Response:
        if request.method == "GET":
            return _page(world, "", request.query_params.get("user_code", ""))
        form = await form_of(request)
        user_code, username = form.get("user_code", ""), form.get("username", "")
        try:
            if form.get("choice") == "decline":
                decline(world, user_code)
                return _page(world, "<p><strong>Declined.</strong> You may close this page.</p>", "")
            approve(world, user_code, username)
        except OAuthError as error:
            return _page(world, f"<p><strong>{html.escape(_error_text(error))}</strong></p>", user_code, error.status)
        return _page(world, "<p><strong>You have signed in.</strong> You may close this page.</p>", "")

    async def approve_call(request: Request) -> Response:
        order = await _body(request)
        try:
            code = approve(world, str(order.get("user_code", "")), str(order.get("username", "")))
        except OAuthError as error:
            return error.response()
        return JSONResponse({"state": code.state, "username": code.username})

    async def decline_call(request: Request) -> Response:
        order = await _body(request)
        try:
            code = decline(world, str(order.get("user_code", "")))
        except OAuthError as error:
            return error.response()
        return JSONResponse({"state": code.state})

    async def revoke(request: Request) -> Response:
        order = await _body(request)
        username = order.get("username")
        revoked = 0
        if order.get("refresh_tokens", True):
            revoked = sessions(world).revoke(str(username) if username is not None else None)
        if order.get("access_tokens", True):
            world.tokens.revoke_all()
        return JSONResponse({"refresh_tokens": revoked})

    async def next_tokens(request: Request) -> Response:
        order = await _body(request)
        try:
            made = _token_order(order)
        except ValueError as error:
            return JSONResponse({"error": "bad_request", "message": str(error)}, 400)
        sessions(world).next_tokens.append(made)
        return JSONResponse({"waiting": len(sessions(world).next_tokens)})

    async def pending(_request: Request) -> Response:
        now = world.clock.timestamp()
        codes = [
            {"user_code": code.user_code, "state": code.state, "expires_in": int(code.expires - now)}
            for code in sessions(world).device_codes.values()
            if code.expires > now
        ]
        return JSONResponse({"device_codes": codes, "tokens_issued": world.tokens.issued})

    return [
        Route(DEVICE_PAGE, device_page, methods=["GET", "POST"]),
        Route("/_simulator/signin/approve", approve_call, methods=["POST"]),
        Route("/_simulator/signin/decline", decline_call, methods=["POST"]),
        Route("/_simulator/signin/revoke", revoke, methods=["POST"]),
        Route("/_simulator/signin/next-tokens", next_tokens, methods=["POST"]),
        Route("/_simulator/signin", pending, methods=["GET"]),
    ]


def _page(world: World, message: str, code: str, status: int = 200) -> HTMLResponse:
    people = "".join(f'<option value="{html.escape(person.username)}">' for person in world.state.people)
    return HTMLResponse(_PAGE.format(message=message, code=html.escape(code), people=people), status)


def _error_text(error: OAuthError) -> str:
    return f"AADSTS{error.code}: {error}" if error.code is not None else str(error)


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    try:
        found = json.loads(content) if content else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _token_order(order: dict[str, Any]) -> TokenOrder:
    if set(order) - {"times", "audience", "lifetime"}:
        raise ValueError("Invalid request: the members are times, audience and lifetime.")
    times, audience, lifetime = order.get("times", 1), order.get("audience"), order.get("lifetime")
    if not isinstance(times, int) or times < 1:
        raise ValueError("Invalid times: use a positive integer.")
    if audience is not None and not isinstance(audience, str):
        raise ValueError("Invalid audience: use a string.")
    if lifetime is not None and (not isinstance(lifetime, (int, float)) or lifetime < 0):
        raise ValueError("Invalid lifetime: use seconds, not negative.")
    return TokenOrder(times, audience, lifetime)
