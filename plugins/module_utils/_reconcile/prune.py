# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deletes resources that a blueprint does not name, of the kinds that the user selects.

Never devices, images or deployments.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._errors import InvalidInput
from .._inputs.blueprint import Blueprint
from .._model.resources import DEFAULT_DEVICE_GROUPS, UserSpec
from .._model.values import name_key
from .._references import find_product
from .._service import Service
from . import device_group, product, user_role
from .plan import Plan


def prune(service: Service, blueprint: Blueprint, kinds: frozenset[str]) -> Iterator[tuple[str, str, Plan]]:
    """Yields kind, name and plan of each deletion.

    Groups are pruned only in products that the blueprint names, and default groups only if it disables them there.
    Raises Conflict for a resource that still has devices.
    """
    if "device_groups" in kinds:
        yield from _groups(service, blueprint)
    if "products" in kinds:
        named = {name_key(entry.name or "") for entry in blueprint.products}
        for each in service.products.list():
            if name_key(each.name) not in named:
                yield "product", each.name, product.deletion(service, each)
    if "users" in kinds:
        yield from _users(service, blueprint)


def _groups(service: Service, blueprint: Blueprint) -> Iterator[tuple[str, str, Plan]]:
    default = {name_key(name) for name, _feed, _policy in DEFAULT_DEVICE_GROUPS}
    for entry in blueprint.products:
        name = entry.name or ""
        found = find_product(service, name)
        named = {name_key(group.name or "") for group in blueprint.groups_of(name)}
        named |= default if entry.default_device_groups else set()
        for group in service.device_groups.list(found.ref) if found is not None else ():
            if name_key(group.name) not in named:
                yield "device_group", f"{name}/{group.name}", device_group.deletion(service, group)


def _users(service: Service, blueprint: Blueprint) -> Iterator[tuple[str, str, Plan]]:
    named = user_role.names_of(*(entry.user.strip() for entry in blueprint.users))
    for user in service.users.list():
        # Compares all names of a user, so that no named user is pruned.
        who = user.mail or user.id
        if who is not None and not user_role.names_of(user.id, user.mail, user.name) & named:
            yield "user", who, plan_user(service, UserSpec(who, present=False))


def plan_user(service: Service, spec: UserSpec) -> Plan:
    """Plans as `user_role.plan`; its errors advise on blueprints, which have no option force."""
    try:
        return user_role.plan(service, spec)
    except InvalidInput as error:
        if error.code == "own_administrator_role":
            error.hint = (
                "Nothing was changed. Name it in users with the role Administrator, or use another Administrator's "
                "account."
            )
        raise
