# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Protects products and device groups with devices from deletion."""

from __future__ import annotations

from .._errors import Conflict
from .._model.refs import GroupRef, ProductRef
from .._service import Service

#: How many devices an error lists.
NAMED = 3


def require_no_devices(service: Service, what: str, scope: ProductRef | GroupRef) -> None:
    """Raises Conflict with the number of devices and the first of them, if there are any.

    The service would start the deletion and fail later (FACTS: products and device groups).
    """
    count = service.devices.count(scope)
    if not count:
        return
    first = [device.id for device in service.devices.list(scope)[:NAMED]]
    named = ", ".join(first) + (f" and {count - len(first)} more" if count > len(first) else "")
    raise Conflict(
        f"Cannot delete the {what}: it has {count} device{'s' if count > 1 else ''} ({named}).",
        code="has_devices",
        target=what,
        hint="Move the devices to another device group first.",
    )
