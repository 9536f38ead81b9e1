# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claiming devices. A claim is permanent, and does not reveal which devices exist."""

from __future__ import annotations

from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Device, State, Tenant
from .call import Call

#: The error is the same for a device that does not exist and for one that another tenant owns.
NOT_CLAIMABLE = "The device was not found or is claimed by another tenant."


def claim_problem(state: State, device_id: str) -> str | None:
    """Return why the device cannot be claimed, or None."""
    return None if state.exists_unclaimed(device_id) else NOT_CLAIMABLE


#: How the error is reported is undocumented: the code of an operation and the status that corresponds to it.
CODES = {
    "not_found": (Code.NOT_FOUND, 404),
    "forbidden": (Code.FORBIDDEN, 403),
    "conflict": (Code.CONFLICT, 409),
}


def claim(call: Call) -> Reply:
    """Claim a device. Claiming it again for the same tenant succeeds."""
    device_id = call.path["deviceId"].lower()
    state, tenant = call.state, call.tenant
    code, status = CODES[call.world.settings.claim_code]

    def effect() -> Outcome:
        if not take(state, tenant, device_id):
            raise OperationFailure(code, NOT_CLAIMABLE)
        return Outcome(_resource(tenant, device_id))

    if call.world.settings.claim_failures == "status" and not claimable(state, tenant, device_id):
        raise Problem(status, NOT_CLAIMABLE)
    return call.start(Kind.DEVICE_CLAIM, effect)


def bulk_claim(call: Call) -> Reply:
    """Claim many devices; the details list the outcome of each.

    In the dialect `documented`, the operation ends as complete with errors if some devices cannot be claimed.
    Depending on the settings, the whole operation fails, or the request is rejected.
    """
    device_ids = list(dict.fromkeys(device_id.lower() for device_id in call.body))
    state, tenant, form = call.state, call.tenant, call.world.settings.bulk_claim_failures
    code, status = CODES[call.world.settings.claim_code]

    def allclaimable() -> bool:
        return all(claimable(state, tenant, device_id) for device_id in device_ids)

    def effect() -> Outcome:
        if form != "with_errors" and not allclaimable():
            raise OperationFailure(code, NOT_CLAIMABLE)
        results = [(device_id, take(state, tenant, device_id)) for device_id in device_ids]
        details = [
            {
                "DeviceId": device_id.upper(),
                "Succeeded": done,
                "Error": None if done else {"Code": code, "Message": NOT_CLAIMABLE},
            }
            for device_id, done in results
        ]
        failed = not all(done for _device_id, done in results)
        return Outcome(f"/tenants/{tenant.id}/devices", {"DeviceClaims": details}, with_errors=failed)

    if form == "status" and not allclaimable():
        raise Problem(status, NOT_CLAIMABLE)
    return call.start(Kind.BULK_DEVICE_CLAIM, effect)


def claimable(state: State, tenant: Tenant, device_id: str) -> bool:
    """Return whether the tenant owns the device or can claim it."""
    return device_id in tenant.devices or state.exists_unclaimed(device_id)


def take(state: State, tenant: Tenant, device_id: str) -> bool:
    """Claim the device if possible, and return whether the tenant owns it now."""
    if not claimable(state, tenant, device_id):
        return False
    if device_id not in tenant.devices:
        state.unclaimed.discard(device_id)
        state.owners[device_id] = tenant.id
        tenant.devices[device_id] = Device(device_id, tenant.id)
    return True


def _resource(tenant: Tenant, device_id: str) -> str:
    return f"/tenants/{tenant.id}/devices/{device_id}"
