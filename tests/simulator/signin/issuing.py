# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Replies that contain tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

from ..state import SPHERE_DIRECTORY_ID, Application, Person
from ..tokens import CHALLENGE_ANSWERED
from ..world import World
from .directory import Scope
from .sessions import TokenOrder, sessions


def access_token(
    world: World, subject: str, audience: str, *, name: str | None = None, extra: dict[str, Any]
) -> tuple[str, int]:
    """Return a token and its lifetime in seconds, changed as the next token order says."""
    order = _next_order(world)
    lifetime = order.lifetime if order.lifetime is not None else world.settings.token_lifetime
    token = world.tokens.issue(subject, audience=order.audience or audience, lifetime=lifetime, name=name, extra=extra)
    return token, int(lifetime)


def for_application(world: World, application: Application, scope: Scope, *, claims: bool = False) -> dict[str, Any]:
    """Return the reply to client credentials. `claims` is whether the request answers a claims challenge."""
    extra: dict[str, Any] = dict(CHALLENGE_ANSWERED) if claims else {}
    extra |= {"tid": application.directory_id, "azp": application.client_id, "idtyp": "app", "ver": "2.0"}
    token, lifetime = access_token(world, application.object_id, scope.resource, extra=extra)
    return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}


def for_person(
    world: World,
    person: Person,
    application: Application,
    scope: Scope,
    refresh_token: str,
    *,
    claims: bool = False,
) -> dict[str, Any]:
    """Return the reply to a device code or refresh token: access, refresh and ID token.

    `claims` is whether the request answers a claims challenge.
    """
    directory = person.directory_id or SPHERE_DIRECTORY_ID
    common = {"tid": directory, "name": person.name, "ver": "2.0"}
    extra: dict[str, Any] = dict(CHALLENGE_ANSWERED) if claims else {}
    extra |= {**common, "azp": application.client_id, "scp": " ".join(scope.permissions)}
    token, lifetime = access_token(world, person.object_id, scope.resource, name=person.username, extra=extra)
    identity = world.tokens.sign(
        {
            **common,
            "iss": f"{world.url}/{directory}/v2.0",
            "aud": application.client_id,
            "sub": person.object_id,
            "oid": person.object_id,
            "preferred_username": person.username,
            "iat": int(world.clock.timestamp()),
            "exp": int(world.clock.timestamp()) + 3600,
        }
    )
    client_info = json.dumps({"uid": person.object_id, "utid": directory}).encode()
    return {
        "token_type": "Bearer",
        "scope": scope.text(),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
        "refresh_token": refresh_token,
        "id_token": identity,
        "client_info": base64.urlsafe_b64encode(client_info).decode().rstrip("="),
    }


def _next_order(world: World) -> TokenOrder:
    orders = sessions(world).next_tokens
    if not orders:
        return TokenOrder()
    orders[0].times -= 1
    return orders.pop(0) if orders[0].times <= 0 else orders[0]
