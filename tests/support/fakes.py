# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Services in memory, and what surrounds a run on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import Files
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    Certificate,
    Device,
    Image,
    ImageDownload,
    Tenant,
    User,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service

from tests.support.ansible_files import disk
from tests.support.memory import TENANT, EmptyService

WAITING = Waiting(True, Deadline(60))
#: The verbs of the port that change something in the service, or have it make something.
WRITES = (
    "create_tenant",
    "rename_tenant",
    "block_legacy_authorization",
    "invite_user",
    "assign_role",
    "unassign_role",
    "create_product",
    "update_product",
    "delete_product",
    "create_default_device_groups",
    "create_device_group",
    "update_device_group",
    "delete_device_group",
    "claim_devices",
    "move_devices",
    "device_capability",
    "upload_image",
    "create_deployment",
)


@dataclass
class SmallService(EmptyService):
    """What the service below an overlay knows, where a test needs more than nothing."""

    other_tenants: tuple[Tenant, ...] = ()
    people: tuple[User, ...] = ()
    runs_as: tuple[str, ...] = ("admin@contoso.example",)
    authorities: tuple[Certificate, ...] = ()
    chain: bytes = b"chain"
    contents: dict[str, bytes] = field(default_factory=dict)
    claimed: tuple[Device, ...] = ()

    def tenants(self) -> list[Tenant]:
        return [TENANT, *self.other_tenants]

    def account(self) -> tuple[str, ...]:
        return self.runs_as

    def users(self) -> list[User]:
        return list(self.people)

    def user(self, user: str) -> User | None:
        return next((each for each in self.people if user.casefold() in _names(each)), None)

    def certificates(self) -> list[Certificate]:
        return list(self.authorities)

    def certificate(self, thumbprint: str | None) -> bytes:
        for each in self.authorities:
            if each.body is not None and (each.thumbprint == thumbprint if thumbprint else each.is_active):
                return each.body
        raise NotFound("There is no such certificate.")

    def certificate_chain(self, thumbprint: str | None) -> bytes:
        return self.chain

    def devices(self, product_id: str | None = None, device_group_id: str | None = None) -> list[Device]:
        return [
            device
            for device in self.claimed
            if product_id in (None, device.product_id) and device_group_id in (None, device.device_group_id)
        ]

    def device(self, device_id: str) -> Device | None:
        return next((device for device in self.claimed if device.id == device_id), None)

    def device_count(self, product_id: str | None = None, device_group_id: str | None = None) -> int:
        return len(self.devices(product_id, device_group_id))

    def image(self, image_id: str) -> Image | None:
        return Image(image_id, name="Blink") if image_id in self.contents else None

    def image_download(self, image_id: str) -> ImageDownload:
        return ImageDownload(image_id, f"https://images.example/{image_id}?signature=secret")

    def fetch_image(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        content = self.contents[download.image_id]
        for start in range(0, len(content), 1000):
            write(content[start : start + 1000])


def _names(user: User) -> tuple[str, str]:
    return (user.id or "").casefold(), (user.mail or "").casefold()


class Recorder:
    """A service over another that lets everything through, notes which verbs were used, and fails where it is told to.

    `faults` maps a verb to what it raises, in turn, before (or with `after` set, once) the write is done.
    """

    def __init__(self, below: Any, *, after: bool = False, **faults: list[FleetError | None]) -> None:
        self._below = below
        self._after = after
        self._faults = faults
        self.used: list[str] = []

    @property
    def writes(self) -> list[str]:
        return [verb for verb in self.used if verb in WRITES]

    def __getattr__(self, verb: str) -> Any:
        work = getattr(self._below, verb)

        def call(*arguments: Any, **options: Any) -> Any:
            self.used.append(verb)
            waiting = self._faults.get(verb, [])
            fault = waiting.pop(0) if waiting else None
            if fault is not None and not self._after:
                raise fault
            answer = work(*arguments, **options)
            if fault is not None:
                raise fault
            return answer

        return call


@dataclass
class Surroundings:
    """A context, and the warnings given in it."""

    context: Context
    warnings: list[str]


def surround(service: Any, files: Files | None = None) -> Surroundings:
    """A run on this service."""
    made: Service = service
    warnings: list[str] = []
    context = Context(lambda: made, files or disk(), warnings.append, lambda _text: None)
    return Surroundings(context, warnings)
