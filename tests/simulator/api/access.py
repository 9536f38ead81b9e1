# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Users, their roles, and invitations."""

from __future__ import annotations

import re
import uuid

from ..problems import Problem, Reply
from ..state import ROLES, Principal, State
from ..wire import Wire, ordered_roles
from .call import Answer, Call, is_guid

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def list_users(call: Call) -> Wire:
    principals = [
        call.write.principal(call.state.principals[who], roles)
        for who, roles in call.tenant.roles.items()
        if roles and who in call.state.principals
    ]
    return {"TenantId": call.tenant.id, "Principals": principals}


def list_roles_by_user(call: Call) -> Wire:
    """Return the roles of a user. Everybody can see their own roles, Administrators those of others."""
    principal = find(call.state, call.path["userId"])
    own = principal is not None and principal.id == call.caller.id
    if not own and "Administrator" not in call.tenant.roles[call.caller.id]:
        raise Problem(404, "There is no such user in the tenant.")
    if principal is None:
        raise Problem(404, "There is no such user in the tenant.")
    everywhere = call.world.settings.user_roles == "everywhere"
    tenants = call.state.tenants.values() if everywhere else [call.tenant]
    return {
        "Roles": [
            {"TenantId": tenant.id, "RoleNames": ordered_roles(tenant.roles[principal.id])}
            for tenant in tenants
            if tenant.roles.get(principal.id)
        ]
    }


def assign_role(call: Call) -> Reply:
    """Assign a role. Fails for users who were not invited, and until `invitation_seconds` after the invitation."""
    role = _role(call)
    principal = find(call.state, call.path["userId"])
    if principal is None or call.world.clock.timestamp() < call.world.invited.get(principal.id, 0.0):
        raise Problem(404, "There is no such user. Invite the user first.")
    call.tenant.roles.setdefault(principal.id, set()).add(role)
    return Reply(200, b"", None)


def unassign_role(call: Call) -> Reply:
    role = _role(call)
    principal = find(call.state, call.path["userId"])
    if principal is None:
        raise Problem(404, "There is no such user.")
    call.tenant.roles.get(principal.id, set()).discard(role)
    return Reply(200, b"", None)


def list_available_roles(call: Call) -> Answer:
    del call
    return list(ROLES)


def invite_user(call: Call) -> Wire:
    """Invite a user. The address is not verified. The caller must be Administrator of any tenant."""
    if not any("Administrator" in tenant.roles.get(call.caller.id, ()) for tenant in call.state.tenants.values()):
        raise Problem(403, "Only an Administrator can invite users.")
    address = call.body.get("UserEmail", "")
    if not _ADDRESS.fullmatch(address):
        raise Problem(400, "UserEmail must be an e-mail address.")
    known = find(call.state, address)
    if known is None:
        known = _new_principal(call.state, address)
        call.state.principals[known.id] = known
        call.world.invited[known.id] = call.world.clock.timestamp() + call.world.settings.invitation_seconds
    return {"Status": "Completed", "Url": f"{call.world.url}/invitations/{known.id}"}


def find(state: State, user: str) -> Principal | None:
    """Return the principal with the GUID or address, regardless of case."""
    wanted = user.casefold()
    if is_guid(user):
        return state.principals.get(wanted)
    return next((p for p in state.principals.values() if p.mail.casefold() == wanted), None)


def _new_principal(state: State, address: str) -> Principal:
    """Return a user, or the service principal of an address `<object id>@<directory id>.onmicrosoft.com`."""
    local_part = address.partition("@")[0].lower()
    found = state.identity(address) or (state.identity(local_part) if is_guid(local_part) else None)
    if found is not None:
        return Principal(found.id, found.name, address)
    return Principal(local_part if is_guid(local_part) else str(uuid.uuid4()), address, address)


def _role(call: Call) -> str:
    wanted = call.path["roleName"].casefold()
    role = next((role for role in ROLES if role.casefold() == wanted), None)
    if role is None:
        raise Problem(400, f"There is no role {call.path['roleName']!r}; there are {', '.join(ROLES)}.")
    return role
