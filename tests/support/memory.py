# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A service in memory: an overlay on a service with nothing in it, which gives GUIDs as the real one does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, cast
from uuid import UUID

from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    ROLES,
    Certificate,
    Deployment,
    Device,
    DeviceGroup,
    Image,
    Insight,
    Product,
    Tenant,
    User,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay

TENANT = Tenant("7e000000-0000-4000-8000-000000000001", "Empty", ("Administrator",))


class WrittenPast(AssertionError):
    """The overlay let a write through, or asked below for what only it can know."""


class EmptyService:
    """Reads answer that there is nothing; whatever else is called was written past the overlay."""

    def tenants(self) -> list[Tenant]:
        return [TENANT]

    def tenant(self) -> Tenant:
        return TENANT

    def certificates(self) -> list[Certificate]:
        return []

    def users(self) -> list[User]:
        return []

    def user(self, user: str) -> User | None:
        return None

    def roles(self) -> list[str]:
        return list(ROLES)

    def account(self) -> tuple[str, ...]:
        return ("fleet-runner@contoso.example",)

    def products(self) -> list[Product]:
        return []

    def product(self, product_id: str) -> Product | None:
        return None

    def product_named(self, name: str) -> Product | None:
        return None

    def device_groups(self, product_id: str | None = None) -> list[DeviceGroup]:
        return []

    def device_group(self, device_group_id: str) -> DeviceGroup | None:
        return None

    def devices(self, product_id: str | None = None, device_group_id: str | None = None) -> list[Device]:
        return []

    def device(self, device_id: str) -> Device | None:
        return None

    def device_count(self, product_id: str | None = None, device_group_id: str | None = None) -> int:
        return 0

    def targeted_images(self, device_id: str) -> list[Image]:
        return []

    def insights(self) -> Sequence[Insight]:
        return []

    def images(self) -> list[Image]:
        return []

    def image(self, image_id: str) -> Image | None:
        return None

    def deployments(self, device_group_id: str) -> list[Deployment]:
        return []

    def deployment(self, deployment_id: str) -> Deployment | None:
        return None

    def __getattr__(self, name: str) -> NoReturn:
        raise WrittenPast(f"the overlay called {name} of the service below")


class MemoryService(Overlay):
    """What is written to it is there, under GUIDs of its own, for another overlay to stand on."""

    def __init__(self) -> None:
        super().__init__(cast(Any, EmptyService()))
        self._given = 0

    def _placeholder(self, kind: str, *names: str) -> Any:
        self._given += 1
        return str(UUID(int=self._given))
