# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What info modules and lookups read, as the values that they show. Both ask here, so that they answer the same."""

from __future__ import annotations

from ._model import DeviceGroup
from ._reconcile.refs import find_product
from ._service import Service
from ._views import Values, product_values


def products(service: Service, which: str | None = None) -> list[Values]:
    """Products by name with their device groups: all, or the one of this name or GUID, if it is there."""
    if which is not None:
        found = find_product(service, which)
        return [] if found is None else [product_values(found, service.device_groups(found.id))]
    groups: dict[str, list[DeviceGroup]] = {}
    for group in service.device_groups():
        groups.setdefault(group.product_id, []).append(group)
    by_name = sorted(service.products(), key=lambda product: product.name.casefold())
    return [product_values(product, groups.get(product.id, [])) for product in by_name]
