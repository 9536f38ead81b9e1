# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Catalogs: the Azure resources of tenants. Creating one creates a tenant."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

from ..api.tenants import make_administrator, make_tenant
from ..integration import OWNER, assign, find_catalog
from ..operations import Kind
from ..state import Catalog, Tenant
from . import wire
from .access import allowed
from .call import Answer, Call
from .errors import GATEWAY, ArmError, invalid
from .long_running import Ended, Work, run
from .names import CATALOG_NAME
from .wire import Wire, Writer, iso

_LOCATION = "global"


def list_by_subscription(call: Call) -> Answer:
    """List catalogs that the caller may read; Resource Manager learns of a new one with a delay."""
    lag, now = call.world.settings.arm_catalog_list_lag, call.world.clock.timestamp()
    return _page(call, [t for t in _visible(call) if lag == 0 or _age(t, now) >= lag])


def list_by_resource_group(call: Call) -> Answer:
    wanted = call.names["resource_group"].casefold()
    tenants = [t for t in _visible(call) if t.catalog is not None and t.catalog.resource_group.casefold() == wanted]
    return _page(call, tenants)


def get(call: Call) -> Answer:
    catalog = call.catalog
    version = hashlib.sha256(f"{catalog.modified_at} {catalog.tags}".encode()).hexdigest()[:32]
    return Answer(call.write.catalog(wire.GET), headers=(("etag", f'"{version}"'),))


def create_or_update(call: Call) -> Answer:
    """Create a catalog, or replace its tags. Without tags in the body, a catalog loses those that it has."""
    name, location, tags = call.names["catalog"], call.body["location"], call.body.get("tags")
    if CATALOG_NAME.fullmatch(name) is None:
        raise invalid(f"The catalog name {name!r} is not valid.")
    if location.casefold() != _LOCATION:
        message = f"The provided location '{location}' is not available for resource type 'catalogs'."
        raise ArmError(400, "LocationNotAvailableForResourceType", message, cause=GATEWAY)
    state, world = call.state, call.world
    subscription, group = call.names["subscription"], call.names["resource_group"]

    def effect() -> Ended:
        now = iso(world.clock.now())
        existing = find_catalog(state, subscription, group, name)
        tenant = existing or _created(call, now)
        call.of_tenant = tenant
        assert tenant.catalog is not None
        catalog = tenant.catalog
        catalog.modified_at = now
        if tags is not None or world.settings.arm_put_omitted == "reset":
            catalog.tags = tags
        return Ended(catalog.id)

    work = Work(Kind.TENANT_CREATION, "CreateCatalog", effect, lambda: call.write.catalog(wire.PUT), "catalogs")
    return run(call, work)


def update(call: Call) -> Answer:
    """Replace the tags as a whole."""
    catalog = call.catalog
    if call.body.get("tags") is not None:
        catalog.tags = dict(call.body["tags"])
    catalog.modified_at = iso(call.world.clock.now())
    return Answer(call.write.catalog(wire.PATCH))


def delete(call: Call) -> Answer:
    """Delete a catalog without devices. Devices of a deleted catalog stay claimed: nobody can claim them again."""
    mode, tenant, catalog = call.world.settings.arm_catalog_deletion, call.tenant, call.catalog
    if mode == "refused":
        raise ArmError(409, "Conflict", "A catalog cannot be deleted.")
    if mode == "without_devices" and tenant.devices:
        raise invalid(f"The catalog has {len(tenant.devices)} devices and cannot be deleted.")

    def effect() -> Ended:
        state = call.state
        state.tenants.pop(tenant.id, None)
        below = f"{catalog.id.casefold()}/"
        state.role_assignments[:] = [
            a for a in state.role_assignments if not f"{a.scope.casefold()}/".startswith(below)
        ]
        return Ended()

    answer = run(call, Work(Kind.TENANT_CREATION, "DeleteCatalog", effect))
    if answer.status != 200:
        return answer
    return Answer(body=False, headers=(("x-ms-request-id", "00000000-0000-0000-0000-000000000000"),))


def count_devices(call: Call) -> Answer:
    return Answer({"value": len(call.tenant.devices)})


def list_deployments(call: Call) -> Answer:
    groups = call.tenant.groups.values()
    found = [(deployment, group) for group in groups for deployment in group.deployments]
    return call.page(found, lambda pair, view: call.write.deployment(pair[0], pair[1], view))


def list_device_groups(call: Call) -> Answer:
    """List the groups of all products, of the given name if the body has one."""
    groups = list(call.tenant.groups.values())
    wanted = ((call.body or {}).get("deviceGroupName") or "").casefold()
    form = call.world.settings.arm_group_filter
    if wanted and form == "exact":
        groups = [group for group in groups if group.name.casefold() == wanted]
    elif wanted and form == "prefix":
        groups = [group for group in groups if group.name.casefold().startswith(wanted)]
    return call.page(groups, call.write.group)


def list_device_insights(call: Call) -> Answer:
    return call.page(call.tenant.insights, lambda insight, _view: call.write.insight(insight))


def list_devices(call: Call) -> Answer:
    return call.page(call.tenant.devices.values(), call.write.device)


def _visible(call: Call) -> list[Tenant]:
    subscription = call.names["subscription"].casefold()
    return [
        tenant
        for tenant in call.state.tenants.values()
        if tenant.catalog is not None
        and tenant.catalog.subscription_id == subscription
        and allowed(call.state, call.caller, "catalogs/read", tenant.catalog.id)
    ]


def _page(call: Call, tenants: list[Tenant]) -> Answer:
    def written(tenant: Tenant, view: str) -> Wire:
        assert tenant.catalog is not None
        return Writer(call.world, tenant, tenant.catalog, call.caller).catalog(view)

    return call.page(tenants, written)


def _age(tenant: Tenant, now: float) -> float:
    assert tenant.catalog is not None
    created = datetime.fromisoformat(tenant.catalog.created_at.replace("Z", "+00:00")[:26] + "+00:00")
    return now - created.astimezone(timezone.utc).timestamp()


def _created(call: Call, now: str) -> Tenant:
    """Create a tenant with its catalog, which the caller owns."""
    state, caller, names = call.state, call.caller, call.names
    tenant = make_tenant(state, names["catalog"], call.world.clock.now())
    subscription = names["subscription"].lower()
    group = state.resource_groups[subscription][names["resource_group"].casefold()]
    by, kind = caller.name or caller.id, "User" if caller.name else "Application"
    catalog = Catalog(subscription, group, names["catalog"], call.body["location"], None, by, kind, now, now)
    tenant.catalog = catalog
    assign(state, catalog.id, caller.id, OWNER)
    if call.world.settings.arm_new_catalog == "administrator":
        make_administrator(state, tenant, caller.id, caller.name)
    return tenant
