# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._model.refs import ProductRef
from .._model.resources import DEFAULT_DEVICE_GROUPS, Operation, Product, ProductSpec
from .._model.settings import updated
from .._model.values import Placeholder
from .._service import require_name
from .device_groups import OverlayDeviceGroups
from .devices import OverlayDevices, require_no_devices
from .state import State


class OverlayProducts:
    def __init__(self, state: State, groups: OverlayDeviceGroups, devices: OverlayDevices) -> None:
        self._state = state
        self._groups = groups
        self._devices = devices

    def list(self) -> Sequence[Product]:
        return sorted(self._state.products.all(), key=lambda product: product.name.casefold())

    def get(self, ref: ProductRef) -> Product | None:
        return self._state.products.get(ref)

    def with_id(self, product_id: str) -> Product | None:
        rows = self._state.products
        made = next((product for product in rows.changed if product.id == product_id), None)
        if made is not None:
            return made
        found = self._state.base.products.with_id(product_id)
        return None if found is None else rows.seen(found)

    def create(self, spec: ProductSpec) -> Operation | None:
        name = spec.name or ""
        require_name(self._state.base.capabilities, "product", name)
        self._require_free(name)
        product = Product(ProductRef(name), spec.description or None, self._state.new_value("product", name))
        self._state.products.add(product)
        if spec.default_device_groups:
            self.create_default_device_groups(product.ref)
        return self._state.started("products.create")

    def update(self, ref: ProductRef, spec: ProductSpec) -> Operation | None:
        product = self._state.product(ref)
        require_name(self._state.base.capabilities, "product", spec.name)
        renamed = product.ref
        if spec.name is not None and spec.name != product.name:
            self._require_free(spec.name, product.ref)
            renamed = product.ref.renamed(spec.name)
        self._state.products.change(product.ref, replace(updated(product, spec), ref=renamed))
        if renamed is not product.ref:
            self._state.rename_product(product.ref, renamed)
        return self._state.started("products.update")

    def delete(self, ref: ProductRef) -> Operation | None:
        product = self._state.product(ref)
        if self._state.checked:
            require_no_devices(self._devices.count(ref), f'product "{product.name}"')
        self._state.drop_product(product.ref)
        return self._state.started("products.delete")

    def create_default_device_groups(self, ref: ProductRef) -> None:
        product = self._state.product(ref)
        present = {group.name.casefold() for group in self._groups.list(ref)}
        for name, os_feed, update_policy in DEFAULT_DEVICE_GROUPS:
            if name.casefold() not in present:
                group = replace(self._groups.made(product, name), os_feed=os_feed, update_policy=update_policy)
                # Only one of the texts is published (FACTS: default groups).
                self._state.groups.add(replace(group, description=Placeholder("description", name)))

    def _require_free(self, name: str, but: ProductRef | None = None) -> None:
        self._state.require_free(f'a product "{name}"', name, self.list, but)
