# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings a set of images to a device group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._errors import InvalidInput
from .._model import DeviceGroup, Image, ImagePackage, Operation, Product, is_guid
from .._service import Service
from .._views import deployment_values, image_label
from .image import upload
from .plan import Execution, Plan, Snapshot, Step
from .refs import place, require_device_group


@dataclass(frozen=True)
class DesiredDeployment:
    """The whole set of images of a group: those in the tenant by GUID, and packages on disk, uploaded when missing."""

    product: str | None
    device_group: str
    images: tuple[str, ...] = ()
    packages: tuple[ImagePackage, ...] = ()

    @property
    def image_ids(self) -> tuple[str, ...]:
        return tuple(sorted({*self.images, *(package.id for package in self.packages)}))


def desired_deployment(
    product: str | None, device_group: str, images: Sequence[str], packages: Sequence[ImagePackage]
) -> DesiredDeployment:
    """Checks what can be checked without the service.

    Raises InvalidInput for no image at all, a malformed GUID, and two packages of one component.
    """
    if not images and not packages:
        raise InvalidInput(
            f'The deployment for "{device_group}" names no image.',
            hint="Give images or packages, at least one of them.",
        )
    wrong = [image for image in images if not is_guid(image)]
    if wrong:
        raise InvalidInput(f'"{wrong[0]}" is no image ID (a GUID).', code="invalid_guid", target=wrong[0])
    components: dict[str, ImagePackage] = {}
    for package in packages:
        other = components.setdefault(package.component_id, package)
        if other.id != package.id:
            raise _component_twice(other.path, package.path, package.component_id)
    return DesiredDeployment(product, device_group, tuple(image.lower() for image in images), tuple(packages))


def plan(service: Service, desired: DesiredDeployment) -> Plan:
    """Reads the group's current deployment and plans uploads and a new one when the set differs."""
    product, group = require_device_group(service, desired.product, desired.device_group)
    known = _known_images(service, desired)
    title = f"deployment to {place(product.name, group.name)}"
    before = snapshot(service, product, group)
    steps: list[Step] = []
    uploads: list[Plan] = []
    if group.current_deployment is None or group.current_deployment.images != desired.image_ids:
        missing = {package.id: package for package in desired.packages if package.id not in known}
        uploads = [upload(package) for package in missing.values()]
        steps = [step for each in uploads for step in each.steps]

        def deploy(execution: Execution) -> Operation | None:
            return execution.service.create_deployment(execution.id(group.id), desired.image_ids)

        count = len(desired.image_ids)
        steps.append(
            Step(f"deploy {count} image{'s' if count > 1 else ''} to {place(product.name, group.name)}", deploy)
        )

    def read(after: Service) -> Snapshot:
        fresh = after.device_group_named(product.name, group.name)
        return Snapshot() if fresh is None else snapshot(after, product, fresh)

    return Plan(title, before, tuple(steps), read, tuple(uploads))


def snapshot(service: Service, product: Product, group: DeviceGroup) -> Snapshot:
    """The deployment in force."""
    current = group.current_deployment
    if current is None:
        return Snapshot()
    images = {image_id: service.image(image_id) for image_id in current.images}
    known = {image_id: image for image_id, image in images.items() if image is not None}
    values = {
        **deployment_values(current, known),
        "product": product.name,
        "device_group": group.name,
        "device_group_id": group.id,
    }
    labels = sorted(image_label(image_id, image) for image_id, image in images.items())
    return Snapshot(values, {"device_group": place(product.name, group.name), "images": labels})


def _known_images(service: Service, desired: DesiredDeployment) -> dict[str, Image]:
    """Those that the tenant has. Raises InvalidInput for a GUID that it has not, and for two images of one
    component.
    """
    found = {image_id: service.image(image_id) for image_id in desired.image_ids}
    known = {image_id: image for image_id, image in found.items() if image is not None}
    packaged = {package.id for package in desired.packages}
    components = {package.component_id: package.id for package in desired.packages}
    for image_id in desired.images:
        if image_id not in known:
            if image_id in packaged:
                continue
            raise InvalidInput(
                f"There is no image {image_id} in the tenant.",
                code="unknown_image",
                target=image_id,
                hint="Upload its package first, or give the package here.",
            )
        component = known[image_id].component_id
        if component is not None and components.setdefault(component, image_id) != image_id:
            raise _component_twice(components[component], image_id, component)
    return known


def _component_twice(one: str, other: str, component: str) -> InvalidInput:
    return InvalidInput(
        f"The images {one} and {other} are builds of one component, {component}.",
        code="component_twice",
        target=component,
        hint="A deployment has each component once: leave one of them out.",
    )
