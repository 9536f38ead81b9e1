# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state of the simulated service: plain data and its indexes. GUIDs and device IDs are in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Microsoft's public client and directory for people.
PUBLIC_CLIENT_ID = "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f"
SPHERE_DIRECTORY_ID = "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"
ROLES = ("Administrator", "Contributor", "Reader")


@dataclass
class Directory:
    """A Microsoft Entra directory."""

    id: str
    name: str = ""


@dataclass
class Secret:
    """A client secret; `expires` is ISO 8601 with a time zone, or None."""

    value: str
    expires: str | None = None


@dataclass
class FederatedCredential:
    """A trusted issuer of tokens. Either `jwks` or `public_key` (PEM) verifies them."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"
    jwks: dict[str, Any] | None = None
    public_key: str | None = None


@dataclass
class Application:
    """An application registration with its service principal (`object_id`).

    `consented` is false if the directory has not consented to the Azure Sphere API application. `public` marks a
    client for people, which has no credential of its own.
    """

    client_id: str
    object_id: str
    name: str
    directory_id: str
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    consented: bool = True
    public: bool = False


@dataclass
class Person:
    """A person who can sign in. `directory_id` is None for the common Azure Sphere directory."""

    object_id: str
    username: str
    name: str
    directory_id: str | None = None


@dataclass
class ManagedIdentity:
    """An identity of a machine; `system_assigned` is the default without a client ID."""

    object_id: str
    client_id: str
    name: str
    directory_id: str
    system_assigned: bool = False


@dataclass
class Principal:
    """A principal that Azure Sphere knows: invited, or with a role in the seed."""

    id: str
    name: str
    mail: str


@dataclass
class Deployment:
    """Images deployed to a group; `deployed_at` is ISO 8601 with microseconds and a Z."""

    id: str
    images: list[str]
    deployed_at: str


@dataclass
class Catalog:
    """The Azure resource of an integrated tenant.

    `tags` is None if they were never set. `created_by` is the name or ID of the principal that created the resource;
    times are ISO 8601.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str = "global"
    tags: dict[str, str] | None = None
    created_by: str = ""
    created_by_type: str = "User"
    created_at: str = ""
    modified_at: str = ""

    @property
    def id(self) -> str:
        """The resource ID."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.AzureSphere/catalogs/{self.name}"


@dataclass
class RoleAssignment:
    """An Azure role of a principal for a scope: the ID of a subscription, resource group or resource."""

    scope: str
    principal: str
    role: str


@dataclass
class DeviceGroup:
    id: str
    product_id: str
    name: str
    description: str | None = None
    os_feed: int = 0
    update_policy: int = 0
    allow_crash_dumps_collection: bool = False
    regional_data_boundary: str = "None"
    deployments: list[Deployment] = field(default_factory=list)
    devices: dict[str, Device] = field(default_factory=dict)

    @property
    def current(self) -> Deployment | None:
        return self.deployments[-1] if self.deployments else None


@dataclass
class Product:
    id: str
    name: str
    description: str | None = None
    groups: dict[str, DeviceGroup] = field(default_factory=dict)

    def devices(self) -> Iterator[Device]:
        for group in self.groups.values():
            yield from group.devices.values()


@dataclass
class Device:
    """A claimed device; `group_id` is None if it is in no group. Times and versions are as reported by the device."""

    id: str
    tenant_id: str
    group_id: str | None = None
    product_id: str | None = None
    last_available_os_version: str | None = None
    last_installed_os_version: str | None = None
    last_os_update: str | None = None
    last_update_request: str | None = None


@dataclass
class Image:
    """An uploaded package; `package` contains its bytes."""

    id: str
    component_id: str
    name: str
    type: int
    description: str | None
    package: bytes
    regional_data_boundary: str = "None"


@dataclass
class CaCertificate:
    """A tenant CA certificate with its private key, both PEM, and the public certificates above it."""

    thumbprint: str
    certificate: str
    key: str
    active: bool = False
    revoked: bool = False


@dataclass
class Insight:
    """An event that a device reported; times are in Unix seconds."""

    device_id: str
    event_type: str
    event_class: str
    event_category: str
    description: str
    count: int
    start: int
    end: int


@dataclass
class Tenant:
    """A tenant and everything in it. `roles` maps the ID of a principal to the names of its roles.

    `catalog` is the Azure resource of an integrated tenant, or None. `paused` switches the Legacy API off for it.
    """

    id: str
    name: str
    legacy_authorization_blocked: bool = False
    paused: bool = False
    catalog: Catalog | None = None
    roles: dict[str, set[str]] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    groups: dict[str, DeviceGroup] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    certificates: list[CaCertificate] = field(default_factory=list)
    insights: list[Insight] = field(default_factory=list)

    def place(self, device: Device, group: DeviceGroup) -> None:
        """Move a device of the tenant into a group."""
        self.remove_from_group(device)
        device.group_id, device.product_id = group.id, group.product_id
        group.devices[device.id] = device

    def remove_from_group(self, device: Device) -> None:
        """Remove a device of the tenant from its group, if any."""
        if device.group_id is not None:
            del self.groups[device.group_id].devices[device.id]
        device.group_id = device.product_id = None


@dataclass
class State:
    """The durable state.

    `any_unclaimed` means that every well-formed device ID is an existing device; otherwise only those in
    `unclaimed` exist. `tenant_makers` are devices that have been used to create a tenant, which is possible once.
    `resource_groups` maps the lower-case names of the resource groups of a subscription to their names. `paused`
    switches the Legacy API off for all tenants.
    """

    directories: dict[str, Directory] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    managed_identities: list[ManagedIdentity] = field(default_factory=list)
    principals: dict[str, Principal] = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    any_unclaimed: bool = True
    unclaimed: set[str] = field(default_factory=set)
    tenant_makers: set[str] = field(default_factory=set)
    resource_groups: dict[str, dict[str, str]] = field(default_factory=dict)
    role_assignments: list[RoleAssignment] = field(default_factory=list)
    paused: bool = False
    root_certificate: str = ""
    root_key: str = ""

    def application(self, client_id: str) -> Application | None:
        return next((a for a in self.applications if a.client_id == client_id.lower()), None)

    def person(self, username: str) -> Person | None:
        return next((p for p in self.people if p.username.casefold() == username.casefold()), None)

    def identity(self, who: str) -> Principal | None:
        """Find a principal by ID, name or address, known to Azure Sphere or only to the directory."""
        wanted = who.casefold()
        for principal in self.principals.values():
            if wanted in (principal.id, principal.mail.casefold()):
                return principal
        owners: list[Application | ManagedIdentity] = [*self.applications, *self.managed_identities]
        for owner in owners:
            if wanted in (owner.object_id, owner.client_id, owner.name.casefold()):
                address = f"{owner.object_id}@{owner.directory_id}.onmicrosoft.com"
                return Principal(owner.object_id, owner.name, address)
        for person in self.people:
            if wanted in (person.object_id, person.username.casefold()):
                return Principal(person.object_id, person.name, person.username)
        return None

    def exists_unclaimed(self, device_id: str) -> bool:
        """Return whether an unclaimed device with that ID exists."""
        return device_id not in self.owners and (self.any_unclaimed or device_id in self.unclaimed)
