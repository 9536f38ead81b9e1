# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What clients need to know about a running simulator, in several forms."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import write_private
from .seeds import Seeds
from .signin import IDENTITY_HEADER
from .state import Application, Catalog, State
from .world import World

Ready = dict[str, Any]
LEGACY, INTEGRATED = "legacy", "integrated"


def describe(world: World, seeds: Seeds, directory: Path, managed_identity_url: str) -> Ready:
    """Return the ready message. Writes the client certificate to the directory. Raises OSError."""
    application = next((a for a in world.state.applications if not a.public), None)
    catalog = _catalog(world.state, application)
    tenants = [t for t in world.state.tenants.values() if application and t.roles.get(application.object_id)]
    return {
        "url": world.url,
        "authority_host": world.url,
        "blob_url": world.blob_url,
        "managed_identity_url": managed_identity_url,
        "identity_header": IDENTITY_HEADER,
        "ca": str(directory / "ca.pem"),
        "directory": str(directory),
        "pid": os.getpid(),
        "tenant": tenants[0].name if tenants else None,
        "tenant_id": tenants[0].id if tenants else None,
        "subscription_id": catalog.subscription_id if catalog else None,
        "resource_group": catalog.resource_group if catalog else None,
        "catalog": catalog.name if catalog else None,
        "directory_id": application.directory_id if application else None,
        "client_id": application.client_id if application else None,
        "client_secret": application.secrets[0].value if application and application.secrets else None,
        "client_certificate": _client_certificate(application, seeds, directory),
        "people": [person.username for person in world.state.people],
    }


def environment(ready: Mapping[str, Any], api: str = LEGACY) -> dict[str, str]:
    """Return environment variables for the collection and one of the APIs, and for Azure's own libraries."""
    place = {"AZSPHERE_TENANT": ready["tenant"]}
    if api == INTEGRATED:
        place = {
            "AZSPHERE_API": INTEGRATED,
            "AZURE_SUBSCRIPTION_ID": ready["subscription_id"],
            "AZURE_RESOURCE_GROUP": ready["resource_group"],
            "AZSPHERE_CATALOG": ready["catalog"],
        }
    values = {
        "AZSPHERE_API_URL": ready["url"],
        **place,
        "AZSPHERE_TOKEN_CACHE": os.path.join(str(ready["directory"]), "tokens"),
        "AZURE_AUTHORITY_HOST": ready["authority_host"],
        "AZURE_TENANT_ID": ready["directory_id"],
        "AZURE_CLIENT_ID": ready["client_id"],
        "AZURE_CLIENT_SECRET": ready["client_secret"],
        "REQUESTS_CA_BUNDLE": ready["ca"],
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def write_files(ready: Ready, directory: Path, ready_file: Path | None) -> None:
    """Write files with the environment for shells, and the ready message if requested. Raises OSError."""
    for api, name in ((LEGACY, "environment"), (INTEGRATED, "environment-integrated")):
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment(ready, api).items()]
        write_private(directory / name, "".join(lines).encode())
    if ready_file is not None:
        write_private(ready_file, (json.dumps(ready) + "\n").encode())


def greeting(ready: Ready, state: State) -> str:
    """Return the instructions for people."""
    tenants = ", ".join(f"{tenant.name} ({len(tenant.devices)} devices)" for tenant in state.tenants.values())
    files = [os.path.join(str(ready["directory"]), name) for name in ("environment", "environment-integrated")]
    legacy, integrated = (shlex.quote(file) for file in files)
    return (
        f"The Azure Sphere simulator is ready at {ready['url']}. Nothing real is touched.\n"
        f"Tenants: {tenants or 'none'}.\n"
        f"To use it from a shell:  . {legacy}\n"
        f"To use its Azure Sphere (Integrated) API:  . {integrated}\n"
        "To stop it: Ctrl-C."
    )


def _catalog(state: State, application: Application | None) -> Catalog | None:
    """Return the first catalog for which the application has a role."""
    for tenant in state.tenants.values():
        catalog = tenant.catalog
        if application is None or catalog is None:
            continue
        if any(a.principal == application.object_id and a.scope == catalog.id for a in state.role_assignments):
            return catalog
    return None


def _client_certificate(application: Application | None, seeds: Seeds, directory: Path) -> str | None:
    """Return the file of the application's certificate and key: new, or from an earlier run in the directory."""
    path = directory / "client.pem"
    if application is None:
        return None
    if any(certificate in seeds.client_certificate for certificate in application.certificates):
        write_private(path, seeds.client_certificate.encode())
        return str(path)
    if path.exists() and any(certificate in path.read_text() for certificate in application.certificates):
        return str(path)
    return None
