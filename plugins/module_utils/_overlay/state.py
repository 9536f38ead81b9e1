# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""State that the parts of an overlay share: the service below, and the rows of each kind of resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from .._errors import Conflict, NotFound
from .._model.refs import GroupRef, Place, ProductRef, Scope
from .._model.resources import Deployment, Device, DeviceGroup, Image, Operation, Product
from .._model.values import Placeholder
from .._service import Service
from .rows import Rows

#: Makes a value that only the service can assign, from a description of it.
NewValue = Callable[..., str]


class State:
    """The rows of an overlay, keyed by their current reference or ID, and access to the service below."""

    def __init__(self, base: Service, new_value: NewValue, checked: bool) -> None:
        self.base = base
        self.checked = checked
        self.new_value = new_value
        self.products: Rows[ProductRef, Product] = Rows(
            base.products.list, base.products.get, lambda row: row.ref, exhaustive=True
        )
        self.groups: Rows[GroupRef, DeviceGroup] = Rows(
            base.device_groups.list,
            base.device_groups.get,
            lambda row: row.ref,
            self._group_below,
            self._seen_group,
            exhaustive=True,
        )
        self.devices: Rows[str, Device] = Rows(
            base.devices.list, base.devices.get, lambda row: row.id, up=self._seen_device
        )
        self.images: Rows[str, Image] = Rows(base.images.list, base.images.get, lambda row: row.id)
        self.deployments: dict[GroupRef, list[Deployment]] = {}

    def product(self, ref: ProductRef) -> Product:
        """Returns an existing product. Raises NotFound."""
        product = self.products.get(ref)
        if product is None:
            raise NotFound(f'There is no product "{ref}".', code="NotFound", target=str(ref))
        return product

    def group(self, ref: GroupRef) -> DeviceGroup:
        """Returns an existing device group. Raises NotFound."""
        group = self.groups.get(ref)
        if group is None:
            raise NotFound(f'There is no device group "{ref}".', code="NotFound", target=str(ref))
        return group

    def require_free(
        self,
        what: str,
        name: str,
        there: Callable[[], Iterable[Product | DeviceGroup]],
        but: ProductRef | GroupRef | None = None,
    ) -> None:
        """Raises Conflict if one of those that are there has the name, unless it is `but`.

        Compares as the service does: blanks around a name are significant.
        """
        if not self.checked:
            return
        wanted = name.casefold()
        if any(other.name.casefold() == wanted and other.ref != but for other in there()):
            raise Conflict(f"There is {what} already.", code="Conflict", target=name)

    def require_place(self, scope: Scope) -> None:
        """Raises NotFound for a place that does not exist, in case the service below is not asked."""
        if isinstance(scope, GroupRef):
            self.group(scope)
        elif scope is not None:
            self.product(scope)

    def below(self, scope: ProductRef | GroupRef) -> ProductRef | GroupRef | None:
        """Returns the name of a product or device group in the service below; None if it exists only in the overlay."""
        return self.groups.below(scope) if isinstance(scope, GroupRef) else self.products.below(scope)

    def drop_product(self, ref: ProductRef) -> None:
        """Removes a product with its device groups, which contain no devices."""
        self.groups.purge(lambda group: group.product == ref)
        self.deployments = {group: made for group, made in self.deployments.items() if group.product != ref}
        self.products.drop(ref)

    def drop_group(self, ref: GroupRef) -> None:
        """Removes a device group, which contains no devices."""
        self.deployments.pop(ref, None)
        self.groups.drop(ref)

    def rename_product(self, old: ProductRef, new: ProductRef) -> None:
        """Renames the product of everything that belongs to it."""
        self._follow(lambda ref: replace(ref, product=new) if ref.product == old else ref, groups=True)

    def rename_group(self, old: GroupRef, new: GroupRef) -> None:
        """Renames the device group of everything that belongs to it."""
        self._follow(lambda ref: new if ref == old else ref)

    def _follow(self, renamed: Callable[[GroupRef], GroupRef], groups: bool = False) -> None:
        if groups:
            self.groups.follow(renamed, lambda row: replace(row, ref=renamed(row.ref)))
        self.deployments = {renamed(ref): made for ref, made in self.deployments.items()}

        def moved(device: Device) -> Device:
            return device if device.group is None else replace(device, place=Place.at(renamed(device.group)))

        self.devices.follow(lambda device_id: device_id, moved)

    def started(self, verb: str) -> Operation | None:
        """Returns the operation that a write starts in the service below, though nothing takes time here.

        The service would give it an ID and a time, and how far it has come by then is not known.
        """
        kind = self.base.capabilities.operations.get(verb)
        if kind is None:
            return None
        return Operation(
            id=self.new_value("operation", kind),
            type=kind,
            state=Placeholder("state of the operation"),
            started=Placeholder("time of the operation"),
        )

    def _group_below(self, ref: GroupRef) -> GroupRef | None:
        product = self.products.below(ref.product)
        return None if product is None else replace(ref, product=product)

    def _seen_group(self, group: DeviceGroup) -> DeviceGroup | None:
        product = self.products.current(group.ref.product)
        if product is None or product is group.ref.product:
            return group if product else None
        return replace(group, ref=replace(group.ref, product=product))

    def _seen_device(self, device: Device) -> Device:
        place = device.place
        if place is None or not (self.products.touched or self.groups.touched):
            return device

        def find() -> GroupRef:
            return self._current_group(place.group)

        def compare(scope: ProductRef | GroupRef) -> bool:
            below = self.below(scope)
            return below is not None and place.is_within(below)

        return replace(device, place=Place(find, compare))

    def _current_group(self, below: GroupRef) -> GroupRef:
        """Returns the current name of a device group of the service below. It exists, as it contains a device."""
        found = self.groups.current(below) or below
        product = self.products.current(found.product) if found == below else None
        return replace(found, product=product) if product is not None else found


def ended(operation: Operation | None) -> Operation | None:
    """Returns the completed form of an operation of the overlay."""
    return None if operation is None else replace(operation, state="Complete")
