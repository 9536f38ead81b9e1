# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups of the overlay."""

from __future__ import annotations

from dataclasses import replace

from .._errors import Conflict
from .._model import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroup,
    DeviceGroupChange,
    DeviceGroupDraft,
    Operation,
    Placeholder,
    Product,
    ProductChange,
    same_name,
)
from .._service import check_name
from .fleet import FleetLayer


class ProductLayer(FleetLayer):
    def products(self) -> list[Product]:
        return sorted(self._products.all(), key=lambda product: product.name.casefold())

    def product(self, product_id: str) -> Product | None:
        return self._products.get(product_id)

    def product_named(self, name: str) -> Product | None:
        if self._products.complete or self._products.touched:
            # As the service: blanks around a name count.
            return next((each for each in self._products.all() if each.name.casefold() == name.casefold()), None)
        return self._base.product_named(name)

    def create_product(self, name: str, description: str | None, default_device_groups: bool) -> Operation:
        check_name("product", name)
        self._refuse_second_product(name)
        product = Product(self._placeholder("product", name), name, description or None)
        self._products.put(product)
        if default_device_groups:
            self.create_default_device_groups(product.id)
        return self._begun("CreateProduct")

    def update_product(self, product_id: str, change: ProductChange) -> None:
        check_name("product", change.name)
        product = self._existing_product(product_id)
        if change.name is not None:
            self._refuse_second_product(change.name, product_id)
        self._products.put(
            replace(
                product,
                name=product.name if change.name is None else change.name,
                description=product.description if change.description is None else change.description or None,
            )
        )

    def delete_product(self, product_id: str) -> Operation:
        product = self._existing_product(product_id)
        self._refuse_devices(self.device_count(product_id, None), f'product "{product.name}"')
        for group in self.device_groups(product_id):
            self._groups.drop(group.id)
        self._products.drop(product_id)
        return self._begun("DeleteProduct")

    def device_groups(self, product_id: str | None = None) -> list[DeviceGroup]:
        if product_id is None or self._groups.complete:
            self._refuse_nowhere(product_id)
            rows = self._groups.all()
        else:
            below = [] if isinstance(product_id, Placeholder) else self._base.device_groups(product_id)
            rows = self._groups.over(below)
        rows = [group for group in rows if product_id in (None, group.product_id)]
        return sorted(rows, key=lambda group: (group.product_id, group.name.casefold()))

    def device_group(self, device_group_id: str) -> DeviceGroup | None:
        return self._groups.get(device_group_id)

    def device_group_named(self, product: str, name: str) -> DeviceGroup | None:
        owner = self.product_named(product)
        if owner is None:
            return None
        wanted = name.casefold()
        return next((group for group in self.device_groups(owner.id) if group.name.casefold() == wanted), None)

    def device_groups_named(self, name: str) -> list[DeviceGroup]:
        return [group for group in self.device_groups() if same_name(group.name, name)]

    def create_default_device_groups(self, product_id: str) -> None:
        product = self._existing_product(product_id)
        present = {group.name.casefold() for group in self.device_groups(product_id)}
        for name, os_feed, update_policy in DEFAULT_DEVICE_GROUPS:
            if name.casefold() not in present:
                self._groups.put(
                    DeviceGroup(
                        id=self._placeholder("device_group", product.name, name),
                        product_id=product_id,
                        name=name,
                        # Only one of the texts is published (FACTS: default groups).
                        description=Placeholder("description", name),
                        os_feed=os_feed,
                        update_policy=update_policy,
                    )
                )

    def create_device_group(self, draft: DeviceGroupDraft) -> DeviceGroup:
        check_name("device group", draft.name)
        product = self._existing_product(draft.product_id)
        self._refuse_second_group(draft.product_id, draft.name)
        group = DeviceGroup(
            id=self._placeholder("device_group", product.name, draft.name),
            product_id=draft.product_id,
            name=draft.name,
            description=draft.description or None,
            os_feed=draft.os_feed,
            update_policy=draft.update_policy,
        )
        self._groups.put(group)
        return group

    def update_device_group(self, device_group_id: str, change: DeviceGroupChange) -> None:
        check_name("device group", change.name)
        group = self._existing_group(device_group_id)
        if change.name is not None:
            self._refuse_second_group(group.product_id, change.name, device_group_id)
        crash_dumps = change.allow_crash_dumps_collection
        self._groups.put(
            replace(
                group,
                name=group.name if change.name is None else change.name,
                description=group.description if change.description is None else change.description or None,
                os_feed=change.os_feed or group.os_feed,
                update_policy=change.update_policy or group.update_policy,
                allow_crash_dumps_collection=group.allow_crash_dumps_collection if crash_dumps is None else crash_dumps,
            )
        )

    def delete_device_group(self, device_group_id: str) -> Operation:
        group = self._existing_group(device_group_id)
        self._refuse_devices(self.device_count(None, device_group_id), f'device group "{group.name}"')
        self._groups.drop(device_group_id)
        return self._begun("DeleteDeviceGroup")

    def _refuse_second_product(self, name: str, but: str | None = None) -> None:
        wanted = name.casefold()
        if any(product.name.casefold() == wanted and product.id != but for product in self.products()):
            raise Conflict(f'There is a product "{name}" already.', code="Conflict", target=name)

    def _refuse_second_group(self, product_id: str, name: str, but: str | None = None) -> None:
        wanted = name.casefold()
        if any(group.name.casefold() == wanted and group.id != but for group in self.device_groups(product_id)):
            raise Conflict(f'There is a device group "{name}" in this product already.', code="Conflict", target=name)

    @staticmethod
    def _refuse_devices(count: int, what: str) -> None:
        if count:
            raise Conflict(
                f"The {what} cannot be deleted while it has devices ({count}).", code="Conflict", target=what
            )
