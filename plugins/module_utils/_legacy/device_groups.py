# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device groups: operations DeviceGroup_* and Product_ListGroups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._errors import NotFound, ServiceError, after_accepted_write
from .._model.refs import GroupRef, ProductRef
from .._model.resources import DeviceGroup, DeviceGroupSpec, Operation
from .._model.values import same_name
from . import wire
from .client import LegacyClient, segment
from .index import Index
from .patch import patch
from .products import LegacyProducts
from .starting import Starter

Body = Mapping[str, Any]


class LegacyDeviceGroups:
    def __init__(self, client: LegacyClient, starter: Starter, products: LegacyProducts, index: Index) -> None:
        self._client = client
        self._starter = starter
        self._products = products
        self._index = index
        self._nameless: set[str] = set()

    def list(self, product: ProductRef | None = None) -> Sequence[DeviceGroup]:
        """DeviceGroup_List, or Product_ListGroups."""
        path, doing, target = self._client.path("devicegroups"), "listing the device groups", None
        if product is not None:
            path = self._client.path(f"products/{self._products.id_of(product)}/deviceGroups")
            doing, target = f"listing the device groups of the product {product}", product.name
        return self._all_seen(self._client.entries(path, doing, target=target), product)

    def named(self, name: str) -> Sequence[DeviceGroup]:
        """DeviceGroup_ListByName. Its address is a guess: if it does not exist, the whole list is searched."""
        path = self._client.path(f"devicegroups/name/{segment(name)}")
        try:
            doing = f"listing the device groups named {name}"
            found = self._all_seen(self._client.entries(path, doing, target=name), None, name)
        except ServiceError as error:
            if error.status not in (None, 400, 403, 404, 405):
                raise
            found = [group for group in self.list() if same_name(group.name, name)]
        return found

    def get(self, ref: GroupRef) -> DeviceGroup | None:
        """DeviceGroup_Get where the GUID is known, else DeviceGroup_GetInProduct.

        A product that may share its name with others is searched.
        """
        group_id = self._index.group_id(ref)
        if group_id is not None:
            found = self._with_id(group_id)
            if found is not None and found.ref == ref:
                return found
            if found is None and self._index.gone(group_id):
                return None
        if ref.key:
            return None
        product_id = self._index.product_id(ref.product)
        if ref.product.key or (product_id is not None and self._index.is_chosen(product_id)):
            return self._in_list(ref)
        below = f"products/name/{segment(ref.product.name)}/deviceGroups/name/{segment(ref.name)}"
        doing = f"looking up the device group {ref}"
        body = self._client.find(self._client.path(below), doing, target=ref.name)
        if body is None:
            return None
        if self._is_of_another(body, ref.product):
            return self._in_list(ref)
        # Only a product that was read shows its spelling.
        self._products.learn(_product_ids([body]))
        return self._seen(body, ref.product)

    def with_id(self, device_group_id: str) -> DeviceGroup | None:
        """DeviceGroup_Get."""
        return self._with_id(device_group_id)

    def id_of(self, ref: GroupRef) -> str:
        """Returns the GUID of a device group. Raises NotFound for one that does not exist."""
        found = self._index.group_id(ref)
        if found is None:
            group = self.get(ref)
            found = None if group is None else group.id
        if found is None:
            raise NotFound(f'Device group "{ref}" not found in the tenant.', code="NotFound", target=str(ref))
        return found

    def with_guid(self, group_id: str, product_id: str | None) -> GroupRef:
        """Returns the reference of a device group that a device names; one that cannot be found is named by GUIDs."""
        found = self._index.group_ref(group_id)
        if found is None and group_id not in self._nameless:
            self.list()
            found = self._index.group_ref(group_id)
        if found is None:
            self._nameless.add(group_id)
            owner = self._index.product_ref(product_id or "") or ProductRef(product_id or "", product_id or "")
            found = GroupRef(owner, group_id, group_id)
        return found

    def create(self, product: ProductRef, spec: DeviceGroupSpec) -> None:
        """DeviceGroup_Create, and DeviceGroup_Patch for the settings that it has no members for."""
        name = spec.name or ""
        ref = GroupRef(product, name)
        self._index.forget_deleted()
        body = {
            "Name": name,
            "Description": spec.description or None,
            "ProductId": self._products.id_of(product),
            "OsFeedType": wire.enum_number(wire.OS_FEED_TYPE, spec.os_feed or "Retail"),
            "UpdatePolicy": wire.enum_number(wire.UPDATE_POLICY, spec.update_policy or "UpdateAll"),
        }
        doing = f"creating the device group {ref}"
        path = self._client.path("devicegroups")

        def there() -> bool:
            return self.get(ref) is not None

        with self._starter.tracker.overtaking(there):
            made = self._client.write("POST", path, doing, target=name, body=wire.encoded(body))
        if not isinstance(made, dict) or wire.id_of(wire.member(made, "Id")) is None:
            self._starter.tracker.require(there, doing)
        with after_accepted_write():
            if isinstance(made, dict) and wire.id_of(wire.member(made, "Id")):
                self._seen(made, product)
            if spec.allow_crash_dumps_collection:
                self.update(ref, DeviceGroupSpec(allow_crash_dumps_collection=True))

    def update(self, ref: GroupRef, spec: DeviceGroupSpec) -> None:
        """DeviceGroup_Patch, where alone the feed is spelled OSFeedType."""
        group_id = self.id_of(ref)
        feed, policy = spec.os_feed, spec.update_policy
        body = wire.given(
            {
                "Name": spec.name,
                "Description": spec.description,
                "OSFeedType": None if feed is None else wire.enum_number(wire.OS_FEED_TYPE, feed),
                "UpdatePolicy": None if policy is None else wire.enum_number(wire.UPDATE_POLICY, policy),
                "AllowCrashDumpsCollection": spec.allow_crash_dumps_collection,
            }
        )
        path = self._client.path(f"devicegroups/{group_id}")
        patch(self._client, path, f"changing the device group {ref}", str(ref), body)
        if spec.name is not None:
            self._index.learn_group(group_id, ref.product, spec.name)

    def delete(self, ref: GroupRef) -> Operation:
        """DeviceGroup_Delete."""
        group_id = self.id_of(ref)
        self._index.delete(group_id)
        return self._starter.start(
            "DELETE",
            self._client.path(f"devicegroups/{group_id}"),
            f"deleting the device group {ref}",
            "DeleteDeviceGroup",
            there=lambda: self._with_id(group_id) is None,
            target=str(ref),
        )

    def _with_id(self, group_id: str) -> DeviceGroup | None:
        path = self._client.path(f"devicegroups/{segment(group_id)}")
        body = self._client.find(path, f"looking up the device group {group_id}", alone=True, target=group_id)
        if body is None:
            return None
        self._products.learn(_product_ids([body]))
        return self._seen(body, None)

    def _is_of_another(self, body: Body, product: ProductRef) -> bool:
        """Returns whether a group that was found by names is in another product than this, as far as GUIDs show."""
        owner, known = wire.id_of(wire.member(body, "ProductId")), self._index.product_id(product)
        if None in (owner, known) or owner == known:
            return False
        # Either two products share the name, or this one was created again.
        found = self._products.get(product)
        return found is not None and found.id != owner

    def _in_list(self, ref: GroupRef) -> DeviceGroup | None:
        return next((group for group in self.list(ref.product) if group.ref == ref), None)

    def _all_seen(
        self, entries: Iterable[Body], product: ProductRef | None, name: str | None = None
    ) -> Sequence[DeviceGroup]:
        """Returns groups by product and name; with `name` only those of this name."""
        bodies = [body for body in entries if name is None or same_name(wire.name_of(body), name)]
        if product is None:
            self._products.learn(_product_ids(bodies))
        groups = [self._seen(body, product) for body in bodies]
        return sorted(groups, key=lambda group: (group.ref.product.name.casefold(), group.name.casefold()))

    def _seen(self, body: Body, product: ProductRef | None) -> DeviceGroup:
        """Returns a group of this product, or of the one that the body names."""
        group_id, name = wire.own_id(body), wire.name_of(body)
        product_id = wire.id_of(wire.member(body, "ProductId"))
        known = self._index.product_ref(product_id or "")
        product = known or product or ProductRef(product_id or "", product_id or "")
        ref = self._index.learn_group(group_id, product, name)
        current = wire.member(body, "CurrentDeployment")
        deployed = isinstance(current, dict) and wire.id_of(wire.member(current, "Id"))
        return DeviceGroup(
            ref=ref,
            description=wire.text_of(wire.member(body, "Description")),
            os_feed=wire.enum_name(wire.OS_FEED_TYPE, wire.member(body, "OsFeedType")) or "Retail",
            update_policy=wire.enum_name(wire.UPDATE_POLICY, wire.member(body, "UpdatePolicy")) or "UpdateAll",
            allow_crash_dumps_collection=wire.member(body, "AllowCrashDumpsCollection") is True,
            current_deployment=wire.deployment(current) if deployed else None,
            id=group_id,
            product_id=product_id or self._index.product_id(product),
        )


def _product_ids(bodies: Iterable[Body]) -> list[str]:
    found = (wire.id_of(wire.member(body, "ProductId")) for body in bodies)
    return [product_id for product_id in found if product_id is not None]
