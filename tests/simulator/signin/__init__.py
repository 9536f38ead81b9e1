# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The sign-in: replies of Microsoft Entra and a managed identity endpoint, in their documented forms.

`routes` is served over TLS beside the API, `managed_identity_app` over plain HTTP as on an Azure machine. Error codes
and messages follow Microsoft's list of Entra error codes.
"""

from __future__ import annotations

from starlette.routing import Route

from ..world import World
from .administration import administration_routes
from .device_code import device_code_routes
from .discovery import discovery_routes
from .managed_identity import IDENTITY_HEADER, managed_identity_app
from .token_endpoint import token_routes

__all__ = ["IDENTITY_HEADER", "managed_identity_app", "routes"]


def routes(world: World) -> list[Route]:
    """Return the routes of the authority, and of the pages and calls that act as the person who signs in."""
    return [
        *administration_routes(world),
        *discovery_routes(world),
        *device_code_routes(world),
        *token_routes(world),
    ]
