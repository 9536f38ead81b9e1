# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Services in memory, and what surrounds a run on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import Files
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
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

#: No test takes that long, wherever it comes in a run.
WAITING = Waiting(True, Deadline(3600))
#: The verbs of the port that change something in the service, or have it make something.
WRITES = (
    "tenants.create",
    "tenants.rename",
    "tenants.block_legacy_authorization",
    "users.invite",
    "users.assign_role",
    "users.unassign_role",
    "products.create",
    "products.update",
    "products.delete",
    "products.create_default_device_groups",
    "device_groups.create",
    "device_groups.update",
    "device_groups.delete",
    "devices.claim",
    "devices.move",
    "devices.capability_file",
    "images.upload",
    "deployments.create",
)


@dataclass
class SmallService:
    """What the service below an overlay knows, where a test needs more than nothing."""

    other_tenants: tuple[Tenant, ...] = ()
    people: tuple[User, ...] = ()
    runs_as: tuple[str, ...] = ("admin@contoso.example",)
    authorities: tuple[Certificate, ...] = ()
    chain: bytes = b"chain"
    contents: dict[str, bytes] = field(default_factory=dict)
    claimed: tuple[Device, ...] = ()

    def __post_init__(self) -> None:
        empty = EmptyService()
        self.capabilities = empty.capabilities
        self.tenants = Part(empty.tenants, list=lambda: [TENANT, *self.other_tenants])
        self.users = Part(empty.users, account=lambda: self.runs_as, list=lambda: list(self.people), get=self._person)
        self.certificates = Part(
            empty.certificates,
            list=lambda: list(self.authorities),
            get=self._certificate,
            chain=lambda _thumbprint: self.chain,
        )
        self.devices = Part(
            empty.devices,
            list=self._devices,
            get=lambda device_id: next((device for device in self.claimed if device.id == device_id), None),
            count=lambda scope=None: len(self._devices(scope)),
        )
        self.images = Part(
            empty.images,
            get=lambda image_id: Image(image_id, name="Blink") if image_id in self.contents else None,
            download=lambda image_id: ImageDownload(image_id, f"https://images.example/{image_id}?signature=secret"),
            fetch=self._fetch,
        )
        self.products, self.device_groups = empty.products, empty.device_groups
        self.deployments, self.insights, self.operations = empty.deployments, empty.insights, empty.operations

    def _person(self, user: str) -> User | None:
        return next((each for each in self.people if user.casefold() in _names(each)), None)

    def _certificate(self, thumbprint: str | None) -> bytes:
        for each in self.authorities:
            if each.body is not None and (each.thumbprint == thumbprint if thumbprint else each.is_active):
                return each.body
        raise NotFound("There is no such certificate.")

    def _devices(self, scope: Any = None) -> list[Device]:
        return [device for device in self.claimed if device.is_within(scope)]

    def _fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        content = self.contents[download.image_id]
        for start in range(0, len(content), 1000):
            write(content[start : start + 1000])


class Part:
    """One kind of resource over another, with some verbs replaced."""

    def __init__(self, below: Any, **verbs: Callable[..., Any]) -> None:
        self._below = below
        self.__dict__.update(verbs)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._below, verb)


def _names(user: User) -> tuple[str, str]:
    return (user.id or "").casefold(), (user.mail or "").casefold()


class Recorder:
    """A service over another that lets everything through, notes which verbs were used, and fails where requested.

    `faults` maps a verb ("products.create") to what it raises, in turn, before (or with `after` set, once) the write is
    done.
    """

    def __init__(
        self, below: Any, faults: Mapping[str, list[FleetError | None]] | None = None, *, after: bool = False
    ) -> None:
        self._below = below
        self._after = after
        self._faults = faults or {}
        self.capabilities = below.capabilities
        self.used: list[str] = []

    @property
    def writes(self) -> list[str]:
        return [verb for verb in self.used if verb in WRITES]

    def __getattr__(self, kind: str) -> Any:
        return _RecordedResource(self, kind, getattr(self._below, kind))

    def call(self, verb: str, work: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.used.append(verb)
        waiting = self._faults.get(verb, [])
        fault = waiting.pop(0) if waiting else None
        if fault is not None and not self._after:
            raise fault
        answer = work(*arguments, **options)
        if fault is not None:
            raise fault
        return answer


class _RecordedResource:
    def __init__(self, recorder: Recorder, kind: str, below: Any) -> None:
        self._recorder = recorder
        self._kind = kind
        self._below = below

    def __getattr__(self, verb: str) -> Any:
        work = getattr(self._below, verb)

        def call(*arguments: Any, **options: Any) -> Any:
            return self._recorder.call(f"{self._kind}.{verb}", work, arguments, options)

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
    context = Context(lambda: made, files or disk(), warnings.append)
    return Surroundings(context, warnings)
