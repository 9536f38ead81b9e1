# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products. Their names are their keys, and cannot be changed."""

from __future__ import annotations

import uuid

from ..api.device_groups import make_defaults, named_group
from ..api.products import named_product
from ..api.removal import remove_group
from ..names import DEFAULT_GROUPS
from ..operations import Code, Kind, OperationFailure
from ..problems import Problem
from ..state import Product
from . import wire
from .call import Answer, Call
from .errors import invalid
from .long_running import Ended, Work, run
from .names import PRODUCT_NAME
from .removal import missing, refuse_deployments

_KIND = "catalogs/products"


def list_by_catalog(call: Call) -> Answer:
    return call.page(call.tenant.products.values(), call.write.product)


def get(call: Call) -> Answer:
    return Answer(call.write.product(call.product(), wire.GET))


def create_or_update(call: Call) -> Answer:
    """Create a product without any group, or replace its description."""
    name, tenant = call.names["product"], call.tenant
    if PRODUCT_NAME.fullmatch(name) is None:
        raise invalid(f"The product name {name!r} is not valid.")
    given, settings = call.properties, call.world.settings

    def effect() -> Ended:
        product = named_product(tenant, name)
        if product is None:
            product = Product(str(uuid.uuid4()), name)
            tenant.products[product.id] = product
        if "description" in given or settings.arm_put_omitted == "reset":
            product.description = given.get("description") or None
        return Ended(call.write.product_id(product))

    def result() -> wire.Wire:
        return call.write.product(call.product(), wire.PUT)

    return run(call, Work(Kind.CREATE_PRODUCT, "CreateProduct", effect, result, _KIND))


def update(call: Call) -> Answer:
    product, given = call.product(), call.properties

    def effect() -> Ended:
        if "description" in given:
            product.description = given["description"] or None
        return Ended(call.write.product_id(product))

    def result() -> wire.Wire:
        return call.write.product(product, wire.PATCH)

    return run(call, Work(Kind.CREATE_PRODUCT, "UpdateProduct", effect, result))


def delete(call: Call) -> Answer:
    """Delete a product and its groups. Whether it may contain devices is unknown."""
    tenant = call.tenant
    product = named_product(tenant, call.names["product"])
    if product is None:
        return missing(call)
    any_product = call.world.settings.arm_product_deletion == "any"
    count = sum(1 for _device in product.devices())
    if count and not any_product:
        raise invalid(f"The product cannot be deleted: {count} devices are assigned to it.")
    refuse_deployments(call, product.groups.values())

    def effect() -> Ended:
        if not any_product and any(product.devices()):
            raise OperationFailure(Code.BAD_REQUEST, "The product cannot be deleted: devices are assigned to it.")
        for device in list(product.devices()):
            tenant.remove_from_group(device)
        for group in list(product.groups.values()):
            remove_group(tenant, group)
        tenant.products.pop(product.id, None)
        return Ended()

    return run(call, Work(Kind.DELETE_PRODUCT, "DeleteProduct", effect))


def count_devices(call: Call) -> Answer:
    return Answer({"value": sum(1 for _device in call.product().devices())})


def generate_default_device_groups(call: Call) -> Answer:
    """Create the missing default groups, and return all of them."""
    product = call.product()
    if call.world.settings.create_defaults == "conflict" and any(named_group(product, d.name) for d in DEFAULT_GROUPS):
        raise Problem(409, "The product already has default device groups.")
    return call.page(make_defaults(call.tenant, product), call.write.group, whole=True)
