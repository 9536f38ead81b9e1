# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._errors import InvalidInput
from .._model.refs import ProductRef
from .._model.resources import DEFAULT_DEVICE_GROUPS, DeviceGroup, DeviceGroupSpec, Operation, Product, ProductSpec
from .._model.settings import differences
from .._references import find_product, product_with_id, require_single
from .._service import Service, require, require_name
from .._views.resources import by_name, product_values
from .execution import Execution, Step
from .plan import Plan, Snapshot
from .require_no_devices import require_no_devices


def plan(service: Service, spec: ProductSpec, product_id: str | None = None, present: bool = True) -> Plan:
    """Reads the product and plans its creation, change or deletion.

    :param product_id: identifies an existing product, which the spec may then rename.

    Raises InvalidInput, Unsupported or Conflict before any write.
    """

    product = product_with_id(service, product_id) if product_id else find_product(service, spec.name or "")
    title = f"product {product.name if product else spec.name or product_id}"
    if not present:
        if product is None:
            return Plan(title, Snapshot(), (), lambda _after: Snapshot())
        if product_id is None:
            require_single(service.products.list(), product, "product")
        return deletion(service, product)
    if product is None:
        if product_id is not None:
            raise InvalidInput(
                f"Product {product_id} not found in the tenant.",
                code="unknown_product",
                target=product_id,
                hint="To create a product, give name without id.",
            )
        before, steps = Snapshot(), _creation(service, spec)
    else:
        groups = service.device_groups.list(product.ref)
        before = _snapshot(product, groups)
        steps = _changes(service, product, groups, spec if product_id else replace(spec, name=None))
    ref = product.ref if product is not None else ProductRef(spec.name or "")

    def read(after: Service) -> Snapshot:
        found = after.products.get(ref) if product_id is None else after.products.with_id(product_id)
        return snapshot(after, found)

    return Plan(title, before, tuple(steps), read)


def deletion(service: Service, product: Product) -> Plan:
    """Plans to delete a product with its device groups. Raises Conflict while devices are in them."""
    before = snapshot(service, product)
    require_no_devices(service, f'product "{product.name}"', product.ref)

    def delete(execution: Execution) -> Operation | None:
        return execution.service.products.delete(product.ref)

    step = Step("product", product.name, "delete", delete)
    return Plan(
        f"product {product.name}",
        before,
        (step,),
        lambda after: snapshot(after, after.products.get(product.ref)),
    )


def snapshot(service: Service, product: Product | None) -> Snapshot:
    """Returns a product with its device groups."""
    return Snapshot() if product is None else _snapshot(product, service.device_groups.list(product.ref))


def _snapshot(product: Product, groups: Sequence[DeviceGroup]) -> Snapshot:
    shown = {
        "name": product.name,
        "description": product.description,
        "device_groups": [group.name for group in by_name(groups)],
    }
    return Snapshot(product_values(product, groups), shown)


def _creation(service: Service, spec: ProductSpec) -> list[Step]:
    require_name(service.capabilities, "product", spec.name or "")
    return [Step("product", spec.name or "", "create", lambda execution: execution.service.products.create(spec))]


def _changes(service: Service, product: Product, groups: Sequence[DeviceGroup], spec: ProductSpec) -> list[Step]:
    steps = []
    ref = product.ref
    change = differences(spec, product)
    if change is not None:
        if change.name is not None:
            require(service, "rename")
            require_name(service.capabilities, "product", change.name)
            ref = ref.renamed(change.name)

        def update(execution: Execution) -> Operation | None:
            return execution.service.products.update(product.ref, change)

        steps.append(Step("product", product.name, "update", update))
    if spec.default_device_groups:
        steps += _default_groups(ref, groups)
    return steps


def _default_groups(product: ProductRef, groups: Sequence[DeviceGroup]) -> list[Step]:
    """Returns the missing default groups. How the service handles a subset is unknown: they are created all together
    or not at all.
    """
    present = {group.name.casefold() for group in groups}
    missing = [default for default in DEFAULT_DEVICE_GROUPS if default[0].casefold() not in present]
    if len(missing) == len(DEFAULT_DEVICE_GROUPS):

        def create_all(execution: Execution) -> None:
            execution.service.products.create_default_device_groups(product)

        return [Step("device_group", f"{product}/*", "create", create_all)]

    def create_one(name: str, os_feed: str, update_policy: str) -> Step:
        spec = DeviceGroupSpec(name, os_feed=os_feed, update_policy=update_policy)

        def create(execution: Execution) -> Operation | None:
            return execution.service.device_groups.create(product, spec)

        return Step("device_group", f"{product}/{name}", "create", create)

    return [create_one(*default) for default in missing]
