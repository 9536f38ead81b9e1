# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""OpenID discovery, instance discovery and the signing keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..world import World
from .directory import find_directory
from .errors import OAuthError


def discovery_routes(world: World) -> list[Route]:
    async def configuration(request: Request) -> Response:
        try:
            directory = find_directory(world, request.path_params["directory"])
        except OAuthError as error:
            return error.response()
        return JSONResponse(openid_configuration(world, directory.id))

    async def keys(_request: Request) -> Response:
        return JSONResponse(world.tokens.key_set())

    async def instance(request: Request) -> Response:
        requested = urlsplit(request.query_params.get("authorization_endpoint", ""))
        own = urlsplit(world.url)
        # Without the port, since msal sends none.
        if requested.hostname != own.hostname:
            error = OAuthError("invalid_instance", 50049, "Unknown or invalid instance.")
            return error.response()
        directory = requested.path.strip("/").split("/")[0]
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{world.url}/{directory}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": own.netloc, "preferred_cache": own.netloc, "aliases": [own.netloc]},
                ],
            }
        )

    return [
        Route("/common/discovery/instance", instance, methods=["GET"]),
        Route("/{directory}/v2.0/.well-known/openid-configuration", configuration, methods=["GET"]),
        Route("/{directory}/discovery/v2.0/keys", keys, methods=["GET"]),
    ]


def openid_configuration(world: World, directory_id: str) -> dict[str, Any]:
    """Return the discovery document of a directory."""
    base = f"{world.url}/{directory_id}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/v2.0",
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": urlsplit(world.url).netloc,
    }
