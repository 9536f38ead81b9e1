# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The resource provider itself: its operations, and its registration for a subscription."""

from __future__ import annotations

from collections.abc import Iterable

from ..world import World
from .call import Answer, Call
from .names import PROVIDER


def is_registered(world: World, subscription: str) -> bool:
    registered: set[str] = world.volatile.setdefault("registered", set())
    return world.settings.arm_registration == "registered" or subscription.lower() in registered


def register(call: Call) -> Answer:
    registered: set[str] = call.world.volatile.setdefault("registered", set())
    registered.add(call.names["subscription"].lower())
    return get(call)


def get(call: Call) -> Answer:
    subscription = call.names["subscription"]
    state = "Registered" if is_registered(call.world, subscription) else "NotRegistered"
    path = f"/subscriptions/{subscription}/providers/{PROVIDER}"
    return Answer({"id": path, "namespace": PROVIDER, "registrationState": state, "resourceTypes": []})


def list_permissions(call: Call, permissions: Iterable[str]) -> Answer:
    return call.page(sorted(permissions), lambda permission, _view: _described(permission))


def _described(permission: str) -> dict[str, object]:
    resource, _slash, operation = permission.rpartition("/")
    display = {"provider": "Microsoft Azure Sphere", "resource": resource, "operation": operation}
    return {
        "name": f"{PROVIDER}/{permission}",
        "isDataAction": False,
        "display": {**display, "description": f"{operation} {resource}"},
        "origin": "user,system",
    }
