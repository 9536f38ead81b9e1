# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants: list, rename, create from an unclaimed device, block legacy authorization."""

from __future__ import annotations

import uuid
from datetime import datetime

from ..certificates import Authority, make_default_cas
from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Principal, State, Tenant
from ..wire import Wire
from .call import Answer, Call
from .claiming import claim_problem


def list_tenants(call: Call) -> Answer:
    """Return a bare array, as existing clients expect, or pages if the settings say so."""
    tenants = [t for t in call.state.tenants.values() if t.roles.get(call.caller.id)]

    def write(tenant: Tenant) -> Wire:
        return call.write.tenant(tenant, call.caller.id)

    if call.world.settings.tenants_list == "items":
        return call.page(tenants, write)
    if call.world.settings.list_order == "newest_first":
        tenants.reverse()
    return [write(tenant) for tenant in tenants]


def get(call: Call) -> Wire:
    return call.write.tenant(call.tenant, call.caller.id)


def patch(call: Call) -> Wire:
    """Rename the tenant. Tenant names are case-sensitive and need not be unique."""
    if "Name" in call.body:
        call.check_name(call.body["Name"])
        call.tenant.name = call.body["Name"]
    return call.write.tenant(call.tenant, call.caller.id)


def create(call: Call) -> Reply:
    """Create a tenant. An unclaimed device can create one tenant, and stays unclaimed."""
    name, device_id = call.body["TenantFriendlyName"], call.body["DeviceId"].lower()
    call.check_name(name)
    state, caller = call.state, call.caller

    def problem() -> str | None:
        if device_id in state.tenant_makers:
            return "The device has already been used to create a tenant."
        return claim_problem(state, device_id)

    def effect() -> Outcome:
        found = problem()
        if found is not None:
            raise OperationFailure(Code.CONFLICT, found)
        tenant = make_tenant(state, name, call.world.clock.now())
        make_administrator(state, tenant, caller.id, caller.name)
        state.tenant_makers.add(device_id)
        return Outcome(f"/tenants/{tenant.id}", tenant_id=tenant.id)

    found = problem()
    if found is not None and call.world.settings.claim_failures == "status":
        raise Problem(400, found)
    return call.start(Kind.TENANT_CREATION, effect, ok=True, of_tenant=False)


def make_tenant(state: State, name: str, now: datetime) -> Tenant:
    """Create a tenant with one certificate, and without roles."""
    tenant = Tenant(str(uuid.uuid4()), name)
    root = Authority(state.root_certificate, state.root_key)
    tenant.certificates = make_default_cas(root, tenant.id, now)[1:]
    tenant.certificates[0].active = True
    state.tenants[tenant.id] = tenant
    return tenant


def make_administrator(state: State, tenant: Tenant, principal_id: str, name: str | None) -> None:
    """Make a principal Administrator of the tenant; `name` is its name if it is a person."""
    address = name or principal_id
    principal = state.identity(principal_id) or Principal(principal_id, address, address)
    state.principals.setdefault(principal_id, principal)
    tenant.roles[principal_id] = {"Administrator"}


def block_legacy(call: Call) -> Reply:
    call.tenant.legacy_authorization_blocked = True
    return Reply(200, b"", None)
