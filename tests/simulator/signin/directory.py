# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Directories, applications, and the resources that tokens are for."""

from __future__ import annotations

from dataclasses import dataclass

from ..state import PUBLIC_CLIENT_ID, SPHERE_DIRECTORY_ID, Application, Directory, Person
from ..world import World
from .errors import OAuthError, missing, unknown_application, unknown_directory

#: Identifiers of the Azure Sphere API: for applications and people of other directories, and for its public client.
FIRST_PARTY_API = "https://firstparty.sphere.azure.net/api"
SPHERE_API = "https://sphere.azure.net/api"
#: Delegated permissions of each resource; the last one is for tokens of another service.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    FIRST_PARTY_API: ("azuresphere.readwrite",),
    SPHERE_API: ("user_impersonation",),
    "https://management.azure.com": ("user_impersonation",),
    "https://graph.microsoft.com": ("User.Read",),
}
#: The client of the Azure CLI, which is in all directories.
AZURE_CLI = "04b07795-8ddb-4a61-bbee-02f9e1bf7b46"
_IDENTITY_SCOPES = {"openid", "profile", "offline_access", "email"}
_PUBLIC_CLIENT = Application(
    PUBLIC_CLIENT_ID, "7e8d2f2c-4b6f-4d53-9d2b-1f0c9a3f5b10", "Azure Sphere CLI", SPHERE_DIRECTORY_ID, public=True
)


@dataclass(frozen=True)
class Scope:
    """The requested scope: the resource and its permissions; `.default` means all granted permissions."""

    resource: str
    permissions: tuple[str, ...]

    def text(self) -> str:
        """The scope as in token replies."""
        return " ".join(f"{self.resource}/{permission}" for permission in self.permissions)


def find_directory(world: World, name: str) -> Directory:
    """Find a directory by GUID, by name, or by `<GUID>.onmicrosoft.com`. Raises OAuthError."""
    wanted = name.casefold().removesuffix(".onmicrosoft.com")
    if wanted == SPHERE_DIRECTORY_ID:
        return world.state.directories.get(SPHERE_DIRECTORY_ID) or Directory(SPHERE_DIRECTORY_ID, "Azure Sphere")
    for directory in world.state.directories.values():
        if directory.id == wanted or (directory.name and directory.name.casefold() == name.casefold()):
            return directory
    raise unknown_directory(name)


def find_application(world: World, directory: Directory, client_id: str | None) -> Application:
    """Find an application of a directory. Microsoft's public clients are in all of them. Raises OAuthError."""
    if not client_id:
        raise missing("client_id")
    if client_id.lower() == AZURE_CLI:
        return Application(AZURE_CLI, AZURE_CLI, "Microsoft Azure CLI", directory.id, public=True)
    found = world.state.application(client_id)
    if found is None and client_id.lower() == PUBLIC_CLIENT_ID:
        found = _PUBLIC_CLIENT
    if found is None or found.directory_id != directory.id:
        raise unknown_application(client_id, directory.id)
    return found


def belongs(person: Person, directory: Directory) -> bool:
    """Return whether the person is a member or an invited guest of the directory."""
    return (person.directory_id or SPHERE_DIRECTORY_ID) == directory.id


def parse_scope(text: str | None, directory: Directory, application: Application) -> Scope:
    """Parse the scope of a token for a person or application. Raises OAuthError."""
    if not text:
        raise missing("scope")
    wanted = [scope for scope in text.split() if scope not in _IDENTITY_SCOPES]
    resources = {scope.rpartition("/")[0].rstrip("/") for scope in wanted}
    permissions = tuple(scope.rpartition("/")[2] for scope in wanted)
    if len(resources) != 1 or "" in resources:
        raise _invalid_scope(text)
    resource = resources.pop()
    if resource not in PERMISSIONS or (
        resource == FIRST_PARTY_API and not application.consented and not application.public
    ):
        raise OAuthError(
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named {directory.id}. This can "
            "happen if the application has not been installed by the administrator of the tenant or consented to by "
            "any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )
    if permissions == (".default",):
        return Scope(resource, PERMISSIONS[resource])
    if not set(permissions) <= set(PERMISSIONS[resource]):
        raise _invalid_scope(text)
    return Scope(resource, permissions)


def _invalid_scope(text: str) -> OAuthError:
    return OAuthError(
        "invalid_scope",
        70011,
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {text} is not valid.",
    )
