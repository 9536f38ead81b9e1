# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Authentication and authorization: tokens, claims challenges, and Azure roles."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..state import State
from ..tokens import CHALLENGE_ANSWERED, RESOURCE_MANAGER_AUDIENCES, InvalidToken, WrongAudience
from ..world import World
from .errors import GATEWAY, ArmError
from .names import PROVIDER

_READING_ACTIONS = (
    "*/read",
    "catalogs/countDevices/action",
    "catalogs/listDeviceGroups/action",
    "catalogs/listDeviceInsights/action",
    "catalogs/listDevices/action",
    "catalogs/products/countDevices/action",
    "catalogs/products/deviceGroups/countDevices/action",
    "catalogs/certificates/retrieveCertChain/action",
)
#: The permissions of each role below the provider, with wildcards.
ROLES: dict[str, tuple[str, ...]] = {
    "Azure Sphere Owner": ("*",),
    "Azure Sphere Contributor": ("*",),
    "Azure Sphere Publisher": (
        *_READING_ACTIONS,
        "catalogs/certificates/retrieveProofOfPossessionNonce/action",
        "catalogs/images/write",
        "catalogs/uploadImage/action",
    ),
    "Azure Sphere Reader": (*_READING_ACTIONS, "catalogs/listDeployments/action"),
    "Catalog Creator": ("catalogs/write", "register/action", "locations/*"),
}


@dataclass(frozen=True)
class Caller:
    """The caller: the object ID of the principal, and the user name if it is a person."""

    id: str
    name: str | None = None


def authenticate(world: World, authorization: str | None) -> Caller:
    """Return the caller. Raises ArmError with a challenge."""
    scheme, _space, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "Authentication failed. The 'Authorization' header is missing."
        raise _refused(world, "AuthenticationFailed", message)
    try:
        claims = world.tokens.verify(token.strip(), RESOURCE_MANAGER_AUDIENCES)
    except WrongAudience as error:
        message = "The access token has been obtained for wrong audience or resource. It should be one of "
        message += "'https://management.azure.com/', 'https://management.azure.com'."
        raise _refused(world, "InvalidAuthenticationTokenAudience", message) from error
    except InvalidToken as error:
        raise _refused(world, "InvalidAuthenticationToken", f"The access token is invalid: {error}.") from error
    mode = world.settings.arm_claims_challenge
    if mode == "always" or (mode == "once" and not _answers_challenge(world, claims)):
        raise _challenged(world)
    return Caller(str(claims["oid"]).lower(), claims.get("preferred_username"))


def authorize(state: State, caller: Caller, permission: str, scope: str) -> None:
    """Check a permission for a scope, which is the path of a resource. Raises ArmError."""
    if not allowed(state, caller, permission, scope):
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{caller.name or caller.id}' with object id '{caller.id}' does not have authorization to "
            f"perform action '{PROVIDER}/{permission}' over scope '{scope}' or the scope is invalid. If access was "
            "recently granted, please refresh your credentials.",
            cause=GATEWAY,
        )


def allowed(state: State, caller: Caller, permission: str, scope: str) -> bool:
    """Return whether a role of the caller, for the scope or one above it, has the permission."""
    wanted, place = permission.casefold(), f"{scope.rstrip('/').casefold()}/"
    return any(
        assignment.principal == caller.id
        and place.startswith(f"{assignment.scope.rstrip('/').casefold()}/")
        and any(fnmatchcase(wanted, pattern.casefold()) for pattern in ROLES[assignment.role])
        for assignment in state.role_assignments
    )


def is_known(state: State, caller: Caller, subscription: str) -> bool:
    """Return whether the caller has any role in the subscription."""
    place = f"/subscriptions/{subscription.casefold()}"
    return any(
        assignment.principal == caller.id and f"{assignment.scope.casefold()}/".startswith(f"{place}/")
        for assignment in state.role_assignments
    )


def _answers_challenge(world: World, claims: Mapping[str, Any]) -> bool:
    """Return whether the token was requested with the claims of a challenge.

    A managed identity cannot send claims: any token is accepted that it did not have when it was challenged.
    """
    if "appid" not in claims:
        return CHALLENGE_ANSWERED.items() <= claims.items()
    challenged: dict[str, str] = world.volatile.setdefault("challenged", {})
    return challenged.setdefault(str(claims["oid"]), str(claims["uti"])) != str(claims["uti"])


def _refused(world: World, code: str, message: str) -> ArmError:
    challenge = f'Bearer authorization_uri="{world.url}/common", error="invalid_token", error_description="{message}"'
    return ArmError(401, code, message, cause=GATEWAY, headers={"www-authenticate": challenge})


def _challenged(world: World) -> ArmError:
    """Return the claims challenge of continuous access evaluation."""
    now = str(int(world.clock.timestamp()))
    wanted = json.dumps({"access_token": {"nbf": {"essential": True, "value": now}}})
    claims = base64.b64encode(wanted.encode()).decode()
    challenge = (
        f'Bearer realm="", authorization_uri="{world.url}/common/oauth2/authorize", error="insufficient_claims", '
        f'claims="{claims}"'
    )
    message = "The access token was revoked by continuous access evaluation. Request a new token with the claims."
    return ArmError(401, "InvalidAuthenticationToken", message, cause=GATEWAY, headers={"www-authenticate": challenge})
