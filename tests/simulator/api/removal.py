# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deleting products and device groups: preconditions, and the form of the reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import DeviceGroup, Tenant
from .call import Call

_STATUSES = {Code.CONFLICT: 409, Code.NOT_FOUND: 404}


def check(call: Call, what: str, groups: Iterable[DeviceGroup]) -> None:
    """Raise OperationFailure if the groups cannot be deleted."""
    for group in groups:
        if group.devices:
            raise OperationFailure(Code.CONFLICT, f"{what} cannot be deleted: devices are in its group {group.name}.")
        if group.deployments and call.world.settings.deletion_with_deployments == "refused":
            raise OperationFailure(Code.CONFLICT, f"{what} cannot be deleted: {group.name} has deployments.")


def remove_group(tenant: Tenant, group: DeviceGroup) -> None:
    for deployment in group.deployments:
        del tenant.deployments[deployment.id]
    del tenant.groups[group.id]
    del tenant.products[group.product_id].groups[group.id]


def start(call: Call, kind: Kind, effect: Callable[[], Outcome]) -> Reply:
    """Start the deletion, or delete at once if the settings say that the reply is 204."""
    if call.world.settings.delete_reply == "operation":
        return call.start(kind, effect)
    try:
        call.ordered(effect)()
    except OperationFailure as failure:
        raise Problem(_STATUSES.get(failure.code, 400), failure.message) from failure
    return Reply(204, b"", None)
