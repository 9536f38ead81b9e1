# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A second service, in memory: keyed by names, without GUIDs for products and device groups, done at once.

It lacks what its Capabilities say: renaming, users, tenant creation, blocking legacy authorization, and IDs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, NoReturn
from uuid import uuid4

from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import (
    GroupRef,
    Place,
    ProductRef,
    Scope,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
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
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.settings import updated
from ansible_collections.azsphere.fleet.plugins.module_utils._service import (
    Capabilities,
    DeviceOutcome,
    Naming,
    NamingRule,
    Report,
)

from .toy_state import OPERATIONS, ToyState

NAMES = NamingRule(r"[A-Za-z0-9][A-Za-z0-9 ]{0,49}", "use 1 to 50 letters, digits and spaces")
LACKS = ("rename", "create_tenant", "block_legacy_authorization", "users", "ids", "leave_all_groups")
CAPABILITIES = Capabilities(
    **dict.fromkeys(LACKS, False),
    naming=Naming(product=NAMES, device_group=NAMES),
    elsewhere={"users": "Use the role assignments of the platform."},
    operations=OPERATIONS,
)
#: Signs a certificate with a name, for proofs of possession.
Sign = Callable[[str], bytes]


class ToyTenants:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self) -> Sequence[Tenant]:
        return [self._state.tenant]

    def identity(self) -> str:
        return str(self.current().id)

    def current(self) -> Tenant:
        return self._state.tenant


class ToyProducts:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self) -> Sequence[Product]:
        return sorted(self._state.products.values(), key=lambda product: product.name.casefold())

    def get(self, ref: ProductRef) -> Product | None:
        return self._state.products.get(ref)

    def create(self, spec: ProductSpec) -> Operation:
        ref = ProductRef(spec.name or "")
        if ref in self._state.products:
            raise Conflict(f"There is a product {ref} already.")
        self._state.products[ref] = Product(ref, spec.description or None)
        operation = self._state.wrote("products.create")
        if spec.default_device_groups:
            self.create_default_device_groups(ref)
        return operation

    def update(self, ref: ProductRef, spec: ProductSpec) -> Operation:
        assert spec.name is None, "this service cannot rename"
        product = self._state.product(ref)
        self._state.products[product.ref] = updated(product, spec)
        return self._state.wrote("products.update")

    def delete(self, ref: ProductRef) -> Operation:
        del self._state.products[self._state.product(ref).ref]
        self._state.groups = {group: row for group, row in self._state.groups.items() if group.product != ref}
        return self._state.wrote("products.delete")

    def create_default_device_groups(self, ref: ProductRef) -> None:
        product = self._state.product(ref).ref
        for name, feed, policy in DEFAULT_DEVICE_GROUPS:
            group = GroupRef(product, name)
            self._state.groups.setdefault(group, DeviceGroup(group, f"The group {name}", feed, policy))
        self._state.writes += 1


class ToyDeviceGroups:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self, product: ProductRef | None = None) -> Sequence[DeviceGroup]:
        if product is not None:
            self._state.product(product)
        found = [group for group in self._state.groups.values() if product in (None, group.ref.product)]
        return sorted(found, key=lambda group: str(group.ref).casefold())

    def named(self, name: str) -> Sequence[DeviceGroup]:
        return [group for group in self.list() if group.name.casefold() == name.casefold()]

    def get(self, ref: GroupRef) -> DeviceGroup | None:
        return self._state.groups.get(ref)

    def create(self, product: ProductRef, spec: DeviceGroupSpec) -> Operation:
        ref = GroupRef(self._state.product(product).ref, spec.name or "")
        if ref in self._state.groups:
            raise Conflict(f"There is a device group {ref} already.")
        self._state.groups[ref] = updated(DeviceGroup(ref), spec)
        return self._state.wrote("device_groups.create")

    def update(self, ref: GroupRef, spec: DeviceGroupSpec) -> Operation:
        assert spec.name is None, "this service cannot rename"
        group = self._state.group(ref)
        self._state.groups[group.ref] = updated(group, spec)
        return self._state.wrote("device_groups.update")

    def delete(self, ref: GroupRef) -> Operation:
        del self._state.groups[self._state.group(ref).ref]
        return self._state.wrote("device_groups.delete")


class ToyDevices:
    def __init__(self, state: ToyState, foreign: frozenset[str]) -> None:
        self._state = state
        self._foreign = foreign

    def list(self, scope: Scope = None) -> Sequence[Device]:
        found = [device for device in self._state.devices.values() if device.is_within(scope)]
        return sorted(found, key=lambda device: device.id)

    def get(self, device_id: str) -> Device | None:
        return self._state.devices.get(device_id)

    def count(self, scope: Scope = None) -> int:
        return len(self.list(scope))

    def claim(
        self, device_ids: Sequence[str], deadline: Deadline, report: Report, group: GroupRef | None = None
    ) -> Operation | None:
        assert group is None, "this service cannot claim into a group"
        for device_id in device_ids:
            error = Conflict("It is another tenant's.") if device_id in self._foreign else None
            if error is None:
                new = Device(device_id, self._state.tenant.id, chip_sku="MT3620AN")
                self._state.devices.setdefault(device_id, new)
            if not report(DeviceOutcome(device_id, error)):
                break
        return self._state.wrote("devices.claim")

    def move(
        self, device_ids: Sequence[str], group: GroupRef | None, deadline: Deadline, report: Report, wait: bool = True
    ) -> Operation | None:
        assert group is not None, "this service cannot take devices out of all groups"
        place = Place.at(self._state.group(group).ref)
        for device_id in device_ids:
            self._state.devices[device_id] = replace(self._state.devices[device_id], place=place)
            if not report(DeviceOutcome(device_id)):
                break
        return self._state.wrote("devices.move")

    def capability_file(self, device_id: str, capabilities: Iterable[str]) -> bytes:
        if device_id not in self._state.devices:
            raise NotFound(f"Device {device_id} is not claimed into this tenant.", code="NotFound", target=device_id)
        self._state.writes += 1
        return f"{device_id} {sorted(capabilities)} {self._state.writes}".encode()

    def targeted_images(self, device_id: str) -> Sequence[Image]:
        group = self._state.devices[device_id].group
        current = None if group is None else self._state.group(group).current_deployment
        return [self._state.images[image] for image in (current.images if current else ())]


class ToyImages:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self) -> Sequence[Image]:
        return sorted(self._state.images.values(), key=lambda image: ((image.name or "").casefold(), image.id))

    def get(self, image_id: str) -> Image | None:
        return self._state.images.get(image_id)

    def status(self, image_id: str) -> str | None:
        return "Succeeded" if image_id in self._state.images else None

    def component_ids(self, image_ids: Sequence[str]) -> Mapping[str, str | None]:
        return {each: self._state.images[each].component_id for each in image_ids if each in self._state.images}

    def download(self, image_id: str) -> ImageDownload:
        return ImageDownload(image_id, f"https://toy.invalid/{image_id}")

    def fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        write(f"content of {download.image_id}".encode())

    def upload(self, package: ImagePackage) -> Operation:
        image = Image(package.id, package.name, None, package.component_id, package.type)
        self._state.images[package.id] = image
        return self._state.wrote("images.upload")


class ToyDeployments:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self, group: GroupRef) -> Sequence[Deployment]:
        return self._state.deployments.get(group, [])

    def get(self, deployment_id: str) -> Deployment | None:
        made = (deployment for each in self._state.deployments.values() for deployment in each)
        return next((deployment for deployment in made if deployment.id == deployment_id), None)

    def create(self, group: GroupRef, image_ids: Sequence[str]) -> Operation:
        found = self._state.group(group)
        missing = [image for image in image_ids if image not in self._state.images]
        if missing:
            raise InvalidInput(f"There is no image {missing[0]}.")
        made = Deployment(str(uuid4()), tuple(sorted(image_ids)), datetime.now(timezone.utc).isoformat())
        self._state.deployments.setdefault(found.ref, []).insert(0, made)
        self._state.groups[found.ref] = replace(found, current_deployment=made)
        return self._state.wrote("deployments.create")


class ToyCertificates:
    def __init__(self, active: Certificate, successor: Certificate, chain: bytes, sign: Sign) -> None:
        self._there = [active, successor]
        self._chain = chain
        self._sign = sign

    def list(self) -> Sequence[Certificate]:
        return self._there

    def get(self, thumbprint: str | None) -> bytes:
        found = next(each for each in self._there if thumbprint in (None, each.thumbprint))
        return found.body or b""

    def chain(self, thumbprint: str | None) -> bytes:
        return self._chain

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        return self._sign(verification_code)


class ToyInsights:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def list(self) -> Iterable[Insight]:
        return self._state.insights


class ToyOperations:
    def __init__(self, state: ToyState) -> None:
        self._state = state

    def get(self, operation_id: str, details: bool = False) -> Operation | None:
        return self._state.operations.get(operation_id)

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        return operation


class Nothing:
    """What the service does not have: reconcilers must not come here."""

    def __getattr__(self, verb: str) -> Any:
        def reject(*_arguments: Any, **_options: Any) -> NoReturn:
            raise AssertionError(f"{verb} was used of a service that lacks it")

        return reject


class ToyService:
    """The port over a ToyState."""

    def __init__(self, state: ToyState, foreign: frozenset[str], certificates: ToyCertificates) -> None:
        self.state = state
        self.capabilities = CAPABILITIES
        self.tenants: Any = ToyTenants(state)
        self.users: Any = Nothing()
        self.certificates = certificates
        self.products: Any = ToyProducts(state)
        self.device_groups: Any = ToyDeviceGroups(state)
        self.devices = ToyDevices(state, foreign)
        self.images = ToyImages(state)
        self.deployments = ToyDeployments(state)
        self.insights = ToyInsights(state)
        self.operations = ToyOperations(state)
