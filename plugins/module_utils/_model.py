# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a fleet is made of, as plain immutable values. No I/O and no wire format.

Enumerations are strings in the service's own spelling; a number the service sends that is not known here comes through
as its decimal digits, so that nothing is lost. GUIDs and device IDs are lower case. Times are ISO 8601 in UTC with a Z.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

OS_FEEDS = ("Retail", "RetailEval")
UPDATE_POLICIES = ("UpdateAll", "No3rdPartyAppUpdates")
CAPABILITIES = ("appDevelopment", "fieldServicing")
ROLES = ("Administrator", "Contributor", "Reader")
#: Names of the device groups that come with a product (FACTS: default groups), with their feed and policy.
DEFAULT_DEVICE_GROUPS = (
    ("Development", "Retail", "No3rdPartyAppUpdates"),
    ("Field Test", "Retail", "UpdateAll"),
    ("Production", "Retail", "UpdateAll"),
    ("Field Test OS Evaluation", "RetailEval", "UpdateAll"),
    ("Production OS Evaluation", "RetailEval", "UpdateAll"),
)
OPERATION_STATES = ("NotStarted", "InProgress", "Complete", "Failed", "CompleteWithErrors")
FINAL_STATES = ("Complete", "Failed", "CompleteWithErrors")

#: The service's numbers for what an image package holds (FACTS: images; ImageType in the OpenAPI description).
IMAGE_TYPES = {
    0: "InvalidImageType",
    1: "OneBl",
    2: "PlutonRuntime",
    3: "WifiFirmware",
    4: "SecurityMonitor",
    5: "NormalWorldLoader",
    6: "NormalWorldDtb",
    7: "NormalWorldKernel",
    8: "RootFs",
    9: "Services",
    10: "Applications",
    13: "FwConfig",
    16: "BootManifest",
    17: "Nwfs",
    19: "TrustedKeystore",
    20: "Policy",
    21: "CustomerBoardConfig",
    22: "UpdateCertStore",
    23: "BaseSystemUpdateManifest",
    24: "FirmwareUpdateManifest",
    25: "CustomerUpdateManifest",
    26: "RecoveryManifest",
    27: "ManifestSet",
    28: "Other",
}

_GUID = re.compile(r"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DEVICE_ID = re.compile(r"\A[0-9a-fA-F]{128}\Z")


class Placeholder(str):
    """Stands for a value that only the service can give, in a state that is planned and not yet made.

    Results show it as null and name its path in `unknown`. `kind` and `names` say what it belongs to, so that the real
    value can be looked up once it exists, as in `Placeholder("device_group", "Kettle", "Lab")`.
    """

    kind: str
    names: tuple[str, ...]

    def __new__(cls, kind: str, *names: str) -> Placeholder:
        made = super().__new__(cls, "(not yet known: " + " ".join((kind, *names)) + ")")
        made.kind = kind
        made.names = names
        return made


class PlannedBytes(bytes):
    """Stands for the content of a file that only the service can give, in a state that is planned and not yet made."""


def is_guid(text: object) -> bool:
    """Whether the text has the form of a GUID, in any case."""
    return isinstance(text, str) and _GUID.match(text) is not None


def is_device_id(text: object) -> bool:
    """Whether the text is a device ID: 128 hexadecimal digits, in any case (FACTS: devices)."""
    return isinstance(text, str) and _DEVICE_ID.match(text) is not None


#: What people leave around a name without seeing it. Other blanks (no-break space, zero width) are no mere padding.
PADDING = " \t\r\n\f\v"


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def name_key(name: str) -> str:
    """Return what the names of products, device groups and users are compared by: neither case nor blanks around them
    count (FACTS: products and device groups).
    """
    return name.strip(PADDING).casefold()


def same_name(one: str, other: str) -> bool:
    """Return whether two names of products, device groups or users are the same; see `name_key`."""
    return name_key(one) == name_key(other)


def all_named(there: Iterable[N], name: str) -> list[N]:
    """Return those of this name. One that differs in case only comes before others with blanks around their names."""
    exact = name.casefold()
    found = [each for each in there if same_name(each.name, name)]
    return sorted(found, key=lambda each: each.name.casefold() != exact)


@dataclass(frozen=True)
class Tenant:
    """An Azure Sphere tenant and the roles that the caller holds in it. Its name is case-sensitive."""

    id: str
    name: str | None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Product:
    id: str
    name: str
    description: str | None = None


@dataclass(frozen=True)
class Deployment:
    """A set of images given to a device group at a time. `images` is sorted: the set has no order."""

    id: str
    images: tuple[str, ...]
    deployed_at: str | None = None


@dataclass(frozen=True)
class DeviceGroup:
    id: str
    product_id: str
    name: str
    description: str | None = None
    os_feed: str = "Retail"
    update_policy: str = "UpdateAll"
    allow_crash_dumps_collection: bool = False
    current_deployment: Deployment | None = None


@dataclass(frozen=True)
class Device:
    """A device. `tenant_id` is None while it is unclaimed; a claimed one may be in no group."""

    id: str
    tenant_id: str | None = None
    product_id: str | None = None
    device_group_id: str | None = None
    chip_sku: str | None = None
    last_available_os_version: str | None = None
    last_installed_os_version: str | None = None
    last_os_update: str | None = None
    last_update_request: str | None = None


@dataclass(frozen=True)
class Image:
    """What the service knows of an image. `component_id` is the application over time, `id` one build of it."""

    id: str
    name: str | None = None
    description: str | None = None
    component_id: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class ImagePackage:
    """An image package on disk: its path, and what its own metadata says. `size` is in bytes."""

    path: str
    id: str
    component_id: str
    type: str
    name: str | None
    size: int


@dataclass(frozen=True)
class ImageDownload:
    """Where an image can be fetched. `url` carries its own signature, is a secret, and must never get the token."""

    image_id: str
    url: str


@dataclass(frozen=True)
class OperationError:
    code: str
    message: str | None = None


@dataclass(frozen=True)
class Operation:
    """Work that the service does in its own time."""

    id: str
    type: str
    state: str
    created: str | None = None
    started: str | None = None
    completed: str | None = None
    error: OperationError | None = None
    tenant_id: str | None = None
    resource: str | None = None
    details_location: str | None = None
    details: dict[str, Any] | None = field(default=None, compare=False)

    @property
    def final(self) -> bool:
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class User:
    """A person or service principal with roles in the tenant.

    `id` is the principal's GUID where the service gives one.
    """

    id: str | None
    name: str | None
    mail: str | None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A tenant CA certificate. `body` is DER, None when the service no longer gives it (expired)."""

    thumbprint: str
    is_active: bool
    is_revoked: bool
    body: bytes | None = None


@dataclass(frozen=True)
class Insight:
    """An event that a device reported, seen `count` times between `start` and `end` (ISO 8601, UTC)."""

    device_id: str
    type: str | None
    event_class: str | None
    category: str | None
    description: str | None
    count: int
    start: str | None
    end: str | None


@dataclass(frozen=True)
class DeviceGroupDraft:
    """What a new device group is to be."""

    product_id: str
    name: str
    description: str | None = None
    os_feed: str = "Retail"
    update_policy: str = "UpdateAll"


@dataclass(frozen=True)
class ProductChange:
    """New values; None leaves a member as it is. An empty description clears it."""

    name: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class DeviceGroupChange:
    """New values; None leaves a member as it is. An empty description clears it."""

    name: str | None = None
    description: str | None = None
    os_feed: str | None = None
    update_policy: str | None = None
    allow_crash_dumps_collection: bool | None = None
