# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products."""

from __future__ import annotations

import uuid

from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Product, Tenant
from ..wire import Wire
from . import removal
from .call import Call
from .device_groups import make_defaults


def list_products(call: Call) -> Wire:
    return call.page(call.tenant.products.values(), lambda product: call.write.product(product, call.tenant))


def get(call: Call) -> Wire:
    return call.write.product(call.product(), call.tenant)


def get_by_name(call: Call) -> Wire:
    return call.write.product(by_name(call, call.path["productName"]), call.tenant)


def create(call: Call) -> Reply:
    """Start to create a product. A duplicate name is reported by the operation."""
    name, description = call.body["Name"], call.body.get("Description") or None
    with_groups = call.body.get("CreateDefaultGroups", False)
    call.check_name(name)
    tenant = call.tenant

    def effect() -> Outcome:
        if named_product(tenant, name) is not None:
            raise OperationFailure(Code.CONFLICT, f"A product named {name} already exists in the tenant.")
        product = Product(str(uuid.uuid4()), name, description)
        tenant.products[product.id] = product
        if with_groups:
            make_defaults(tenant, product)
        return Outcome(f"/tenants/{tenant.id}/products/{product.id}")

    return call.start(Kind.CREATE_PRODUCT, effect)


def patch(call: Call) -> Wire:
    product, body = call.product(), call.body
    if "Name" in body:
        call.check_name(body["Name"])
        if named_product(call.tenant, body["Name"]) not in (None, product):
            raise Problem(409, f"A product named {body['Name']} already exists in the tenant.")
        product.name = body["Name"]
    product.description = call.new_description(product.description)
    return call.write.product(product, call.tenant)


def delete(call: Call) -> Reply:
    """Start to delete a product and its groups. The operation fails if they contain devices."""
    product, tenant = call.product(), call.tenant

    def effect() -> Outcome:
        if product.id not in tenant.products:
            raise OperationFailure(Code.NOT_FOUND, f"There is no product {product.id} in the tenant.")
        groups = list(product.groups.values())
        removal.check(call, f"The product {product.name}", groups)
        for group in groups:
            removal.remove_group(tenant, group)
        del tenant.products[product.id]
        return Outcome()

    return removal.start(call, Kind.DELETE_PRODUCT, effect)


def by_name(call: Call, name: str) -> Product:
    product = named_product(call.tenant, name)
    if product is None:
        raise Problem(404, f"There is no product named {name!r} in the tenant.")
    return product


def named_product(tenant: Tenant, name: str) -> Product | None:
    """Return the product of that name, regardless of case."""
    wanted = name.casefold()
    return next((product for product in tenant.products.values() if product.name.casefold() == wanted), None)
