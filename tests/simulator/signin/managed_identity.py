# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The managed identity endpoints: the metadata service of a virtual machine, and App Service's endpoint.

They are served over plain HTTP, as in Azure. Clients find the first through `AZURE_POD_IDENTITY_AUTHORITY_HOST`, the
second through `IDENTITY_ENDPOINT` (`/msi/token`) and `IDENTITY_HEADER`, or, in the older form of Machine Learning,
through `MSI_ENDPOINT` and `MSI_SECRET`.
"""

from __future__ import annotations

import hmac
import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..state import ManagedIdentity
from ..world import World
from .directory import PERMISSIONS
from .issuing import access_token

#: The value of `IDENTITY_HEADER` and `MSI_SECRET`. Azure generates one for each machine; this one is not secret.
IDENTITY_HEADER = "simulated-identity-header"
_VERSIONS = {"2017-09-01", "2019-08-01"}


def managed_identity_app(world: World) -> Starlette:
    """Return both endpoints as one application."""

    async def metadata_service(request: Request) -> Response:
        query = request.query_params
        if request.headers.get("metadata", "").lower() != "true":
            return _metadata_error("invalid_request", "Required metadata header not specified")
        if not query.get("api-version"):
            return _metadata_error("invalid_request", "Required query variable 'api-version' is missing")
        resource = query.get("resource", "").rstrip("/")
        if not resource:
            return _metadata_error("invalid_request", "Required query variable 'resource' is missing")
        if resource not in PERMISSIONS:
            return _metadata_error(
                "invalid_resource",
                f"AADSTS500011: The resource principal named {resource} was not found in the tenant.",
            )
        identity = _find(world, query)
        if identity is None:
            return _metadata_error("invalid_request", "Identity not found")
        return JSONResponse(_answer(world, identity, resource, seconds=True))

    async def app_service(request: Request) -> Response:
        query = request.query_params
        version = query.get("api-version", "")
        given = request.headers.get("secret" if version == "2017-09-01" else "x-identity-header", "")
        if version not in _VERSIONS:
            return _app_service_error(400, "The api-version is missing or not supported.")
        if not hmac.compare_digest(given.encode(), IDENTITY_HEADER.encode()):
            return _app_service_error(401, "The identity header is missing or invalid.")
        resource = query.get("resource", "").rstrip("/")
        if resource not in PERMISSIONS:
            return _app_service_error(400, f"The resource {resource} was not found in the tenant.")
        identity = _find(world, query)
        if identity is None:
            return _app_service_error(
                400,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            )
        return JSONResponse(_answer(world, identity, resource, seconds=False))

    return Starlette(
        routes=[
            Route("/metadata/identity/oauth2/token", metadata_service, methods=["GET"]),
            Route("/msi/token", app_service, methods=["GET"]),
        ]
    )


def _find(world: World, query: Any) -> ManagedIdentity | None:
    client_id = query.get("client_id") or query.get("clientid")
    object_id = query.get("object_id") or query.get("principal_id")
    for identity in world.state.managed_identities:
        if client_id:
            if identity.client_id == client_id.lower():
                return identity
        elif object_id:
            if identity.object_id == object_id.lower():
                return identity
        elif identity.system_assigned:
            return identity
    return None


def _answer(world: World, identity: ManagedIdentity, resource: str, *, seconds: bool) -> dict[str, Any]:
    extra = {"tid": identity.directory_id, "appid": identity.client_id, "idtyp": "app", "ver": "1.0"}
    token, lifetime = access_token(world, identity.object_id, resource, extra=extra)
    # By the system clock, since clients do not know the simulator's clock.
    now = int(time.time())
    answer = {
        "access_token": token,
        "client_id": identity.client_id,
        "expires_on": str(now + lifetime),
        "resource": resource,
        "token_type": "Bearer",
    }
    if seconds:
        answer |= {"expires_in": str(lifetime), "not_before": str(now)}
    return answer


def _metadata_error(error: str, text: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": text}, 400)


def _app_service_error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": text}, status)
