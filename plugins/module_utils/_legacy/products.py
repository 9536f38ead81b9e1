# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products: operations Product_* and DeviceGroup_CreateDefaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import NotFound
from .._model.refs import ProductRef
from .._model.resources import DEFAULT_DEVICE_GROUPS, Operation, Product, ProductSpec
from . import wire
from .client import LegacyClient, segment
from .index import Index
from .patch import patch
from .starting import Starter


class LegacyProducts:
    def __init__(self, client: LegacyClient, starter: Starter, index: Index) -> None:
        self._client = client
        self._starter = starter
        self._index = index

    def list(self) -> Sequence[Product]:
        """Product_List."""
        bodies = self._client.entries(self._client.path("products"), "listing the products")
        return sorted((self._seen(body) for body in bodies), key=lambda product: product.name.casefold())

    def get(self, ref: ProductRef) -> Product | None:
        """Product_Get where the GUID is known, else Product_GetByName."""
        product_id = self._index.product_id(ref)
        if product_id is not None:
            found = self._with_id(product_id)
            if found is not None and found.ref == ref:
                return found
            if found is None and self._index.gone(product_id):
                return None
        if ref.key:
            return None
        path = self._client.path(f"products/name/{segment(ref.name)}")
        body = self._client.find(path, f"looking up the product {ref}", target=ref.name)
        return None if body is None else self._seen(body)

    def with_id(self, product_id: str) -> Product | None:
        """Product_Get."""
        self._index.choose(product_id)
        return self._with_id(product_id)

    def id_of(self, ref: ProductRef) -> str:
        """Returns the GUID of a product. Raises NotFound for one that does not exist."""
        found = self._index.product_id(ref)
        if found is None:
            product = self.get(ref)
            found = None if product is None else product.id
        if found is None:
            raise NotFound(f'Product "{ref}" not found in the tenant.', code="NotFound", target=ref.name)
        return found

    def learn(self, product_ids: Iterable[str]) -> None:
        """Looks up the names of products that are not cached: one by itself, several by the list."""
        unknown = {product_id for product_id in product_ids if self._index.product_ref(product_id) is None}
        if len(unknown) == 1:
            self._with_id(unknown.pop())
        elif unknown:
            self.list()

    def create(self, spec: ProductSpec) -> Operation:
        """Product_Create. The default of CreateDefaultGroups is not documented, so it is always sent."""
        name = spec.name or ""
        self._index.forget_deleted()
        body = {
            "Name": name,
            "Description": spec.description or None,
            "CreateDefaultGroups": spec.default_device_groups,
        }
        return self._starter.start(
            "POST",
            self._client.path("products"),
            f"creating the product {name}",
            "CreateProduct",
            there=lambda: self.get(ProductRef(name)) is not None,
            target=name,
            body=wire.encoded(body),
        )

    def update(self, ref: ProductRef, spec: ProductSpec) -> None:
        """Product_Patch. Members that are left out stay as they are."""
        product_id = self.id_of(ref)
        body = wire.given({"Name": spec.name, "Description": spec.description})
        path = self._client.path(f"products/{product_id}")
        patch(self._client, path, f"changing the product {ref}", ref.name, body)
        if spec.name is not None:
            self._index.learn_product(product_id, spec.name)

    def delete(self, ref: ProductRef) -> Operation:
        """Product_Delete."""
        product_id = self.id_of(ref)
        self._index.delete(product_id)
        return self._starter.start(
            "DELETE",
            self._client.path(f"products/{product_id}"),
            f"deleting the product {ref}",
            "DeleteProduct",
            there=lambda: self._with_id(product_id) is None,
            target=ref.name,
        )

    def create_default_device_groups(self, ref: ProductRef) -> None:
        """DeviceGroup_CreateDefaults."""
        self._index.forget_deleted()
        path = self._client.path(f"products/{self.id_of(ref)}/devicegroups")

        def there() -> bool:
            found = self._client.entries(path, f"listing the device groups of the product {ref}", target=ref.name)
            names = {wire.name_of(body).casefold() for body in found}
            return all(name.casefold() in names for name, _feed, _policy in DEFAULT_DEVICE_GROUPS)

        with self._starter.tracker.overtaking(there):
            doing = f"creating the default device groups of the product {ref}"
            self._client.write("POST", path, doing, target=ref.name)

    def _with_id(self, product_id: str) -> Product | None:
        path = self._client.path(f"products/{segment(product_id)}")
        body = self._client.find(path, f"looking up the product {product_id}", alone=True, target=product_id)
        return None if body is None else self._seen(body)

    def _seen(self, body: Mapping[str, Any]) -> Product:
        product_id, name = wire.own_id(body), wire.name_of(body)
        ref = self._index.learn_product(product_id, name)
        return Product(ref, wire.text_of(wire.member(body, "Description")), product_id)
