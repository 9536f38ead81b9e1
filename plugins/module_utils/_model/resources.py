# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a fleet is made of, and what somebody asks for, as plain immutable values. No I/O and no wire format.

A `DeviceGroup` is as the service shows it, a `DeviceGroupSpec` as somebody asks for it: modules, blueprints and the
port share it. In a spec, None leaves a value as it is, and an empty description clears it.

Enumerations are strings in the service's own spelling; a number the service sends that is not known here comes through
as its decimal digits, so that nothing is lost. GUIDs and device IDs are lower case. Times are ISO 8601 in UTC with a Z.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .refs import GroupRef, Place, ProductRef, Scope

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


@dataclass(frozen=True)
class Tenant:
    """An Azure Sphere tenant and the roles that the caller holds in it. Its name is case-sensitive."""

    id: str
    name: str | None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Product:
    """A product. `id` is its GUID where the service gives one."""

    ref: ProductRef
    description: str | None = None
    id: str | None = None

    @property
    def name(self) -> str:
        return self.ref.name


@dataclass(frozen=True)
class ProductSpec:
    """A product. `default_device_groups`: whether it has the five default device groups; none is ever deleted."""

    name: str | None = None
    description: str | None = None
    default_device_groups: bool = True


@dataclass(frozen=True)
class Deployment:
    """A set of images given to a device group at a time. `images` is sorted: the set has no order."""

    id: str
    images: tuple[str, ...]
    deployed_at: str | None = None


@dataclass(frozen=True)
class DeviceGroup:
    """A device group. `id` and `product_id` are GUIDs where the service gives them."""

    ref: GroupRef
    description: str | None = None
    os_feed: str = "Retail"
    update_policy: str = "UpdateAll"
    allow_crash_dumps_collection: bool = False
    current_deployment: Deployment | None = None
    id: str | None = None
    product_id: str | None = None

    @property
    def name(self) -> str:
        return self.ref.name


@dataclass(frozen=True)
class DeviceGroupSpec:
    """Each field is a field of DeviceGroup, an option of the module and a key of blueprints, by the same name."""

    name: str | None = None
    description: str | None = None
    os_feed: str | None = field(default=None, metadata={"choices": OS_FEEDS})
    update_policy: str | None = field(default=None, metadata={"choices": UPDATE_POLICIES})
    allow_crash_dumps_collection: bool | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device. `tenant_id` is None while it is unclaimed. A claimed device without a `place` is in no group.

    `product_id` and `device_group_id` are GUIDs where the service gives them.
    """

    id: str
    tenant_id: str | None = None
    place: Place | None = field(default=None, compare=False)
    product_id: str | None = None
    device_group_id: str | None = None
    chip_sku: str | None = None
    last_available_os_version: str | None = None
    last_installed_os_version: str | None = None
    last_os_update: str | None = None
    last_update_request: str | None = None

    @property
    def group(self) -> GroupRef | None:
        """The group of the device, looked up if necessary. Raises FleetError when that fails."""
        return None if self.place is None else self.place.group

    def is_within(self, scope: Scope) -> bool:
        """Returns whether it is in this device group or product; looks up no more than that takes."""
        return scope is None or (self.place is not None and self.place.is_within(scope))


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
    """An image package on disk: its path, and what its own metadata says. `size` is in bytes.

    `sha256` is the digest, in hexadecimal, of the content that was read: no other may be uploaded.
    """

    path: str
    id: str
    component_id: str
    type: str
    name: str | None
    size: int
    sha256: str


@dataclass(frozen=True)
class DeploymentSpec:
    """The whole set of images of a device group: those in the tenant by GUID, and packages, uploaded when missing.

    `product` may be None when `device_group` identifies one by itself.
    """

    product: str | None
    device_group: str
    images: tuple[str, ...] = ()
    packages: tuple[ImagePackage, ...] = ()

    @property
    def image_ids(self) -> tuple[str, ...]:
        return tuple(sorted({*self.images, *(package.id for package in self.packages)}))


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
class UserSpec:
    """Roles of a user or service principal, by address or GUID.

    With `present` it has the roles that are listed, with `exclusive` no others; otherwise it has none of them, and none
    at all when none is listed. `force` allows to take the Administrator role from the account that does it.
    """

    user: str
    roles: tuple[str, ...] = ()
    exclusive: bool = False
    present: bool = True
    force: bool = False


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
