# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A service that keeps what was read, so that a prediction can be made from it without a request."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

from .._errors import FleetError
from .._service import Service

#: Reads whose results are kept. Devices are only counted: a list of them may be long, and their plans need no overlay.
_KEPT = {
    "tenants": ("list", "current"),
    "users": ("list", "get", "roles", "account"),
    "products": ("list", "get", "with_id"),
    "device_groups": ("list", "named", "get", "with_id"),
    "devices": ("count",),
    "images": ("list", "get"),
}


class Unread(FleetError):
    """A closed service was asked for something that it has not read."""


class Remembered:
    """A Service that reads through the one below. Once closed, it returns what it has read, and raises Unread."""

    def __init__(self, base: Service) -> None:
        self.closed = False
        self.capabilities = base.capabilities
        self.tenants: Any = _Kind(self, base, "tenants")
        self.certificates: Any = _Kind(self, base, "certificates")
        self.users: Any = _Kind(self, base, "users")
        self.products: Any = _Kind(self, base, "products")
        self.device_groups: Any = _Kind(self, base, "device_groups")
        self.devices: Any = _Kind(self, base, "devices")
        self.images: Any = _Kind(self, base, "images")
        self.deployments: Any = _Kind(self, base, "deployments")
        self.insights: Any = _Kind(self, base, "insights")
        self.operations: Any = _Kind(self, base, "operations")


class _Kind:
    """One kind of resource."""

    def __init__(self, owner: Remembered, base: Service, kind: str) -> None:
        self._owner = owner
        self._service = base
        self._kind = kind
        self._kept = _KEPT.get(kind, ())
        self._replies: dict[Hashable, Any] = {}
        self._rows: dict[Hashable, Any] = {}

    @cached_property
    def _base(self) -> Any:
        """The kind in the service below, asked for on first use: a service imports the code for it only then."""
        return getattr(self._service, self._kind)

    def __getattr__(self, verb: str) -> Any:
        work = getattr(self._base, verb)
        if verb not in self._kept:
            return self._unread if self._owner.closed else work

        def read(*arguments: Hashable) -> Any:
            key = (verb, *(argument for argument in arguments if argument is not None))
            if self._owner.closed:
                return self._known(key)
            found = self._replies[key] = work(*arguments)
            for row in found if isinstance(found, Sequence) else (found,):
                self._rows[getattr(row, "ref", None) or getattr(row, "id", None)] = row
            return found

        return read

    def _known(self, key: tuple[Hashable, ...]) -> Any:
        if key in self._replies:
            return self._replies[key]
        if key[0] == "get" and key[1] in self._rows:
            return self._rows[key[1]]
        return self._unread()

    def _unread(self, *_arguments: Any, **_options: Any) -> Any:
        raise Unread("This has not been read.")
