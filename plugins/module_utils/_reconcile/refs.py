# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""From what people write (a name or a GUID) to what there is, with an error that lists what there would be."""

from __future__ import annotations

from collections.abc import Iterable

from .._errors import InvalidInput
from .._model import DeviceGroup, Placeholder, Product, all_named, is_device_id, is_guid
from .._service import Service
from .._views import by_name


def find_product(service: Service, product: str) -> Product | None:
    """Return a product by GUID, or by name; see `name_key` for what counts in a name."""
    if is_guid(product):
        return service.product(product.lower())
    return service.product_named(product) or next(iter(all_named(service.products(), product)), None)


def require_product(service: Service, product: str) -> Product:
    """As `find_product`; raises InvalidInput with the names that there are."""
    found = service.product(product.lower()) if is_guid(product) else service.product_named(product)
    there = [] if found is not None else service.products()
    found = found or next(iter(all_named(there, product)), None)
    if found is None:
        names = listed(other.name for other in there)
        raise InvalidInput(
            f'There is no product "{product}" in the tenant.',
            code="unknown_product",
            target=product,
            hint=f"There are: {names}." if names else "It has no products yet.",
        )
    return found


def find_device_group(service: Service, product: Product, group: str) -> DeviceGroup | None:
    """Return a device group of a product by name or GUID, as `find_product` does."""
    found = _group_as_named(service, product, group)
    return found or next(iter(all_named(service.device_groups(product.id), group)), None)


def _group_as_named(service: Service, product: Product, group: str) -> DeviceGroup | None:
    if is_guid(group):
        found = service.device_group(group.lower())
        return found if found is not None and found.product_id == product.id else None
    return service.device_group_named(product.name, group)


def require_device_group(service: Service, product: str | None, group: str) -> tuple[Product, DeviceGroup]:
    """A group and its product. The product may be left out when the group is a GUID."""
    if product is None:
        if not is_guid(group):
            raise InvalidInput(
                f'The device group "{group}" is named without its product.',
                code="product_missing",
                target=group,
                hint="Give the product as well, or the GUID of the device group.",
            )
        found = service.device_group(group.lower())
        owner = service.product(found.product_id) if found is not None else None
        if found is None or owner is None:
            raise InvalidInput(
                f'There is no device group "{group}" in the tenant.', code="unknown_device_group", target=group
            )
        return owner, found
    owner = require_product(service, product)
    found = _group_as_named(service, owner, group)
    there = [] if found is not None else service.device_groups(owner.id)
    found = found or next(iter(all_named(there, group)), None)
    if found is None:
        names = listed(other.name for other in by_name(there))
        raise InvalidInput(
            f'There is no device group "{group}" in the product "{owner.name}".',
            code="unknown_device_group",
            target=group,
            hint=f"It has: {names}." if names else "It has no device groups yet.",
        )
    return owner, found


def require_single(there: Iterable[Product] | Iterable[DeviceGroup], found: Product | DeviceGroup, what: str) -> None:
    """Raise InvalidInput if others have this name too but for blanks around it: a second run would delete the next."""
    others: list[Product | DeviceGroup] = list(all_named(there, found.name))
    if len(others) > 1:
        ids = ", ".join(f'"{each.name}" ({each.id})' for each in others)
        raise InvalidInput(
            f'Ambiguous {what} name "{found.name}": there are {len(others)} that differ only in blanks.',
            code=f"ambiguous_{what.replace(' ', '_')}",
            target=found.name,
            hint=f"Give the id of the one to delete: {ids}.",
        )


def product_again(service: Service, product: Product) -> Product | None:
    """The same product, read from another service, which may have made it in the meantime: then it has another ID."""
    planned = isinstance(product.id, Placeholder)
    return service.product_named(product.name) if planned else service.product(product.id)


def device_group_again(service: Service, product: Product, group: DeviceGroup) -> DeviceGroup | None:
    """As `product_again`."""
    planned = isinstance(group.id, Placeholder)
    return service.device_group_named(product.name, group.name) if planned else service.device_group(group.id)


def require_device_id(text: str) -> str:
    """A device ID in lower case. Raises InvalidInput for what is none."""
    if not is_device_id(text):
        shown = text if len(text) <= 20 else text[:20] + "…"
        raise InvalidInput(
            f'Invalid device ID "{shown}": it must have 128 hexadecimal digits.', code="invalid_device_id", target=text
        )
    return text.lower()


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names for an error message, in their order, cut when there are very many."""
    given = [f'"{name}"' for name in names]
    return ", ".join(given[:most]) + (f" and {len(given) - most} more" if len(given) > most else "")


def place(product: str, group: str) -> str:
    """How messages and differences name a device group."""
    return f"{product}/{group}"
