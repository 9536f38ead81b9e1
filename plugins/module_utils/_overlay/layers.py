# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What an overlay holds: the service below, and rows over each kind of resource."""

from __future__ import annotations

from dataclasses import replace

from .._errors import NotFound
from .._model import Deployment, Device, DeviceGroup, Image, Operation, Placeholder, Product, User
from .._service import Service
from .rows import Rows


class Layers:
    """The shared ground of the parts of the overlay."""

    def __init__(self, base: Service) -> None:
        self._base = base
        self._products: Rows[Product] = Rows(base.products, base.product)
        self._groups: Rows[DeviceGroup] = Rows(base.device_groups, base.device_group)
        self._devices: Rows[Device] = Rows(base.devices, base.device)
        self._images: Rows[Image] = Rows(base.images, base.image)
        self._new_deployments: dict[str, list[Deployment]] = {}
        self._users: dict[str, User] = {}
        self._invited: set[str] = set()
        self._new_tenants: list[tuple[str, str]] = []
        self._new_name: str | None = None
        self._counter = 0

    def _placeholder(self, kind: str, *names: str) -> Placeholder:
        """A new one: equal names made twice (a product deleted and made again) must not be taken for one another."""
        self._counter += 1
        made = Placeholder(kind, *names)
        return made if self._counter == 1 else _numbered(made, self._counter)

    def _begun(self, kind: str) -> Operation:
        """An operation as it started, though nothing takes time here: the service would give it an ID and a time, and
        how far it has come by then is not known. `wait` brings it to its end.
        """
        return Operation(
            id=self._placeholder("operation", kind),
            type=kind,
            state=Placeholder("state of the operation"),
            started=Placeholder("time of the operation"),
            tenant_id=None,
        )

    @staticmethod
    def _over(operation: Operation) -> Operation:
        return replace(operation, state="Complete")

    def _existing_product(self, product_id: str) -> Product:
        product = self._products.get(product_id)
        if product is None:
            raise NotFound(f"There is no product {product_id}.", code="NotFound", target=product_id)
        return product

    def _existing_group(self, device_group_id: str) -> DeviceGroup:
        group = self._groups.get(device_group_id)
        if group is None:
            raise NotFound(f"There is no device group {device_group_id}.", code="NotFound", target=device_group_id)
        return group


def _numbered(placeholder: Placeholder, number: int) -> Placeholder:
    made = str.__new__(Placeholder, f"{placeholder} #{number}")
    made.kind = placeholder.kind
    made.names = placeholder.names
    return made
