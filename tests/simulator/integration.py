# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Integration of tenants into Azure: the catalog of a tenant, its resource group, and Azure roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .state import Catalog, RoleAssignment, State, Tenant

DEFAULT_SUBSCRIPTION = "5b000000-0000-4000-8000-000000000001"
DEFAULT_RESOURCE_GROUP = "fleet-rg"
#: A custom role: its holders create catalogs, for which they become owners.
CREATOR = "Catalog Creator"
OWNER = "Azure Sphere Owner"
#: The Azure roles that correspond to the roles of a tenant.
AZURE_ROLES = {
    "Administrator": OWNER,
    "Contributor": "Azure Sphere Contributor",
    "Reader": "Azure Sphere Reader",
}
MIGRATION_TAG = "MigratedCatalogId"
_LONGEST_NAME = 50


class InvalidIntegration(ValueError):
    """A tenant cannot be integrated; the message contains the reason."""


def integrate_tenants(state: State, document: Mapping[str, Any], now: str) -> None:
    """Integrate the tenants as a seed document says, and assign roles. Raises InvalidIntegration.

    A tenant is integrated by default if anybody has a role in it. Unless the document has role assignments, holders of
    roles in a tenant have the corresponding Azure roles for its catalog, and its Administrators can create catalogs.
    """
    for subscription, names in document.get("resource_groups", {}).items():
        for name in names:
            add_resource_group(state, subscription, name)
    given = document.get("role_assignments")
    for entry in given or []:
        principal = state.identity(entry["principal"])
        who = entry["principal"] if principal is None else principal.id
        state.role_assignments.append(RoleAssignment(entry["scope"], who, entry["role"]))
    tenants = list(state.tenants.values())
    entries = dict(zip((tenant.id for tenant in tenants), document.get("tenants", []), strict=True))
    # Explicit names come first, so that generated ones can avoid them.
    for tenant in sorted(tenants, key=lambda t: not (entries[t.id].get("catalog") or {}).get("name")):
        entry = entries[tenant.id]
        if "catalog" in entry and entry["catalog"] is None:
            continue
        if "catalog" in entry or tenant.roles:
            integrate(state, tenant, entry.get("catalog") or {}, now, assign_roles=given is None)


def integrate(
    state: State, tenant: Tenant, wanted: Mapping[str, Any], now: str, *, assign_roles: bool = True
) -> Catalog:
    """Make the tenant a catalog, as `Integrate` in the Azure portal does. Raises InvalidIntegration.

    `wanted` contains members of a catalog; the rest gets defaults. The resource group is created.
    """
    if tenant.catalog is not None:
        raise InvalidIntegration(f"The tenant {tenant.name!r} is integrated already.")
    subscription = wanted.get("subscription_id", DEFAULT_SUBSCRIPTION).lower()
    group = add_resource_group(state, subscription, wanted.get("resource_group", DEFAULT_RESOURCE_GROUP))
    catalog = Catalog(
        subscription,
        group,
        wanted.get("name") or _free_name(state, subscription, group, tenant.name),
        wanted.get("location", "global"),
        {MIGRATION_TAG: tenant.id} if "tags" not in wanted else _copied(wanted["tags"]),
        wanted.get("created_by", "portal@contoso.example"),
        wanted.get("created_by_type", "User"),
        wanted.get("created_at", now),
        wanted.get("modified_at", now),
    )
    if find_catalog(state, subscription, group, catalog.name) is not None:
        raise InvalidIntegration(f"Two catalogs in {group} are named {catalog.name!r}; give each its own name.")
    tenant.catalog = catalog
    if assign_roles:
        _assign_roles(state, tenant, catalog)
    return catalog


def add_resource_group(state: State, subscription: str, name: str) -> str:
    """Create the resource group if it does not exist, and return its name."""
    return state.resource_groups.setdefault(subscription.lower(), {}).setdefault(name.casefold(), name)


def find_catalog(state: State, subscription: str, group: str, name: str) -> Tenant | None:
    """Return the tenant of a catalog; names are compared regardless of case."""
    wanted = (subscription.casefold(), group.casefold(), name.casefold())
    for tenant in state.tenants.values():
        catalog = tenant.catalog
        if catalog is not None and wanted == (
            catalog.subscription_id,
            catalog.resource_group.casefold(),
            catalog.name.casefold(),
        ):
            return tenant
    return None


def assign(state: State, scope: str, principal: str, role: str) -> None:
    """Assign a role, unless the principal has it."""
    assignment = RoleAssignment(scope, principal, role)
    if assignment not in state.role_assignments:
        state.role_assignments.append(assignment)


def _assign_roles(state: State, tenant: Tenant, catalog: Catalog) -> None:
    for principal, roles in tenant.roles.items():
        for role in sorted(roles):
            assign(state, catalog.id, principal, AZURE_ROLES[role])
            if AZURE_ROLES[role] == OWNER:
                assign(state, f"/subscriptions/{catalog.subscription_id}", principal, CREATOR)


def _free_name(state: State, subscription: str, group: str, tenant_name: str) -> str:
    """Return a valid name like that of the tenant, which no other catalog has."""
    valid = re.sub(r"[^A-Za-z0-9_-]+", "-", tenant_name).strip("-")[:_LONGEST_NAME] or "catalog"
    name, number = valid, 1
    while find_catalog(state, subscription, group, name) is not None:
        number += 1
        name = f"{valid[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
    return name


def _copied(tags: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if tags is None else dict(tags)
