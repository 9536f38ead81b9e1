# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One call of the API: the input of a handler, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from ..api.device_groups import named_group
from ..api.products import named_product
from ..description import Check
from ..operations import Code, OperationFailure
from ..paging import UnknownContinuation
from ..state import Catalog, Device, DeviceGroup, Product, State, Tenant
from ..world import World
from . import wire
from .access import Caller
from .errors import ArmError, invalid, not_found
from .names import API_VERSION, is_reserved
from .wire import Wire, Writer

Item = TypeVar("Item")
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Answer:
    """What a handler returns. A document of None is sent as `null`; without `body`, nothing is sent."""

    document: Any = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bool = True


@dataclass(frozen=True)
class Described:
    """An operation of the API.

    `permission` is below the provider; `reads` marks a POST that changes nothing; `options` is whether the list has
    query options; `gateway` is whether Resource Manager itself replies; `long_running` is whether the service was seen
    to need a while.
    """

    id: str
    method: str
    path: str
    permission: str
    handler: Callable[[Call], Answer]
    check: Check | None = None
    reads: bool = False
    options: bool = False
    gateway: bool = False
    long_running: bool = False

    @property
    def lists_by_post(self) -> bool:
        return self.method == "POST" and self.options


@dataclass(frozen=True)
class Place:
    """Where devices are: a group with its product, or neither for devices of the catalog in no group."""

    tenant: Tenant
    group: DeviceGroup | None

    def devices(self) -> Iterator[Device]:
        if self.group is not None:
            yield from self.group.devices.values()
        else:
            yield from (device for device in self.tenant.devices.values() if device.group_id is None)

    def holds(self, device: Device) -> bool:
        return device.group_id == (None if self.group is None else self.group.id)

    def put(self, device: Device) -> None:
        """Move the device here. Raises OperationFailure if the group was deleted meanwhile."""
        self.check()
        if self.group is None:
            self.tenant.remove_from_group(device)
        else:
            self.tenant.place(device, self.group)

    def check(self) -> None:
        """Raise OperationFailure if the group was deleted meanwhile."""
        if self.group is not None and self.group.id not in self.tenant.groups:
            raise OperationFailure(Code.NOT_FOUND, "Resource not found")


@dataclass
class Call:
    """A request. `path` is the path as requested, unquoted; `names` are its parameters."""

    world: World
    described: Described
    caller: Caller
    path: str
    names: dict[str, str]
    query: dict[str, str]
    request_id: str
    body: Any = None
    of_tenant: Tenant | None = None
    failure: OperationFailure | None = None

    @property
    def tenant(self) -> Tenant:
        if self.of_tenant is None:
            raise TypeError(f"{self.described.id} has no catalog in its path")
        return self.of_tenant

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def catalog(self) -> Catalog:
        catalog = self.tenant.catalog
        if catalog is None:
            raise TypeError("the tenant is not integrated")
        return catalog

    @property
    def write(self) -> Writer:
        return Writer(self.world, self.tenant, self.catalog, self.caller)

    @property
    def properties(self) -> dict[str, Any]:
        """The properties of the body without those that are null, which means the same as absent."""
        given = self.body.get("properties") or {}
        return {name: value for name, value in given.items() if value is not None}

    def product(self) -> Product:
        product = named_product(self.tenant, self.names["product"])
        if product is None:
            raise not_found("The requested product was not found.")
        return product

    def group(self) -> DeviceGroup:
        """Return the group of the path, which is not a reserved name."""
        group = named_group(self.product(), self.names["group"])
        if group is None:
            raise not_found("Resource not found")
        return group

    def place(self) -> Place:
        """Return the group of the path, or the devices in no group for the reserved names."""
        return self.place_named(self.names["product"], self.names["group"])

    def place_named(self, product_name: str, group_name: str) -> Place:
        if is_reserved(product_name) and is_reserved(group_name):
            return Place(self.tenant, None)
        product = named_product(self.tenant, product_name)
        group = None if product is None else named_group(product, group_name)
        if group is None:
            raise not_found("Resource not found")
        return Place(self.tenant, group)

    def device(self) -> Device:
        """Return the device of the path, which must contain the group that the device is in."""
        missing = not_found("The requested device was not found.")
        device = self.tenant.devices.get(self.names["device"].lower())
        try:
            place = self.place()
        except ArmError:
            raise missing from None
        if device is None or (self.world.settings.arm_device_path == "exact" and not place.holds(device)):
            raise missing
        return device

    def page(self, items: Iterable[Item], write: Callable[[Item, str], Wire], *, whole: bool = False) -> Answer:
        """Return one page of a list, or all items."""
        by_post = self.described.method == "POST"
        found = list(items)
        size = len(found) if whole else self._page_size()
        listing = ("arm", self.caller.id, self.described.id, self.path.lower())
        if "$skipToken" in self.query:
            try:
                chosen, token = self.world.pages.next(listing, self.query["$skipToken"], size, same_size=False)
            except UnknownContinuation as error:
                raise invalid("The skip token does not belong to this list.") from error
        else:
            chosen, token = self.world.pages.first(listing, self._selected(found), size)
        document: Wire = {"value": [write(item, wire.POST_LIST if by_post else wire.LIST) for item in chosen]}
        if token is not None:
            document["nextLink"] = self._next_link(token)
        elif by_post and self.world.settings.arm_shapes == "recorded":
            document["nextLink"] = None
        return Answer(document)

    def _page_size(self) -> int:
        size = min(self.world.settings.page_size or _DEFAULT_PAGE, _LARGEST_PAGE)
        return min(size, _whole(self.query, "$maxpagesize", 1)) if "$maxpagesize" in self.query else size

    def _selected(self, items: list[Item]) -> list[Item]:
        if self.world.settings.list_order == "newest_first":
            items.reverse()
        first = _whole(self.query, "$skip", 0)
        last = first + _whole(self.query, "$top", 0) if "$top" in self.query else None
        return items[first:last]

    def _next_link(self, token: str) -> str:
        query = {"api-version": API_VERSION, "$skipToken": token}
        if "$maxpagesize" in self.query:
            query["$maxpagesize"] = self.query["$maxpagesize"]
        return f"{self.world.url}{quote(self.path)}?{urlencode(query)}"


def _whole(query: dict[str, str], name: str, least: int) -> int:
    text = query.get(name, str(least))
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise invalid(f"The value of {name} is not valid.")
    return int(text)
