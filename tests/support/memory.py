# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A service in memory: an overlay on a service with nothing in it, which gives GUIDs as the real one does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast
from uuid import UUID

from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.service import CAPABILITIES
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ROLES, Tenant
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay

TENANT = Tenant("7e000000-0000-4000-8000-000000000001", "Empty", ("Administrator",))


class WrittenPast(AssertionError):
    """The overlay let a write through, or asked below for what only it can know."""


class EmptyResource:
    """One kind of resource of which there is nothing; whatever else is called was written past the overlay."""

    def __init__(self, kind: str, reads: Mapping[str, Callable[..., Any]]) -> None:
        self._kind = kind
        self._reads = reads

    def __getattr__(self, verb: str) -> Any:
        if verb in self._reads:
            return self._reads[verb]
        return self._refuse(verb)

    def _refuse(self, verb: str) -> NoReturn:
        raise WrittenPast(f"the overlay called {self._kind}.{verb} of the service below")


def nothing(*_arguments: Any, **_options: Any) -> None:
    return None


def none_listed(*_arguments: Any, **_options: Any) -> list[Any]:
    return []


_LISTED = {"list": none_listed, "get": nothing}
_NAMED = {**_LISTED, "with_id": nothing}


class EmptyService:
    """A tenant with nothing in it."""

    def __init__(self) -> None:
        self.capabilities = CAPABILITIES
        tenant = {"list": lambda: [TENANT], "current": lambda: TENANT, "identity": lambda: TENANT.id}
        self.tenants: Any = EmptyResource("tenants", tenant)
        self.certificates: Any = EmptyResource("certificates", {"list": none_listed})
        account = ("fleet-runner@contoso.example",)
        self.users: Any = EmptyResource("users", {**_LISTED, "roles": lambda: list(ROLES), "account": lambda: account})
        self.products: Any = EmptyResource("products", _NAMED)
        self.device_groups: Any = EmptyResource("device_groups", {**_NAMED, "named": none_listed})
        targeted = {"targeted_images": none_listed}
        self.devices: Any = EmptyResource("devices", {**_LISTED, **targeted, "count": lambda _scope=None: 0})
        self.images: Any = EmptyResource("images", _LISTED)
        self.deployments: Any = EmptyResource("deployments", _LISTED)
        self.insights: Any = EmptyResource("insights", {"list": none_listed})
        self.operations: Any = EmptyResource("operations", {"get": nothing})


class MemoryService(Overlay):
    """What is written to it is there, under GUIDs of its own, for another overlay to stand on."""

    def __init__(self, below: Any = None) -> None:
        numbers = itertools.count(1)
        super().__init__(below or cast(Any, EmptyService()), lambda *_what: str(UUID(int=next(numbers))))
