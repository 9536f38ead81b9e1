# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port: what a service that manages a fleet can do, in terms of the model only.

Reconcilers work on this and know nothing else. The backend (`_legacy`) speaks to the service, the overlay (`_overlay`)
keeps writes to itself. A service works on one tenant.

Reads answer None for what is not there, and complete lists or an error, never short ones. Writes that start an
operation
of the service answer it as started: `wait` brings it to its end. All raise FleetError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ._deadline import Deadline
from ._errors import FleetError, InvalidInput
from ._model import (
    Certificate,
    Deployment,
    Device,
    DeviceGroup,
    DeviceGroupChange,
    DeviceGroupDraft,
    Image,
    ImageDownload,
    ImagePackage,
    Insight,
    Operation,
    Product,
    ProductChange,
    Tenant,
    User,
)


@dataclass(frozen=True)
class DeviceOutcome:
    """How a bulk write ended for one device; `error` is None when it went well."""

    id: str
    error: FleetError | None = None


#: Told of each device as it is done, from any thread, one at a time; answering False stops the start of further ones.
Report = Callable[[DeviceOutcome], bool]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ]{0,49}")


def check_name(kind: str, name: str | None) -> None:
    """The rule for new names, held before anything is sent so that check runs refuse what real ones do: letters, digits
    and spaces, none in front, at most 50 (FACTS: tenants and access, products and device groups). None: no new name.

    Raises InvalidInput.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise InvalidInput(
            f'Invalid {kind} name "{name}": use 1 to 50 letters, digits and spaces, and no space in front.',
            code="invalid_name",
            target=name,
        )


class Tenants(Protocol):
    def tenants(self) -> list[Tenant]:
        """All tenants in which the caller has a role, by name."""

    def tenant(self) -> Tenant:
        """The tenant in use. Raises InvalidInput naming those that there are, when none was given or it is not
        among them.
        """

    def create_tenant(self, name: str, device_id: str) -> Operation:
        """For ever. Needs a device that is claimed by nobody and never made a tenant."""

    def rename_tenant(self, name: str) -> None:
        """Renames the tenant in use."""

    def block_legacy_authorization(self) -> None:
        """For ever."""

    def certificates(self) -> list[Certificate]:
        """Returns all CA certificates of the tenant."""

    def certificate(self, thumbprint: str | None) -> bytes:
        """DER of one certificate, of the active one when no thumbprint is given."""

    def certificate_chain(self, thumbprint: str | None) -> bytes:
        """PKCS#7 (DER) of the certificate up to its root."""

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """DER of a certificate whose subject is the code, signed by the tenant CA."""


class Access(Protocol):
    def users(self) -> list[User]:
        """All principals with a role in the tenant. Needs the Administrator role."""

    def user(self, user: str) -> User | None:
        """One principal by GUID or address; None when the tenant gives it no role."""

    def roles(self) -> list[str]:
        """Returns the names of the roles that the service knows."""

    def invite_user(self, address: str) -> None:
        """Makes an address known to the service. Without a role it can do nothing."""

    def assign_role(self, user: str, role: str) -> None:
        """Gives a role to a known user."""

    def unassign_role(self, user: str, role: str) -> None:
        """Takes a role from a user."""

    def account(self) -> tuple[str, ...]:
        """The address and the object ID of whom this service runs as, as far as the token tells them."""


class Products(Protocol):
    def products(self) -> list[Product]:
        """Returns all products, by name."""

    def product(self, product_id: str) -> Product | None:
        """Returns the product with this GUID."""

    def product_named(self, name: str) -> Product | None:
        """Returns the product with this name, whatever its case."""

    def create_product(self, name: str, description: str | None, default_device_groups: bool) -> Operation:
        """Starts the creation of a product."""

    def update_product(self, product_id: str, change: ProductChange) -> None:
        """Changes or renames a product."""

    def delete_product(self, product_id: str) -> Operation:
        """With its groups. Fails, at once or in the operation, while devices are in them."""

    def device_groups(self, product_id: str | None = None) -> list[DeviceGroup]:
        """Of one product, or of the tenant."""

    def device_group(self, device_group_id: str) -> DeviceGroup | None:
        """Returns the device group with this GUID."""

    def device_group_named(self, product: str, name: str) -> DeviceGroup | None:
        """Returns the group with this name in a product, whatever their case."""

    def device_groups_named(self, name: str) -> list[DeviceGroup]:
        """Those of this name in all products."""

    def create_default_device_groups(self, product_id: str) -> None:
        """Creates the five default device groups."""

    def create_device_group(self, draft: DeviceGroupDraft) -> DeviceGroup:
        """Creates a device group and returns it."""

    def update_device_group(self, device_group_id: str, change: DeviceGroupChange) -> None:
        """Changes or renames a device group."""

    def delete_device_group(self, device_group_id: str) -> Operation:
        """Starts the deletion; fails, at once or in the operation, while devices are in the group."""


class Devices(Protocol):
    def devices(self, product_id: str | None = None, device_group_id: str | None = None) -> list[Device]:
        """Claimed devices of a group, of a product, or of the tenant."""

    def device(self, device_id: str) -> Device | None:
        """None, or one without tenant_id, for a device that is not claimed into this tenant."""

    def device_count(self, product_id: str | None = None, device_group_id: str | None = None) -> int:
        """Returns the number of claimed devices of a group, of a product, or of the tenant."""

    def claim_devices(self, device_ids: Sequence[str], deadline: Deadline, report: Report) -> Operation | None:
        """For ever. Any number; waits; reports each device. Answers the last operation."""

    def move_devices(
        self, device_ids: Sequence[str], device_group_id: str, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        """Any number; reports each device once it is in the group (once accepted, without wait).

        Answers the last operation.
        """

    def device_capability(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        """A signed capability file for one device."""

    def targeted_images(self, device_id: str) -> list[Image]:
        """What the cloud wants on the device, which need not be on it yet."""

    def insights(self) -> Iterable[Insight]:
        """Events of all devices, page by page as they are asked for."""


class Images(Protocol):
    def images(self) -> list[Image]:
        """Returns all images of the tenant, by name."""

    def image(self, image_id: str) -> Image | None:
        """Returns the image with this GUID."""

    def image_status(self, image_id: str) -> str | None:
        """Returns the service's word for how far an upload is."""

    def component_ids(self, image_ids: Sequence[str]) -> dict[str, str | None]:
        """Component ID of each image that is known."""

    def image_download(self, image_id: str) -> ImageDownload:
        """Returns where the image can be fetched."""

    def fetch_image(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        """Streams the image's bytes to `write`, without the token."""

    def upload_image(self, package: ImagePackage) -> Operation:
        """Starts the upload of a package."""

    def deployments(self, device_group_id: str) -> list[Deployment]:
        """Newest first."""

    def deployment(self, deployment_id: str) -> Deployment | None:
        """Returns the deployment with this GUID."""

    def create_deployment(self, device_group_id: str, image_ids: Sequence[str]) -> Operation:
        """Starts a deployment of exactly these images to a device group."""


class Operations(Protocol):
    def operation(self, operation_id: str, details: bool = False) -> Operation | None:
        """As it stands now, inside the tenant or, failing that, among the global ones; with kind-specific details
        if asked.
        """

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        """Polls until final. Raises OperationFailed, or DeadlineExceeded with the last state seen."""


class Service(Tenants, Access, Products, Devices, Images, Operations, Protocol):
    """All of it."""
