# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a product."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import InvalidInput
from .._model import DEFAULT_DEVICE_GROUPS, DeviceGroupDraft, Operation, Product, ProductChange
from .._service import Service
from .._views import by_name, product_values
from .devices_in_the_way import refuse_while_devices
from .plan import Execution, Plan, Snapshot, Step
from .refs import find_product, product_again, require_single


@dataclass(frozen=True)
class DesiredProduct:
    """A product as it is to be. None leaves a member as it is; `id` identifies, and then `name` renames."""

    name: str | None = None
    id: str | None = None
    description: str | None = None
    default_device_groups: bool = True
    present: bool = True


def plan(service: Service, desired: DesiredProduct) -> Plan:
    """Reads the product and plans its creation, change or deletion."""
    product = _find(service, desired)
    before = snapshot(service, product)
    title = f"product {product.name if product else desired.name or desired.id}"
    if not desired.present:
        if product is None:
            return Plan(title, before, (), lambda _after: before)
        gone = product
        return Plan(title, before, _deletion(service, gone), lambda after: snapshot(after, after.product(gone.id)))
    if product is None:
        return _creation(desired, title, before)
    found = product
    steps = tuple(_changes(service, found, desired))
    return Plan(title, before, steps, lambda after: snapshot(after, product_again(after, found)))


def snapshot(service: Service, product: Product | None) -> Snapshot:
    """A product with its device groups."""
    if product is None:
        return Snapshot()
    groups = service.device_groups(product.id)
    shown = {
        "name": product.name,
        "description": product.description,
        "device_groups": [group.name for group in by_name(groups)],
    }
    return Snapshot(product_values(product, groups), shown)


def _find(service: Service, desired: DesiredProduct) -> Product | None:
    if desired.id is None:
        found = find_product(service, desired.name or "")
        if found is not None and not desired.present:
            require_single(service.products(), found, "product")
        return found
    found = service.product(desired.id.lower())
    if found is None and desired.present:
        raise InvalidInput(
            f"There is no product {desired.id} in the tenant.",
            code="unknown_product",
            target=desired.id,
            hint="To create a product, give its name and no id.",
        )
    return found


def _creation(desired: DesiredProduct, title: str, before: Snapshot) -> Plan:
    name = desired.name or ""

    def create(execution: Execution) -> Operation | None:
        return execution.service.create_product(name, desired.description, desired.default_device_groups)

    step = Step(f'create the product "{name}"', create)
    return Plan(title, before, (step,), lambda after: snapshot(after, after.product_named(name)))


def _changes(service: Service, product: Product, desired: DesiredProduct) -> list[Step]:
    steps = []
    name = desired.name if desired.id is not None and desired.name not in (None, product.name) else None
    wanted = desired.description
    description = wanted if wanted is not None and wanted != (product.description or "") else None
    if name is not None or description is not None:

        def update(execution: Execution) -> None:
            execution.service.update_product(execution.id(product.id), ProductChange(name, description))

        steps.append(Step(f'update the product "{product.name}"', update))
    if desired.default_device_groups:
        steps += _default_groups(service, product)
    return steps


def _default_groups(service: Service, product: Product) -> list[Step]:
    """Those that are missing. What the service does with some of them there is not known, so it is asked for all
    or none.
    """
    present = {group.name.casefold() for group in service.device_groups(product.id)}
    missing = [default for default in DEFAULT_DEVICE_GROUPS if default[0].casefold() not in present]
    if len(missing) == len(DEFAULT_DEVICE_GROUPS):

        def create_all(execution: Execution) -> None:
            execution.service.create_default_device_groups(execution.id(product.id))

        return [Step(f'create the default device groups of the product "{product.name}"', create_all)]

    def create_one(name: str, os_feed: str, update_policy: str) -> Step:
        def create(execution: Execution) -> None:
            execution.service.create_device_group(
                DeviceGroupDraft(execution.id(product.id), name, None, os_feed, update_policy)
            )

        return Step(f'create the default device group "{name}" of the product "{product.name}"', create)

    return [create_one(*default) for default in missing]


def _deletion(service: Service, product: Product) -> tuple[Step, ...]:
    refuse_while_devices(service, f'product "{product.name}"', product_id=product.id)

    def delete(execution: Execution) -> Operation | None:
        return execution.service.delete_product(execution.id(product.id))

    return (Step(f'delete the product "{product.name}" with its device groups', delete),)
