# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The token endpoint: client credentials, device codes and refresh tokens."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..state import Application, Directory
from ..world import World
from . import device_code
from .assertions import ASSERTION_TYPE, verify_assertion
from .directory import belongs, find_application, find_directory, parse_scope
from .errors import OAuthError, missing, uninvited
from .forms import answers_challenge, form_of
from .issuing import for_application, for_person
from .sessions import sessions

_NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
_DEVICE_CODE_GRANTS = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")


def token_routes(world: World) -> list[Route]:
    async def token(request: Request) -> Response:
        form = await form_of(request)
        _take_basic_authentication(request, form)
        try:
            return JSONResponse(answer(world, request.path_params["directory"], form), headers=_NO_STORE)
        except OAuthError as error:
            return error.response()

    return [Route("/{directory}/oauth2/v2.0/token", token, methods=["POST"])]


def answer(world: World, directory_name: str, form: dict[str, str]) -> dict[str, Any]:
    """Return the reply of the token endpoint to a form. Raises OAuthError."""
    directory = find_directory(world, directory_name)
    grant = form.get("grant_type")
    if not grant:
        raise missing("grant_type")
    application = find_application(world, directory, form.get("client_id"))
    if grant == "client_credentials":
        return _client_credentials(world, directory, application, form)
    if grant in _DEVICE_CODE_GRANTS:
        _check_public(application)
        return device_code.redeem(world, directory, application, form)
    if grant == "refresh_token":
        _check_public(application)
        return _refresh(world, directory, application, form)
    raise OAuthError("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")


def _client_credentials(
    world: World, directory: Directory, application: Application, form: dict[str, str]
) -> dict[str, Any]:
    _authenticate(world, directory, application, form)
    scope = parse_scope(form.get("scope"), directory, application)
    if not form["scope"].endswith("/.default"):
        raise OAuthError(
            "invalid_scope",
            1002012,
            f"The provided value for scope {form['scope']} is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier (application ID URI).",
        )
    return for_application(world, application, scope, claims=answers_challenge(form))


def _authenticate(world: World, directory: Directory, application: Application, form: dict[str, str]) -> None:
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise missing("client_assertion_type")
        base = f"{world.url}/{directory.id}"
        verify_assertion(form["client_assertion"], application, (f"{base}/oauth2/v2.0/token", f"{base}/v2.0", base))
        return
    if not form.get("client_secret"):
        raise OAuthError(
            "invalid_client",
            7000216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
            401,
        )
    _check_secret(application, form["client_secret"])


def _check_secret(application: Application, given: str) -> None:
    found = next((s for s in application.secrets if hmac.compare_digest(s.value.encode(), given.encode())), None)
    if found is None:
        raise OAuthError(
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{application.client_id}'.",
            401,
        )
    if found.expires is not None and _moment(found.expires) <= datetime.now(timezone.utc):
        raise OAuthError(
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{application.client_id}' are expired. Visit the Azure portal to "
            "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "
            "for added security: https://aka.ms/certCreds.",
            401,
        )


def _check_public(application: Application) -> None:
    if not application.public:
        raise OAuthError(
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            401,
        )


def _refresh(world: World, directory: Directory, application: Application, form: dict[str, str]) -> dict[str, Any]:
    token = form.get("refresh_token")
    if not token:
        raise missing("refresh_token")
    grant = sessions(world).grants.get(token)
    if grant is None or grant.client_id != application.client_id or grant.directory_id != directory.id:
        raise OAuthError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    if grant.revoked:
        raise OAuthError(
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
    person = world.state.person(grant.username)
    if person is None or not belongs(person, directory):
        raise uninvited(grant.username, directory.id)
    scope = parse_scope(form["scope"], directory, application) if form.get("scope") else grant.scope
    renewed = sessions(world).grant(person.username, application.client_id, directory.id, scope)
    return for_person(world, person, application, scope, renewed, claims=answers_challenge(form))


def _take_basic_authentication(request: Request, form: dict[str, str]) -> None:
    kind, _space, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return
    try:
        client_id, _colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return
    form.setdefault("client_id", unquote_plus(client_id))
    form.setdefault("client_secret", unquote_plus(secret))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
