# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Takes away what a blueprint does not name, of the kinds that its user asked for.

Never devices, images or deployments.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._errors import InvalidInput
from .._inputs.blueprint import Blueprint
from .._model import DEFAULT_DEVICE_GROUPS, name_key
from .._service import Service
from . import device_group, product, user_role
from .plan import Plan
from .refs import find_product, place

#: Kinds that can be pruned.
PRUNABLE = ("products", "device_groups", "users")


def prune(service: Service, blueprint: Blueprint, kinds: frozenset[str]) -> Iterator[tuple[str, str, Plan]]:
    """Kind, name and plan of each deletion.

    Groups are pruned only in the products that the blueprint names, and the default ones only where it wants none.
    Raises Conflict for what still has devices.
    """
    if "device_groups" in kinds:
        yield from _groups(service, blueprint)
    if "products" in kinds:
        named = {name_key(entry.name) for entry in blueprint.products}
        for each in service.products():
            if name_key(each.name) not in named:
                yield "product", each.name, product.plan(service, product.DesiredProduct(id=each.id, present=False))
    if "users" in kinds:
        yield from _users(service, blueprint)


def _groups(service: Service, blueprint: Blueprint) -> Iterator[tuple[str, str, Plan]]:
    default = {name_key(name) for name, _feed, _policy in DEFAULT_DEVICE_GROUPS}
    for entry in blueprint.products:
        found = find_product(service, entry.name)
        named = {name_key(group.name) for group in entry.device_groups}
        named |= default if entry.default_device_groups else set()
        for group in service.device_groups(found.id) if found is not None else ():
            if name_key(group.name) not in named:
                desired = device_group.DesiredDeviceGroup(id=group.id, present=False)
                yield "device_group", place(entry.name, group.name), device_group.plan(service, desired)


def _users(service: Service, blueprint: Blueprint) -> Iterator[tuple[str, str, Plan]]:
    named = user_role.names_of(*(entry.user.strip() for entry in blueprint.users))
    for user in service.users():
        # By every name that the service may find a user by, so that nobody is pruned who is named.
        who = user.mail or user.id
        if who is not None and not user_role.names_of(user.id, user.mail, user.name) & named:
            yield "user", who, plan_user(service, user_role.DesiredUser(who, present=False))


def plan_user(service: Service, desired: user_role.DesiredUser) -> Plan:
    """As `user_role.plan`, with what to do about it in a blueprint, which has no way to force it."""
    try:
        return user_role.plan(service, desired)
    except InvalidInput as error:
        if error.code == "own_administrator_role":
            error.hint = (
                "Nothing was changed. Name it in users with the role Administrator, or use another Administrator's "
                "account."
            )
        raise
