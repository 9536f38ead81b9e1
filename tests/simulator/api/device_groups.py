# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device groups. Creating a group is synchronous, deleting one is an operation."""

from __future__ import annotations

import uuid

from ..names import DEFAULT_GROUPS, NO_UPDATES
from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import DeviceGroup, Product, Tenant
from ..wire import Wire
from . import removal
from .call import Call


def list_groups(call: Call) -> Wire:
    return call.page(call.tenant.groups.values(), lambda group: call.write.group(group, call.tenant))


def list_in_product(call: Call) -> Wire:
    return call.page(call.product().groups.values(), lambda group: call.write.group(group, call.tenant))


def list_by_name(call: Call) -> Wire:
    wanted = call.path["deviceGroupName"].casefold()
    groups = [group for group in call.tenant.groups.values() if group.name.casefold() == wanted]
    return call.page(groups, lambda group: call.write.group(group, call.tenant))


def get(call: Call) -> Wire:
    return call.write.group(call.group(), call.tenant)


def get_in_product(call: Call) -> Wire:
    product_name, name = call.path["productName"].casefold(), call.path["deviceGroupName"].casefold()
    for product in call.tenant.products.values():
        if product.name.casefold() == product_name:
            group = named_group(product, name)
            if group is not None:
                return call.write.group(group, call.tenant)
    raise Problem(404, "There is no such product and device group in the tenant.")


def create(call: Call) -> Wire:
    body = call.body
    product = call.tenant.products.get(body["ProductId"].lower())
    if product is None:
        raise Problem(404, f"There is no product {body['ProductId']} in the tenant.")
    call.check_name(body["Name"])
    if named_group(product, body["Name"]) is not None:
        raise Problem(409, f"The product already has a device group named {body['Name']}.")
    _check_policy(call)
    group = DeviceGroup(
        str(uuid.uuid4()),
        product.id,
        body["Name"],
        body.get("Description") or None,
        body.get("OsFeedType", 0),
        body.get("UpdatePolicy", 0),
    )
    add_group(call.tenant, product, group)
    return call.write.group(group, call.tenant)


def create_defaults(call: Call) -> Wire:
    """Create the missing default groups, and return all of them."""
    product = call.product()
    if call.world.settings.create_defaults == "conflict" and any(named_group(product, d.name) for d in DEFAULT_GROUPS):
        raise Problem(409, "The product already has default device groups.")
    groups = make_defaults(call.tenant, product)
    return {"Items": [call.write.group(group, call.tenant) for group in groups], "ContinuationToken": None}


def patch(call: Call) -> Wire:
    group, body = call.group(), call.body
    _check_policy(call)
    if "Name" in body:
        call.check_name(body["Name"])
        if named_group(call.tenant.products[group.product_id], body["Name"]) not in (None, group):
            raise Problem(409, f"The product already has a device group named {body['Name']}.")
        group.name = body["Name"]
    group.description = call.new_description(group.description)
    group.os_feed = body.get("OSFeedType", group.os_feed)
    group.update_policy = body.get("UpdatePolicy", group.update_policy)
    group.allow_crash_dumps_collection = body.get("AllowCrashDumpsCollection", group.allow_crash_dumps_collection)
    return call.write.group(group, call.tenant)


def delete(call: Call) -> Reply:
    """Start to delete a group. The operation fails if the group contains devices."""
    group, tenant = call.group(), call.tenant

    def effect() -> Outcome:
        if group.id not in tenant.groups:
            raise OperationFailure(Code.NOT_FOUND, f"There is no device group {group.id} in the tenant.")
        removal.check(call, f"The device group {group.name}", [group])
        removal.remove_group(tenant, group)
        return Outcome()

    return removal.start(call, Kind.DELETE_DEVICE_GROUP, effect)


def make_defaults(tenant: Tenant, product: Product) -> list[DeviceGroup]:
    """Create the missing default groups of a product, and return all of them."""
    groups = []
    for default in DEFAULT_GROUPS:
        group = named_group(product, default.name)
        if group is None:
            group = DeviceGroup(
                str(uuid.uuid4()),
                product.id,
                default.name,
                default.description,
                default.os_feed,
                default.update_policy,
            )
            add_group(tenant, product, group)
        groups.append(group)
    return groups


def add_group(tenant: Tenant, product: Product, group: DeviceGroup) -> None:
    """Add a new group to its product."""
    product.groups[group.id] = group
    tenant.groups[group.id] = group


def named_group(product: Product, name: str) -> DeviceGroup | None:
    """Return the group of that name, regardless of case."""
    wanted = name.casefold()
    return next((group for group in product.groups.values() if group.name.casefold() == wanted), None)


def _check_policy(call: Call) -> None:
    if call.body.get("UpdatePolicy") == NO_UPDATES and call.world.settings.no_updates == "refused":
        raise Problem(400, "UpdatePolicy: 2 is not one of 0, 1.")
