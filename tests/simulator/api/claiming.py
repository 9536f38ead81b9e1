# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Claims: once, for ever, and without telling a stranger which devices exist."""

from __future__ import annotations

from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Device, State, Tenant
from .call import Call

#: A device that is not there and one that another tenant owns are not told apart (FACTS, devices).
_NOT_CLAIMABLE = "The device was not found or is claimed by another tenant."


def claim_problem(state: State, device_id: str) -> str | None:
    """Why nobody can claim the device, or None."""
    return None if state.exists_unclaimed(device_id) else _NOT_CLAIMABLE


#: How the failure travels is not known (FACTS, devices): the code of an operation and the status that goes with it.
_CODES = {
    "not_found": (Code.NOT_FOUND, 404),
    "forbidden": (Code.FORBIDDEN, 403),
    "conflict": (Code.CONFLICT, 409),
}


def claim(call: Call) -> Reply:
    """Claiming again into the same tenant succeeds."""
    device_id = call.path["deviceId"].lower()
    state, tenant = call.state, call.tenant
    code, status = _CODES[call.world.settings.claim_code]

    def effect() -> Outcome:
        if not _claimed(state, tenant, device_id):
            raise OperationFailure(code, _NOT_CLAIMABLE)
        return Outcome(_resource(tenant, device_id))

    if call.world.settings.claim_failures == "status" and not _claimable(state, tenant, device_id):
        raise Problem(status, _NOT_CLAIMABLE)
    return call.start(Kind.DEVICE_CLAIM, effect)


def bulk_claim(call: Call) -> Reply:
    """Ends as complete with errors when some devices could not be claimed; the details name each.

    In other dialects one such device is in the way of all: the operation fails, or is not even started.
    """
    device_ids = list(dict.fromkeys(device_id.lower() for device_id in call.body))
    state, tenant, form = call.state, call.tenant, call.world.settings.bulk_claim_failures
    code, status = _CODES[call.world.settings.claim_code]

    def all_claimable() -> bool:
        return all(_claimable(state, tenant, device_id) for device_id in device_ids)

    def effect() -> Outcome:
        if form != "with_errors" and not all_claimable():
            raise OperationFailure(code, _NOT_CLAIMABLE)
        results = [(device_id, _claimed(state, tenant, device_id)) for device_id in device_ids]
        details = [
            {
                "DeviceId": device_id.upper(),
                "Succeeded": done,
                "Error": None if done else {"Code": code, "Message": _NOT_CLAIMABLE},
            }
            for device_id, done in results
        ]
        failed = not all(done for _device_id, done in results)
        return Outcome(f"/tenants/{tenant.id}/devices", {"DeviceClaims": details}, with_errors=failed)

    if form == "status" and not all_claimable():
        raise Problem(status, _NOT_CLAIMABLE)
    return call.start(Kind.BULK_DEVICE_CLAIM, effect)


def _claimable(state: State, tenant: Tenant, device_id: str) -> bool:
    return device_id in tenant.devices or state.exists_unclaimed(device_id)


def _claimed(state: State, tenant: Tenant, device_id: str) -> bool:
    """Claim the device if that can be; says whether the tenant has it now."""
    if not _claimable(state, tenant, device_id):
        return False
    if device_id not in tenant.devices:
        state.unclaimed.discard(device_id)
        state.owners[device_id] = tenant.id
        tenant.devices[device_id] = Device(device_id, tenant.id)
    return True


def _resource(tenant: Tenant, device_id: str) -> str:
    return f"/tenants/{tenant.id}/devices/{device_id}"
