# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Sign-in by device code: one device shows a code, the person enters it on another.

The real service reports an unknown account only in the browser. Here the waiting device gets the error as well, so that
tests need not wait until the code expires.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..state import Application, Directory
from ..world import World
from .directory import belongs, find_application, find_directory, parse_scope
from .errors import OAuthError, missing, uninvited
from .forms import answers_challenge, form_of
from .issuing import for_person
from .sessions import DeviceCode, sessions

DEVICE_PAGE = "/_simulator/signin/device"
#: Seconds between two polls. Entra uses 5; the simulator accepts faster clients.
INTERVAL = 1


def device_code_routes(world: World) -> list[Route]:
    async def start(request: Request) -> Response:
        form = await form_of(request)
        try:
            directory = find_directory(world, request.path_params["directory"])
            application = find_application(world, directory, form.get("client_id"))
            scope = form.get("scope", "")
            parse_scope(scope, directory, application)
        except OAuthError as error:
            return error.response()
        now = world.clock.timestamp()
        code = sessions(world).start(application.client_id, directory.id, scope, now)
        page = f"{world.url}{DEVICE_PAGE}"
        return JSONResponse(
            {
                "user_code": code.user_code,
                "device_code": code.device_code,
                "verification_uri": page,
                "expires_in": int(code.expires - now),
                "interval": INTERVAL,
                "message": f"To sign in, use a web browser to open the page {page} and enter the code {code.user_code} "
                "to authenticate.",
            }
        )

    return [Route("/{directory}/oauth2/v2.0/devicecode", start, methods=["POST"])]


def approve(world: World, user_code: str, username: str) -> DeviceCode:
    """Enter the code and sign in. Raises OAuthError if the directory rejects the account."""
    code = _pending(world, user_code)
    person = world.state.person(username)
    directory = find_directory(world, code.directory_id)
    if person is None or not belongs(person, directory):
        code.state, code.username = "uninvited", username
        raise uninvited(username, directory.id)
    application = find_application(world, directory, code.client_id)
    if not application.consented:
        code.state, code.username = "unconsented", username
        raise _unconsented(application)
    code.state, code.username, code.person = "approved", person.username, person
    return code


def decline(world: World, user_code: str) -> DeviceCode:
    """Enter the code and decline. Raises OAuthError."""
    code = _pending(world, user_code)
    code.state = "declined"
    return code


def redeem(world: World, directory: Directory, application: Application, form: dict[str, str]) -> dict[str, Any]:
    """Return the reply of the token endpoint to a device code. Raises OAuthError, also while the code is pending."""
    given = form.get("device_code") or form.get("code")
    if not given:
        raise missing("device_code")
    code = sessions(world).device_codes.get(given)
    if code is None or code.client_id != application.client_id or code.directory_id != directory.id:
        raise OAuthError(
            "bad_verification_code", 70018, "Invalid verification code. The device code was not recognized."
        )
    if world.clock.timestamp() >= code.expires:
        raise OAuthError("expired_token", 70019, "Verification code expired. Have the user retry the sign-in.")
    if code.state == "pending":
        raise OAuthError(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )
    del sessions(world).device_codes[given]
    if code.state == "declined":
        raise OAuthError("authorization_declined", None, "The end user denied the authorization request.")
    if code.state == "unconsented":
        raise _unconsented(application)
    if code.person is None:
        raise uninvited(code.username, directory.id)
    scope = parse_scope(code.scope, directory, application)
    refresh_token = sessions(world).grant(code.person.username, application.client_id, directory.id, scope)
    claims = answers_challenge(form)
    return for_person(world, code.person, application, scope, refresh_token, claims=claims)


def _pending(world: World, user_code: str) -> DeviceCode:
    code = sessions(world).by_user_code(user_code)
    if code is None or code.state != "pending":
        raise OAuthError("bad_verification_code", 70018, "Invalid verification code: no sign-in uses it.")
    if world.clock.timestamp() >= code.expires:
        raise OAuthError("expired_token", 70019, "Verification code expired. Have the user retry the sign-in.")
    return code


def _unconsented(application: Application) -> OAuthError:
    return OAuthError(
        "invalid_grant",
        65001,
        f"The user or administrator has not consented to use the application with ID '{application.client_id}' named "
        f"'{application.name}'. Send an interactive authorization request for this user and resource.",
    )
