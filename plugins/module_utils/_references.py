# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Resolves what people write (a name, a GUID, a device ID); errors list what is available."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ._errors import InvalidInput
from ._model.refs import GroupRef, ProductRef
from ._model.resources import Device, DeviceGroup, Product
from ._model.values import PADDING, all_named, is_device_id, is_guid, same_name
from ._service import Service, require

#: The largest number of devices or images that are read one by one; for more, all of the tenant are listed.
READ_SINGLY = 16


def guid(text: str, what: str) -> str:
    """Returns a GUID in lower case. Raises InvalidInput; `what` names the kind of ID."""
    found = text.strip(PADDING)
    if not is_guid(found):
        raise InvalidInput(
            f'Invalid {what} ID "{text}": it is not a GUID.',
            code="invalid_guid",
            target=text,
            hint="A GUID has 32 hexadecimal digits, such as a1000000-0000-4000-8000-000000000001.",
        )
    return found.lower()


def require_device_id(text: str) -> str:
    """Returns a device ID in lower case. Raises InvalidInput for anything else."""
    if not is_device_id(text):
        shown = text if len(text) <= 20 else text[:20] + "…"
        raise InvalidInput(
            f'Invalid device ID "{shown}": it must have 128 hexadecimal digits.', code="invalid_device_id", target=text
        )
    return text.lower()


def find_product(service: Service, product: str) -> Product | None:
    """Returns a product by GUID, or by name; see `name_key` for what counts in a name."""
    return _product_as_named(service, product) or next(iter(all_named(service.products.list(), product)), None)


def _product_as_named(service: Service, product: str) -> Product | None:
    return product_with_id(service, product) if is_guid(product) else service.products.get(ProductRef(product))


def product_with_id(service: Service, product_id: str) -> Product | None:
    """Returns the product of this GUID. Raises Unsupported where products have none."""
    require(service, "ids")
    return service.products.with_id(product_id.lower())


def require_product(service: Service, product: str) -> Product:
    """Returns a product as `find_product` does; raises InvalidInput with the names that are available."""
    found = _product_as_named(service, product)
    there = [] if found is not None else service.products.list()
    found = found or next(iter(all_named(there, product)), None)
    if found is None:
        raise _unknown("product", product, "the tenant", there)
    return found


def find_device_group(service: Service, product: Product, group: str) -> DeviceGroup | None:
    """Returns a device group of a product by name or GUID, as `find_product` does."""
    found = _group_as_named(service, product, group)
    return found or next(iter(all_named(service.device_groups.list(product.ref), group)), None)


def _group_as_named(service: Service, product: Product, group: str) -> DeviceGroup | None:
    if is_guid(group):
        found = device_group_with_id(service, group)
        return found if found is not None and found.ref.product == product.ref else None
    return service.device_groups.get(GroupRef(product.ref, group))


def device_group_with_id(service: Service, device_group_id: str) -> DeviceGroup | None:
    """Returns the device group of this GUID. Raises Unsupported where device groups have none."""
    require(service, "ids")
    return service.device_groups.with_id(device_group_id.lower())


def require_device_group(service: Service, product: str | None, group: str) -> DeviceGroup:
    """Returns a device group; its product may be left out when the group is a GUID. Raises InvalidInput."""
    if product is None:
        return _require_by_id(service, group)
    owner = require_product(service, product)
    found = _group_as_named(service, owner, group)
    there = [] if found is not None else service.device_groups.list(owner.ref)
    found = found or next(iter(all_named(there, group)), None)
    if found is None:
        raise _unknown("device group", group, f'the product "{owner.name}"', there)
    return found


def _unknown(kind: str, given: str, where: str, there: Iterable[Product | DeviceGroup]) -> InvalidInput:
    """Returns the error for what is not among the resources of this kind that are there."""
    names = listed(other.name for other in there)
    return InvalidInput(
        f'{kind.capitalize()} "{given}" not found in {where}.',
        code=f"unknown_{kind.replace(' ', '_')}",
        target=given,
        hint=f"Available: {names}." if names else f"It has no {kind}s yet.",
    )


def _require_by_id(service: Service, group: str) -> DeviceGroup:
    if not is_guid(group):
        raise InvalidInput(
            f'The device group "{group}" is given without its product.',
            code="product_missing",
            target=group,
            hint="Give the product as well, or the GUID of the device group.",
        )
    found = device_group_with_id(service, group)
    if found is None:
        raise unknown("device group", group)
    return found


def require_single(there: Iterable[Product] | Iterable[DeviceGroup], found: Product | DeviceGroup, what: str) -> None:
    """Raises InvalidInput if others differ from this name only in blanks around it: a second run would delete those."""
    others: list[Product | DeviceGroup] = list(all_named(there, found.name))
    if len(others) > 1:
        ids = ", ".join(f'"{each.name}" ({each.id})' for each in others)
        raise InvalidInput(
            f'Ambiguous {what} name "{found.name}": {len(others)} names differ only in blanks around them.',
            code=f"ambiguous_{what.replace(' ', '_')}",
            target=found.name,
            hint=f"Give the id of the one to delete: {ids}.",
        )


def claimed_devices(service: Service, device_ids: Sequence[str]) -> dict[str, Device]:
    """Returns those of these devices that are claimed into the tenant, by ID."""
    if len(device_ids) <= READ_SINGLY:
        read = (service.devices.get(device_id) for device_id in device_ids)
        return {device.id: device for device in read if device is not None and device.tenant_id is not None}
    wanted = set(device_ids)
    return {device.id: device for device in service.devices.list() if device.id in wanted}


def role_named(roles: Iterable[str], role: str) -> str | None:
    """Returns a role in the spelling of the list."""
    return next((known for known in roles if same_name(known, role)), None)


def unknown(what: str, asked: str, names: Iterable[str] | None = None) -> InvalidInput:
    """Returns the error for a resource that is not in the tenant, with the names that are available."""
    hint = None
    if names is not None:
        available = listed(names)
        hint = f"Available: {available}." if available else "There are none yet."
    code = f"unknown_{what.replace(' ', '_')}"
    return InvalidInput(f'{what.capitalize()} "{asked}" not found in the tenant.', code=code, target=asked, hint=hint)


def listed(names: Iterable[str], most: int = 20) -> str:
    """Returns names for an error message, in their order, at most `most` of them."""
    given = [f'"{name}"' for name in names]
    return ", ".join(given[:most]) + (f" and {len(given) - most} more" if len(given) > most else "")
