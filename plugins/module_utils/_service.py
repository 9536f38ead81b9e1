# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port: what a service that manages a fleet can do, in terms of the model only.

Reconcilers depend on this alone. A backend (`_legacy`) sends requests to a service, the overlay (`_overlay`) keeps
writes in memory. A service works on one tenant.

Products and device groups are addressed by reference. Reads return None for what does not exist; lists are complete, or
raise an error. Writes that start an operation of the service return it, and None when they complete at once;
`operations.wait` waits for its end. All methods raise FleetError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ._deadline import Deadline
from ._errors import FleetError, InvalidInput, Unsupported
from ._model.refs import GroupRef, ProductRef, Scope
from ._model.resources import (
    Certificate,
    Deployment,
    Device,
    DeviceGroup,
    DeviceGroupSpec,
    Image,
    ImageDownload,
    ImagePackage,
    Insight,
    Operation,
    Product,
    ProductSpec,
    Tenant,
    User,
)


@dataclass(frozen=True)
class NamingRule:
    """The names that a service accepts for new resources. `words` describe them, as in "use 1 to 50 letters"."""

    pattern: str
    words: str


#: Any name that is not empty.
ANY_NAME = NamingRule(r".+", "use at least one character")


@dataclass(frozen=True)
class Naming:
    """The rules for the names of new resources, by kind."""

    tenant: NamingRule = ANY_NAME
    product: NamingRule = ANY_NAME
    device_group: NamingRule = ANY_NAME


@dataclass(frozen=True)
class Capabilities:
    """What a service supports, and its rules. `elsewhere` says, by capability, where to do what it does not support.

    `tenant_needs_device`: whether a tenant is created from an unclaimed device. `claim_into_group`: whether a claim
    takes a device group; `leave_all_groups`: whether a move without one takes devices out of their groups.
    `one_image_per_component`: whether a deployment may hold one build of a component only. `devices_per_claim` is how
    many devices one request claims at most. `operations` has the type of the operation that a write starts ("products.
    create"; "devices.claim" of one device, "devices.claim_many"); other writes are done at once.
    """

    rename: bool = True
    create_tenant: bool = True
    tenant_needs_device: bool = True
    block_legacy_authorization: bool = True
    users: bool = True
    ids: bool = True
    leave_all_groups: bool = False
    claim_into_group: bool = False
    one_image_per_component: bool = True
    devices_per_claim: int = 1
    naming: Naming = field(default_factory=Naming)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, str] = field(default_factory=dict)


#: What errors call a capability that a service lacks.
_LACKS = {
    "rename": "rename products, device groups and tenants",
    "create_tenant": "create tenants",
    "block_legacy_authorization": "block legacy authorization",
    "users": "manage users and their roles",
    "ids": "find products and device groups by ID",
    "leave_all_groups": "take devices out of all device groups",
    "claim_into_group": "claim devices into a device group in one request",
}


def require(service: Service, capability: str) -> None:
    """Raises Unsupported if the service lacks this capability. Planners check it before the first write."""
    capabilities = service.capabilities
    if not getattr(capabilities, capability):
        raise Unsupported(
            f"This service cannot {_LACKS[capability]}.", target=capability, hint=capabilities.elsewhere.get(capability)
        )


def require_name(capabilities: Capabilities, kind: str, name: str | None) -> None:
    """Raises InvalidInput for a new name that the service would reject, so that check mode fails like a real run.

    :param kind: a field of Naming.
    :param name: None means that the name does not change.
    """
    rule: NamingRule = getattr(capabilities.naming, kind)
    if name is not None and not re.fullmatch(rule.pattern, name):
        raise InvalidInput(
            f'Invalid {kind.replace("_", " ")} name "{name}": {rule.words}.', code="invalid_name", target=name
        )


@dataclass(frozen=True, slots=True)
class DeviceOutcome:
    """The outcome of a bulk write for one device; `error` is None on success.

    `tried` is False if nothing was sent for the device; `error` is the reason then. `operation` is the ID of the
    operation that the service started for it, if it named one.
    """

    id: str
    error: FleetError | None = None
    tried: bool = True
    operation: str | None = None


#: Called for each finished device, from any thread, one at a time. If it returns False, no further device is started.
Report = Callable[[DeviceOutcome], bool]


class Tenants(Protocol):
    def list(self) -> Sequence[Tenant]:
        """Returns all tenants in which the caller has a role, by name."""

    def current(self) -> Tenant:
        """Returns the tenant in use.

        Raises InvalidInput, listing those that are available, if none was given or it is not among them.
        """

    def identity(self) -> str:
        """Returns what identifies the tenant in use among all others. Sends no request if the tenant is known."""

    def create(self, name: str, device_id: str | None = None) -> Operation | None:
        """Creates a tenant; irreversible. A service that needs a device for it gets an unclaimed one that has not
        created a tenant before.
        """

    def rename(self, name: str) -> None:
        """Renames the tenant in use."""

    def block_legacy_authorization(self) -> None:
        """Blocks legacy authorization of the tenant in use; irreversible."""


class Certificates(Protocol):
    def list(self) -> Sequence[Certificate]:
        """Returns all CA certificates of the tenant."""

    def get(self, thumbprint: str | None) -> bytes:
        """Returns the DER of one certificate, of the active one without a thumbprint."""

    def chain(self, thumbprint: str | None) -> bytes:
        """Returns PKCS#7 (DER) of the certificate up to its root."""

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Returns the DER of a certificate whose subject is the code, signed by the tenant CA."""


class Users(Protocol):
    def list(self) -> Sequence[User]:
        """Returns all principals with a role in the tenant. Needs the Administrator role."""

    def get(self, user: str) -> User | None:
        """Returns a principal by GUID or address; None when the tenant gives it no role."""

    def roles(self) -> Sequence[str]:
        """Returns the names of the roles that the service knows."""

    def invite(self, address: str) -> None:
        """Invites an address to the service. It needs a role to do anything."""

    def assign_role(self, user: str, role: str) -> None:
        """Assigns a role to a known user."""

    def unassign_role(self, user: str, role: str) -> None:
        """Removes a role from a user."""

    def account(self) -> Sequence[str]:
        """Returns the address and the object ID of the account in use, as far as the token shows them."""


class Products(Protocol):
    def list(self) -> Sequence[Product]:
        """Returns all products, by name."""

    def get(self, ref: ProductRef) -> Product | None:
        """Returns the product of this name, with its reference as the service spells it."""

    def with_id(self, product_id: str) -> Product | None:
        """Returns the product of this GUID, whatever others are called."""

    def create(self, spec: ProductSpec) -> Operation | None:
        """Starts the creation of a product."""

    def update(self, ref: ProductRef, spec: ProductSpec) -> Operation | None:
        """Changes the settings that the spec gives; another name renames the product."""

    def delete(self, ref: ProductRef) -> Operation | None:
        """Deletes a product with its groups. Fails, at once or in the operation, while devices are in them."""

    def create_default_device_groups(self, ref: ProductRef) -> None:
        """Creates the five default device groups."""


class DeviceGroups(Protocol):
    def list(self, product: ProductRef | None = None) -> Sequence[DeviceGroup]:
        """Returns the groups of one product, or of the tenant, by product and name."""

    def named(self, name: str) -> Sequence[DeviceGroup]:
        """Returns those of this name, in any case, in all products."""

    def get(self, ref: GroupRef) -> DeviceGroup | None:
        """Returns the group of these names, with its reference as the service spells it."""

    def with_id(self, device_group_id: str) -> DeviceGroup | None:
        """Returns the group of this GUID, whatever others are called."""

    def create(self, product: ProductRef, spec: DeviceGroupSpec) -> Operation | None:
        """Creates a device group with all settings of the spec."""

    def update(self, ref: GroupRef, spec: DeviceGroupSpec) -> Operation | None:
        """Changes the settings that the spec gives; another name renames the group."""

    def delete(self, ref: GroupRef) -> Operation | None:
        """Starts the deletion; fails, at once or in the operation, while devices are in the group."""


class Devices(Protocol):
    def list(self, scope: Scope = None) -> Sequence[Device]:
        """Returns the claimed devices of a group, of a product, or of the tenant, by ID."""

    def get(self, device_id: str) -> Device | None:
        """Returns None, or a device without tenant_id, for one that is not claimed into this tenant."""

    def count(self, scope: Scope = None) -> int:
        """Returns the number of claimed devices of a group, of a product, or of the tenant."""

    def claim(
        self, device_ids: Sequence[str], deadline: Deadline, report: Report, group: GroupRef | None = None
    ) -> Operation | None:
        """Claims any number of devices; irreversible. Waits, reports each, and returns the last operation.

        :param group: where they are afterwards, for services with `claim_into_group`.
        """

    def move(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        """Moves any number of devices; reports each once it is in the group (once accepted, without wait).

        :param group: None takes them out of all groups, for services with `leave_all_groups`.

        Returns the last operation.
        """

    def capability_file(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """Returns a signed capability file for one device."""

    def targeted_images(self, device_id: str) -> Sequence[Image]:
        """Returns the images that the service targets at the device, which may not have them yet."""


class Images(Protocol):
    def list(self) -> Sequence[Image]:
        """Returns all images of the tenant, by name."""

    def get(self, image_id: str) -> Image | None:
        """Returns the image with this GUID."""

    def status(self, image_id: str) -> str | None:
        """Returns the state of an upload, as the service spells it."""

    def component_ids(self, image_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Returns the component ID of each image that is known."""

    def download(self, image_id: str) -> ImageDownload:
        """Returns where the image can be fetched."""

    def fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        """Streams the image's bytes to `write`, without the token."""

    def upload(self, package: ImagePackage) -> Operation | None:
        """Starts the upload of a package."""


class Deployments(Protocol):
    def list(self, group: GroupRef) -> Sequence[Deployment]:
        """Returns the deployments to a device group, newest first."""

    def get(self, deployment_id: str) -> Deployment | None:
        """Returns the deployment with this GUID."""

    def create(self, group: GroupRef, image_ids: Sequence[str]) -> Operation | None:
        """Starts a deployment of exactly these images to a device group."""


class Insights(Protocol):
    def list(self) -> Iterable[Insight]:
        """Returns the events of all devices, page by page as they are asked for."""


class Operations(Protocol):
    def get(self, operation_id: str, details: bool = False) -> Operation | None:
        """Returns an operation as it is now, inside the tenant or, failing that, among the global ones; with
        kind-specific details if asked.
        """

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        """Polls until final. Raises OperationFailed, or DeadlineExceeded with the last state seen."""


class Service(Protocol):
    """A service, by the kinds of its resources."""

    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def tenants(self) -> Tenants: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def users(self) -> Users: ...
    @property
    def products(self) -> Products: ...
    @property
    def device_groups(self) -> DeviceGroups: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def images(self) -> Images: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def insights(self) -> Insights: ...
    @property
    def operations(self) -> Operations: ...
