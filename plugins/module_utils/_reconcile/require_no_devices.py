# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What must not be deleted while devices are in it."""

from __future__ import annotations

from .._errors import Conflict
from .._model.refs import GroupRef, ProductRef
from .._service import Service

#: How many devices an error names.
NAMED = 3


def require_no_devices(service: Service, what: str, scope: ProductRef | GroupRef) -> None:
    """Raises Conflict saying how many devices there are, and the first of them.

    The service would start the deletion and let it fail later (FACTS: products and device groups).
    """
    count = service.devices.count(scope)
    if not count:
        return
    first = [device.id for device in service.devices.list(scope)[:NAMED]]
    named = ", ".join(first) + (f" and {count - len(first)} more" if count > len(first) else "")
    raise Conflict(
        f"The {what} cannot be deleted: it has {count} device{'s' if count > 1 else ''} ({named}).",
        code="devices_in_the_way",
        target=what,
        hint="Move them to another device group first.",
    )
