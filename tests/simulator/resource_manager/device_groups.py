# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device groups, and claims into them."""

from __future__ import annotations

import uuid
from typing import Any

from ..api.claiming import NOT_CLAIMABLE, claimable, take
from ..api.device_groups import add_group, named_group
from ..api.products import named_product
from ..api.removal import remove_group
from ..operations import Code, Kind, OperationFailure
from ..state import DeviceGroup
from . import wire
from .call import Answer, Call
from .errors import ArmError, invalid
from .long_running import Ended, Work, run
from .names import DEVICE_ID, FEEDS, GROUP_NAME, POLICIES
from .removal import missing, refuse_deployments

_KIND = "catalogs/products/deviceGroups"


def list_by_product(call: Call) -> Answer:
    return call.page(call.product().groups.values(), call.write.group)


def get(call: Call) -> Answer:
    return Answer(call.write.group(call.group(), wire.GET))


def create_or_update(call: Call) -> Answer:
    product, name, tenant = call.product(), call.names["group"], call.tenant
    if GROUP_NAME.fullmatch(name) is None:
        raise invalid(f"The device group name {name!r} is not valid.")
    given, settings = call.properties, call.world.settings

    def effect() -> Ended:
        if product.id not in tenant.products:
            raise OperationFailure(Code.NOT_FOUND, "The requested product was not found.")
        group = named_group(product, name)
        if group is None:
            group = DeviceGroup(str(uuid.uuid4()), product.id, name)
            add_group(tenant, product, group)
        if settings.arm_put_omitted == "reset":
            new = DeviceGroup(group.id, group.product_id, group.name)
            group.description, group.os_feed, group.update_policy = new.description, new.os_feed, new.update_policy
            group.allow_crash_dumps_collection = new.allow_crash_dumps_collection
            group.regional_data_boundary = new.regional_data_boundary
        _change(group, given)
        return Ended(call.write.group_id(group))

    def result() -> wire.Wire:
        return call.write.group(call.group(), wire.PUT)

    return run(call, Work(Kind.CREATE_PRODUCT, "CreateDeviceGroup", effect, result, _KIND))


def update(call: Call) -> Answer:
    group, tenant, given = call.group(), call.tenant, call.properties

    def effect() -> Ended:
        if group.id not in tenant.groups:
            raise OperationFailure(Code.NOT_FOUND, "Resource not found")
        _change(group, given)
        return Ended(call.write.group_id(group))

    def result() -> wire.Wire:
        return call.write.group(call.group(), wire.PATCH)

    return run(call, Work(Kind.CREATE_PRODUCT, "UpdateDeviceGroup", effect, result))


def delete(call: Call) -> Answer:
    """Delete a group without devices."""
    tenant = call.tenant
    product = named_product(tenant, call.names["product"])
    group = None if product is None else named_group(product, call.names["group"])
    if group is None:
        return missing(call)
    if group.devices:
        raise invalid(f"Device group cannot be deleted because {len(group.devices)} devices are assigned to it.")
    refuse_deployments(call, [group])

    def effect() -> Ended:
        if group.devices:
            raise OperationFailure(Code.BAD_REQUEST, "Device group cannot be deleted because it has devices.")
        if group.id in tenant.groups:
            remove_group(tenant, group)
        return Ended()

    return run(call, Work(Kind.DELETE_DEVICE_GROUP, "DeleteDeviceGroup", effect))


def count_devices(call: Call) -> Answer:
    """Count the devices. Unlike elsewhere, the error for a missing group has the code of invalid parameters."""
    try:
        place = call.place()
    except ArmError:
        raise ArmError(404, "InvalidParameters", "Device group not found") from None
    return Answer({"value": sum(1 for _device in place.devices())})


def claim_devices(call: Call) -> Answer:
    """Claim devices into the group. How the failure of some of them is reported depends on the settings."""
    place, tenant, state = call.place(), call.tenant, call.state
    device_ids = list(dict.fromkeys(device_id.lower() for device_id in call.body["deviceIdentifiers"]))
    limit = int(call.world.settings.arm_claim_limit)
    if len(device_ids) > limit:
        raise invalid(f"The maximum number of device identifiers is {limit}.")
    if not all(DEVICE_ID.fullmatch(device_id) for device_id in device_ids):
        raise invalid("A device identifier is not valid.")
    form = call.world.settings.arm_bulk_claim_failures

    def bad_ones() -> list[str]:
        return [device_id for device_id in device_ids if not claimable(state, tenant, device_id)]

    if form == "refused" and bad_ones():
        raise ArmError(400, "InvalidParameters", NOT_CLAIMABLE)

    def effect() -> Ended:
        bad = bad_ones()
        if bad and form == "all_failed":
            raise OperationFailure(Code.BAD_REQUEST, NOT_CLAIMABLE)
        place.check()
        for device_id in device_ids:
            if take(state, tenant, device_id):
                place.put(tenant.devices[device_id])
        if form == "hidden":
            return Ended()
        details = [{"code": "ResourceNotFound", "message": NOT_CLAIMABLE, "target": device_id} for device_id in bad]
        return Ended(details=details, failed=bool(bad) and form == "failed")

    return run(call, Work(Kind.BULK_DEVICE_CLAIM, "BulkDeviceClaim", effect))


def _change(group: DeviceGroup, given: dict[str, Any]) -> None:
    if "description" in given:
        group.description = given["description"] or None
    if "osFeedType" in given:
        group.os_feed = FEEDS[given["osFeedType"]]
    if "updatePolicy" in given:
        group.update_policy = POLICIES[given["updatePolicy"]]
    if "allowCrashDumpsCollection" in given:
        group.allow_crash_dumps_collection = given["allowCrashDumpsCollection"] == "Enabled"
    group.regional_data_boundary = given.get("regionalDataBoundary", group.regional_data_boundary)
