# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One call of the API: the input of a handler, and its possible results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..description import Described
from ..names import name_problem
from ..operations import Kind, Operation, OperationFailure, Outcome
from ..paging import UnknownContinuation
from ..problems import Problem, Reply
from ..state import Device, DeviceGroup, Image, Product, State, Tenant
from ..wire import Wire, Writer
from ..world import World

#: Result of a handler: a JSON document (status 200), or a complete reply.
Answer = Any
Handler = Callable[["Call"], Answer]
Item = TypeVar("Item")

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000
_JSON = "application/json; charset=utf-8"


@dataclass
class Caller:
    """The caller: the ID of the principal, and the user name if it is a person."""

    id: str
    name: str | None


@dataclass
class Call:
    """A request. `path` and `query` are the parameters by name, `body` the JSON document or the raw bytes.

    `failure` is the error that an operation started by this call ends with: a fault of the kind `operation`.
    """

    world: World
    described: Described
    caller: Caller
    path: dict[str, str]
    query: dict[str, Any] = field(default_factory=dict)
    continuation: str | None = None
    body: Any = None
    of_tenant: Tenant | None = None
    failure: OperationFailure | None = None

    @property
    def tenant(self) -> Tenant:
        """The tenant of the path, in which the caller has a role."""
        if self.of_tenant is None:
            raise TypeError(f"{self.described.id} has no tenant in its path")
        return self.of_tenant

    @property
    def state(self) -> State:
        return self.world.state

    @property
    def write(self) -> Writer:
        return Writer(self.world.settings, self.world.url)

    def product(self) -> Product:
        product = self.tenant.products.get(self.path["productId"].lower())
        if product is None:
            raise Problem(404, f"There is no product {self.path['productId']} in the tenant.")
        return product

    def group(self) -> DeviceGroup:
        group = self.tenant.groups.get(self.path["deviceGroupId"].lower())
        if group is None:
            raise Problem(404, f"There is no device group {self.path['deviceGroupId']} in the tenant.")
        return group

    def device(self) -> Device:
        device = self.tenant.devices.get(self.path["deviceId"].lower())
        if device is None:
            raise Problem(404, "There is no such device in the tenant.")
        return device

    def image(self) -> Image:
        image = self.tenant.images.get(self.path["imageId"].lower())
        if image is None:
            raise Problem(404, f"There is no image {self.path['imageId']} in the tenant.")
        return image

    def page(self, items: Iterable[Item], write: Callable[[Item], Wire], *, default: int = _DEFAULT_PAGE) -> Wire:
        """Return one page of a list. Converts only the items of that page."""
        settings = self.world.settings
        limit = settings.page_size or _LARGEST_PAGE
        requested = self.query.get("maxPageSize", default)
        if requested > limit and "maxPageSize" in self.query and settings.large_page == "refused":
            raise Problem(400, f"Invalid maxPageSize {requested}: the maximum is {limit}.")
        size = min(requested, limit)
        listing = (self.caller.id, self.described.id, tuple(v.lower() for v in self.path.values()))
        chosen: Sequence[Item]
        if self.continuation is None:
            ordered = list(items)
            if settings.list_order == "newest_first":
                ordered.reverse()
            chosen, token = self.world.pages.first(listing, ordered, size)
        else:
            same_size = settings.continuation_page_size == "bound"
            try:
                chosen, token = self.world.pages.next(listing, self.continuation, size, same_size=same_size)
            except UnknownContinuation as error:
                raise Problem(400, "Invalid continuation token: it does not belong to this list.") from error
        page: Wire = {"Items": [write(item) for item in chosen]}
        if token is not None or settings.end_of_list == "null":
            page["ContinuationToken"] = token
        return page

    def start(self, kind: Kind, effect: Callable[[], Outcome], *, ok: bool = False, of_tenant: bool = True) -> Reply:
        """Start an operation. `ok` marks requests that are documented to return 200 instead of 202."""
        settings, clock = self.world.settings, self.world.clock
        operation = self.world.operations.start(
            kind,
            self.ordered(effect),
            tenant_id=self.tenant.id if of_tenant else None,
            caller=self.caller.id,
            now=clock.timestamp(),
            seconds=settings.operation_seconds,
        )
        status = 200 if ok == (settings.started_status == "documented") else 202
        headers: tuple[tuple[str, str], ...] = ()
        address = self.write.address(operation)
        if settings.operation_headers == "location" and address:
            headers = (("operation-location", address), ("location", address))
        elif settings.operation_headers == "retry_after":
            headers = (("retry-after", "1"),)
        return json_reply(self.write.operation(operation, None), status, headers)

    def ordered(self, effect: Callable[[], Outcome]) -> Callable[[], Outcome]:
        """Return the effect, or the failure of a fault in its place."""
        failure = self.failure
        if failure is None:
            return effect

        def failing() -> Outcome:
            raise failure

        return failing

    def operation(self, operation: Operation) -> Wire:
        """Return an operation in its current state."""
        return self.write.operation(operation, self.world.clock.timestamp())

    def new_description(self, before: str | None) -> str | None:
        """Return the description after a patch. The settings determine the effect of null and of an empty string."""
        given, settings = self.body.get("Description", before), self.world.settings
        if given is None:
            return None if settings.patch_null == "clears" else before
        if given == "":
            return None if settings.patch_empty == "clears" else before
        return str(given)

    def check_name(self, name: str) -> None:
        problem = name_problem(name, any_character=self.world.settings.name_characters == "free")
        if problem is not None:
            raise Problem(400, f"The name {name[:60]!r} is not allowed: {problem}.")


def json_reply(document: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(status, json.dumps(document).encode(), _JSON, headers)


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None
