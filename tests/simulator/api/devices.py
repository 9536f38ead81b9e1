# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices: list, count, move. Claims are in `claiming`."""

from __future__ import annotations

from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Reply
from ..wire import Wire
from .call import Call


def list_devices(call: Call) -> Wire:
    return call.page(call.tenant.devices.values(), call.write.device)


def list_in_product(call: Call) -> Wire:
    return call.page(call.product().devices(), call.write.device)


def list_in_group(call: Call) -> Wire:
    return call.page(call.group().devices.values(), call.write.device)


def count(call: Call) -> int:
    return len(call.tenant.devices)


def count_in_product(call: Call) -> int:
    return sum(len(group.devices) for group in call.product().groups.values())


def count_in_group(call: Call) -> int:
    return len(call.group().devices)


def get(call: Call) -> Wire:
    """Return a device. The settings determine whether an unclaimed device is not found, or has no tenant."""
    device_id = call.path["deviceId"].lower()
    shown = call.world.settings.unclaimed_device == "object"
    if shown and device_id not in call.tenant.devices and call.state.exists_unclaimed(device_id):
        return call.write.unclaimed_device(device_id)
    return call.write.device(call.device())


def move(call: Call) -> Reply:
    """Move a device to a group, and thereby to the group's product."""
    device, tenant = call.device(), call.tenant
    group_id = call.body.lower()

    def effect() -> Outcome:
        group = tenant.groups.get(group_id)
        if group is None:
            raise OperationFailure(Code.NOT_FOUND, f"There is no device group {group_id} in the tenant.")
        tenant.place(device, group)
        return Outcome(f"/tenants/{tenant.id}/devices/{device.id}")

    return call.start(Kind.DEVICE_UPDATE_DEVICE_GROUP, effect)
