# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device groups in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._model.refs import GroupRef, ProductRef
from .._model.resources import DeviceGroup, DeviceGroupSpec, Operation, Product
from .._model.settings import updated
from .._model.values import same_name
from .._service import require_name
from .devices import OverlayDevices, require_no_devices
from .state import State


class OverlayDeviceGroups:
    def __init__(self, state: State, devices: OverlayDevices) -> None:
        self._state = state
        self._devices = devices

    def list(self, product: ProductRef | None = None) -> Sequence[DeviceGroup]:
        rows = self._state.groups
        if product is None or rows.complete:
            self._state.require_place(product)
            found = rows.all()
        else:
            below = self._state.products.below(product)
            if below is None:
                self._state.require_place(product)
            found = rows.over([] if below is None else self._state.base.device_groups.list(below))
        found = [group for group in found if product in (None, group.ref.product)]
        return sorted(found, key=lambda group: (group.ref.product.name.casefold(), group.name.casefold()))

    def named(self, name: str) -> Sequence[DeviceGroup]:
        return [group for group in self.list() if same_name(group.name, name)]

    def get(self, ref: GroupRef) -> DeviceGroup | None:
        return self._state.groups.get(ref)

    def with_id(self, device_group_id: str) -> DeviceGroup | None:
        rows = self._state.groups
        made = next((group for group in rows.changed if group.id == device_group_id), None)
        if made is not None:
            return made
        found = self._state.base.device_groups.with_id(device_group_id)
        return None if found is None else rows.seen(found)

    def create(self, product: ProductRef, spec: DeviceGroupSpec) -> Operation | None:
        name = spec.name or ""
        owner = self._state.product(product)
        require_name(self._state.base.capabilities, "device_group", name)
        self._require_free(product, name)
        self._state.groups.add(updated(self.made(owner, name), spec))
        return self._state.started("device_groups.create")

    def update(self, ref: GroupRef, spec: DeviceGroupSpec) -> Operation | None:
        group = self._state.group(ref)
        require_name(self._state.base.capabilities, "device_group", spec.name)
        renamed = group.ref
        if spec.name is not None and spec.name != group.name:
            self._require_free(group.ref.product, spec.name, group.ref)
            renamed = group.ref.renamed(spec.name)
        self._state.groups.change(group.ref, replace(updated(group, spec), ref=renamed))
        if renamed is not group.ref:
            self._state.rename_group(group.ref, renamed)
        return self._state.started("device_groups.update")

    def delete(self, ref: GroupRef) -> Operation | None:
        group = self._state.group(ref)
        if self._state.checked:
            require_no_devices(self._devices.count(ref), f'device group "{group.name}"')
        self._state.drop_group(group.ref)
        return self._state.started("device_groups.delete")

    def made(self, product: Product, name: str) -> DeviceGroup:
        """Returns a new device group with the default settings of the service."""
        made = self._state.new_value("device_group", product.name, name)
        return DeviceGroup(GroupRef(product.ref, name), id=made, product_id=product.id)

    def _require_free(self, product: ProductRef, name: str, but: GroupRef | None = None) -> None:
        what = f'a device group "{name}" in this product'
        self._state.require_free(what, name, lambda: self.list(product), but)
