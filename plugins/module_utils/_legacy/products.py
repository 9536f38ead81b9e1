# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups: operations Product_* and DeviceGroup_*."""

from __future__ import annotations

from .._errors import ServiceError, after_accepted_write
from .._model import (
    DeviceGroup,
    DeviceGroupChange,
    DeviceGroupDraft,
    Operation,
    Product,
    ProductChange,
    is_guid,
    same_name,
)
from .._service import check_name
from . import wire
from .backend import segment
from .operations import OperationVerbs


class ProductVerbs(OperationVerbs):
    def products(self) -> list[Product]:
        """Product_List."""
        found = [wire.product(body) for body in self._entries(self._path("products"), "listing the products")]
        return sorted(found, key=lambda product: product.name.casefold())

    def product(self, product_id: str) -> Product | None:
        """Product_Get."""
        path = self._path(f"products/{segment(product_id)}")
        body = self._find(path, f"looking up the product {product_id}", target=product_id)
        return None if body is None else wire.product(body)

    def product_named(self, name: str) -> Product | None:
        """Product_GetByName."""
        body = self._find(self._path(f"products/name/{segment(name)}"), f"looking up the product {name}", target=name)
        return None if body is None else wire.product(body)

    def create_product(self, name: str, description: str | None, default_device_groups: bool) -> Operation:
        """Product_Create. The default of CreateDefaultGroups is not documented, so it is always sent."""
        check_name("product", name)
        body = {"Name": name, "Description": description or None, "CreateDefaultGroups": default_device_groups}
        return self._start(
            "POST",
            self._path("products"),
            f"creating the product {name}",
            "CreateProduct",
            there=lambda: self.product_named(name) is not None,
            target=name,
            body=wire.encoded(body),
        )

    def update_product(self, product_id: str, change: ProductChange) -> None:
        """Product_Patch. Members that are left out stay as they are."""
        check_name("product", change.name)
        body = wire.given({"Name": change.name, "Description": change.description})
        path = self._path(f"products/{segment(product_id)}")
        self._patch(path, f"changing the product {product_id}", product_id, body)

    def delete_product(self, product_id: str) -> Operation:
        """Product_Delete."""
        path = self._path(f"products/{segment(product_id)}")
        doing = f"deleting the product {product_id}"

        def gone() -> bool:
            return self.product(product_id) is None

        return self._start("DELETE", path, doing, "DeleteProduct", there=gone, target=product_id)

    def device_groups(self, product_id: str | None = None) -> list[DeviceGroup]:
        """DeviceGroup_List, or Product_ListGroups."""
        path, doing = self._path("devicegroups"), "listing the device groups"
        if product_id is not None:
            path = self._path(f"products/{segment(product_id)}/deviceGroups")
            doing = f"listing the device groups of the product {product_id}"
        return _sorted([wire.device_group(body) for body in self._entries(path, doing, target=product_id)])

    def device_group(self, device_group_id: str) -> DeviceGroup | None:
        """DeviceGroup_Get."""
        path = self._path(f"devicegroups/{segment(device_group_id)}")
        body = self._find(path, f"looking up the device group {device_group_id}", target=device_group_id)
        return None if body is None else wire.device_group(body)

    def device_group_named(self, product: str, name: str) -> DeviceGroup | None:
        """DeviceGroup_GetInProduct; a product that is given by its GUID is looked through."""
        doing = f"looking up the device group {name} of the product {product}"
        if is_guid(product):
            return next((group for group in self.device_groups(product) if same_name(group.name, name)), None)
        path = self._path(f"products/name/{segment(product)}/deviceGroups/name/{segment(name)}")
        body = self._find(path, doing, target=name)
        return None if body is None else wire.device_group(body)

    def device_groups_named(self, name: str) -> list[DeviceGroup]:
        """DeviceGroup_ListByName. Its address is a guess: where it is not there, the whole list is looked through."""
        path = self._path(f"devicegroups/name/{segment(name)}")
        try:
            bodies = self._entries(path, f"listing the device groups named {name}", target=name)
            found = [wire.device_group(body) for body in bodies]
        except ServiceError as error:
            if error.status not in (None, 400, 403, 404, 405):
                raise
            found = self.device_groups()
        return _sorted([group for group in found if same_name(group.name, name)])

    def create_default_device_groups(self, product_id: str) -> None:
        """DeviceGroup_CreateDefaults."""
        path = self._path(f"products/{segment(product_id)}/devicegroups")
        self._write("POST", path, f"creating the default device groups of the product {product_id}", target=product_id)

    def create_device_group(self, draft: DeviceGroupDraft) -> DeviceGroup:
        """DeviceGroup_Create, which answers the group at once."""
        check_name("device group", draft.name)
        doing = f"creating the device group {draft.name}"
        body = {
            "Name": draft.name,
            "Description": draft.description or None,
            "ProductId": draft.product_id,
            "OsFeedType": wire.enum_number(wire.OS_FEED_TYPE, draft.os_feed),
            "UpdatePolicy": wire.enum_number(wire.UPDATE_POLICY, draft.update_policy),
        }
        made = self._write("POST", self._path("devicegroups"), doing, target=draft.name, body=wire.encoded(body))
        if isinstance(made, dict) and wire.id_of(wire.member(made, "Id")):
            return wire.device_group({"ProductId": draft.product_id, **made})
        with after_accepted_write():
            there = self.device_groups(draft.product_id)
        found = next((group for group in there if same_name(group.name, draft.name)), None)
        if found is None:
            raise ServiceError(f"While {doing}, the service reported success, but there is none.", target=draft.name)
        return found

    def update_device_group(self, device_group_id: str, change: DeviceGroupChange) -> None:
        """DeviceGroup_Patch, where alone the feed is spelled OSFeedType."""
        check_name("device group", change.name)
        feed, policy = change.os_feed, change.update_policy
        body = wire.given(
            {
                "Name": change.name,
                "Description": change.description,
                "OSFeedType": None if feed is None else wire.enum_number(wire.OS_FEED_TYPE, feed),
                "UpdatePolicy": None if policy is None else wire.enum_number(wire.UPDATE_POLICY, policy),
                "AllowCrashDumpsCollection": change.allow_crash_dumps_collection,
            }
        )
        path = self._path(f"devicegroups/{segment(device_group_id)}")
        doing = f"changing the device group {device_group_id}"
        self._patch(path, doing, device_group_id, body)

    def delete_device_group(self, device_group_id: str) -> Operation:
        """DeviceGroup_Delete."""
        path = self._path(f"devicegroups/{segment(device_group_id)}")
        doing = f"deleting the device group {device_group_id}"

        def gone() -> bool:
            return self.device_group(device_group_id) is None

        return self._start("DELETE", path, doing, "DeleteDeviceGroup", there=gone, target=device_group_id)

    def _patch(self, path: str, doing: str, target: str, body: dict[str, object]) -> None:
        """Whether an empty text clears a description, or null does, is not known (FACTS: not known, 22): where the
        reply still has one, the other is tried."""
        changed = self._write("PATCH", path, doing, target=target, body=wire.encoded(body))
        kept = wire.text_of(wire.member(changed, "Description")) if isinstance(changed, dict) else None
        if body.get("Description") == "" and kept is not None:
            # The first request may have held other members.
            with after_accepted_write():
                again = self._write("PATCH", path, doing, target=target, body=wire.encoded({"Description": None}))
                if isinstance(again, dict) and wire.text_of(wire.member(again, "Description")) is not None:
                    raise ServiceError(
                        f"While {doing}, the service kept the description, which it does not seem to clear.",
                        code="description_kept",
                        target=target,
                        hint="Give another description, or leave it as it is.",
                    )


def _sorted(groups: list[DeviceGroup]) -> list[DeviceGroup]:
    return sorted(groups, key=lambda group: (group.product_id, group.name.casefold()))
