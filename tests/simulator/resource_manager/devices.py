# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: claims, moves and capabilities. The ID of a device changes when it is moved."""

from __future__ import annotations

from ..api.capabilities import capability_image
from ..api.claiming import CODES, NOT_CLAIMABLE, claimable, take
from ..operations import Code, Kind, OperationFailure
from . import wire
from .call import Answer, Call, Place
from .errors import ArmError, invalid, not_found
from .long_running import Ended, Work, run
from .names import CAPABILITIES, DEVICE_ID
from .removal import pretend

_KIND = "catalogs/products/deviceGroups/devices"


def list_by_device_group(call: Call) -> Answer:
    place = call.place()
    return call.page(place.devices(), lambda device, view: call.write.device(device, view, in_group=True))


def get(call: Call) -> Answer:
    return Answer(call.write.device(call.device(), wire.GET, shown=call.names["device"]))


def create_or_update(call: Call) -> Answer:
    """Claim a device, and put it into the group of the path."""
    device_id, place, tenant, state = call.names["device"].lower(), call.place(), call.tenant, call.state
    if DEVICE_ID.fullmatch(device_id) is None:
        raise invalid("The device identifier is not valid.")
    again, settings = call.world.settings.arm_claimed_device, call.world.settings
    if device_id in tenant.devices and again == "conflict":
        raise ArmError(409, "Conflict", "The device is already claimed.")
    code, _status = CODES[settings.claim_code]
    if settings.claim_failures == "status" and not claimable(state, tenant, device_id):
        raise ArmError.of_failure(OperationFailure(code, NOT_CLAIMABLE))

    def effect() -> Ended:
        own = device_id in tenant.devices
        if own and again == "operation":
            raise OperationFailure(Code.CONFLICT, "The device is already claimed.")
        place.check()
        if not take(state, tenant, device_id):
            raise OperationFailure(code, NOT_CLAIMABLE)
        if not own or again == "moved":
            place.put(tenant.devices[device_id])
        return Ended()

    def result() -> wire.Wire:
        return call.write.device(tenant.devices[device_id], wire.PUT, shown=call.names["device"])

    return run(call, Work(Kind.DEVICE_CLAIM, "DeviceClaim", effect, result, _KIND))


def update(call: Call) -> Answer:
    """Move a device. A missing target is refused at once."""
    device, shown = call.device(), call.names["device"]
    place = _target(call, call.properties["deviceGroupId"])

    def effect() -> Ended:
        place.put(device)
        return Ended(call.write.device_id(device, shown))

    def result() -> wire.Wire:
        return call.write.device(device, wire.PATCH, shown=shown)

    return run(call, Work(Kind.DEVICE_UPDATE_DEVICE_GROUP, "DeviceUpdateDeviceGroup", effect, result))


def delete(call: Call) -> Answer:
    try:
        call.device()
    except ArmError:
        return pretend(call, exists=False)
    return pretend(call, exists=True)


def generate_capability_image(call: Call) -> Answer:
    device = call.device()
    numbers = sorted({CAPABILITIES[name] for name in call.body["capabilities"]})
    image = capability_image(call.state.root_key, device.id, numbers)
    return run(call, Work(Kind.DEVICE_CLAIM, "GenerateCapabilityImage", Ended, lambda: {"image": image}))


def _target(call: Call, group_id: str) -> Place:
    """Return the group with that resource ID, which is not percent-encoded."""
    root = f"{call.catalog.id}/".casefold()
    if not group_id.casefold().startswith(root):
        raise invalid("The device group ID is not in the catalog.")
    steps = group_id[len(root) :].split("/")
    if len(steps) != 4 or (steps[0].casefold(), steps[2].casefold()) != ("products", "devicegroups"):
        raise invalid("The device group ID is not valid.")
    try:
        return call.place_named(steps[1], steps[3])
    except ArmError:
        raise not_found("Resource not found") from None
