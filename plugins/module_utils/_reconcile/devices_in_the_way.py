# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What may not be deleted while devices are in it."""

from __future__ import annotations

from .._errors import Conflict
from .._service import Service

#: How many devices an error names.
NAMED = 3


def refuse_while_devices(
    service: Service, what: str, *, product_id: str | None = None, device_group_id: str | None = None
) -> None:
    """Raises Conflict saying how many devices there are, and the first of them.

    The service would start the deletion and let it fail later (FACTS: products and device groups).
    """
    count = service.device_count(product_id, device_group_id)
    if not count:
        return
    first = [device.id for device in service.devices(product_id, device_group_id)[:NAMED]]
    named = ", ".join(first) + (f" and {count - len(first)} more" if count > len(first) else "")
    raise Conflict(
        f"The {what} cannot be deleted: it has {count} device{'s' if count > 1 else ''} ({named}).",
        code="devices_in_the_way",
        target=what,
        hint="Move them to another device group first.",
    )
