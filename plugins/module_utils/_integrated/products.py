# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products: children of the catalog, addressed by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from .._errors import Unsupported, after_accepted_write
from .._model.refs import ProductRef
from .._model.resources import DEFAULT_DEVICE_GROUPS, Operation, Product, ProductSpec
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations, require_absent
from .paths import product_path


class IntegratedProducts:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations) -> None:
        self._client = client
        self._operations = operations

    def list(self) -> Sequence[Product]:
        """Products_ListByCatalog."""
        bodies = self._client.entries(self._client.path("products"), "listing the products")
        return sorted((wire.product(body) for body in bodies), key=lambda product: product.name.casefold())

    def get(self, ref: ProductRef) -> Product | None:
        """Products_Get."""
        body = self._client.find(self._path(ref), f"looking up the product {ref}", target=ref.name)
        return None if body is None else wire.product(body)

    def with_id(self, product_id: str) -> NoReturn:
        """Products have no GUID here."""
        raise Unsupported("This service cannot find products by ID.", target=product_id)

    def create(self, spec: ProductSpec) -> Operation | None:
        """Products_CreateOrUpdate, which makes no default groups, and Products_GenerateDefaultDeviceGroups.

        If the second request fails, running the task again makes the missing groups.
        """
        name = spec.name or ""
        ref = ProductRef(name)
        require_absent(self.get(ref), f"product {name}", name)
        operation = self._operations.write(
            "PUT",
            self._path(ref),
            f"creating the product {name}",
            "CreateProduct",
            there=lambda: self.get(ref) is not None,
            target=name,
            body=wire.wrapped({"description": spec.description or None}),
        )
        if not spec.default_device_groups:
            return operation
        self._operations.finish(operation)
        with after_accepted_write():
            self.create_default_device_groups(ref)
        return None

    def update(self, ref: ProductRef, spec: ProductSpec) -> Operation | None:
        """Products_Update. Members that are left out stay as they are."""
        if spec.name is not None:
            raise Unsupported("This service cannot rename products.", target=ref.name)
        doing = f"changing the product {ref}"
        body = wire.wrapped({"description": spec.description})
        return self._operations.write("PATCH", self._path(ref), doing, "UpdateProduct", target=ref.name, body=body)

    def delete(self, ref: ProductRef) -> Operation | None:
        """Products_Delete. A success without an effect is an error."""
        doing = f"deleting the product {ref}"

        def gone() -> bool:
            return self.get(ref) is None

        operation = self._operations.write("DELETE", self._path(ref), doing, "DeleteProduct", gone, target=ref.name)
        if operation is None:
            with after_accepted_write():
                self._operations.tracker.require(gone, doing)
        return operation

    def create_default_device_groups(self, ref: ProductRef) -> None:
        """Products_GenerateDefaultDeviceGroups. What it does for a product that has them is not known."""
        path = f"{self._path(ref)}/generateDefaultDeviceGroups"
        doing = f"creating the default device groups of the product {ref}"

        def there() -> bool:
            found = self._client.entries(f"{self._path(ref)}/deviceGroups", doing, target=ref.name)
            names = {wire.name_of(body).casefold() for body in found}
            return all(name.casefold() in names for name, _feed, _policy in DEFAULT_DEVICE_GROUPS)

        self._operations.finish(
            self._operations.write("POST", path, doing, "CreateDefaultDeviceGroups", there, target=ref.name)
        )

    def _path(self, ref: ProductRef) -> str:
        return self._client.path(product_path(ref))
