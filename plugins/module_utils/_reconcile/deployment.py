# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans the deployment of a set of images to a device group."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import InvalidInput
from .._model.resources import DeploymentSpec, DeviceGroup, Image, ImagePackage, Operation
from .._model.values import is_guid
from .._references import require_device_group
from .._service import Service
from .._views.resources import deployment_values, image_label
from .execution import Execution, Step
from .image import upload
from .plan import Plan, Snapshot


def deployment_spec(
    product: str | None, device_group: str, images: Sequence[str], packages: Sequence[ImagePackage]
) -> DeploymentSpec:
    """Checks what can be checked without the service.

    Raises InvalidInput for an empty set, a malformed GUID, and two packages of one component.
    """
    if not images and not packages:
        raise InvalidInput(
            f'Invalid deployment to "{device_group}": it has no images.',
            hint="Give images, packages or both.",
        )
    wrong = [image for image in images if not is_guid(image)]
    if wrong:
        raise InvalidInput(f'Invalid image ID "{wrong[0]}": use a GUID.', code="invalid_guid", target=wrong[0])
    components: dict[str, ImagePackage] = {}
    for package in packages:
        other = components.setdefault(package.component_id, package)
        if other.id != package.id:
            raise _component_twice(other.path, package.path, package.component_id)
    return DeploymentSpec(product, device_group, tuple(image.lower() for image in images), tuple(packages))


def plan(service: Service, spec: DeploymentSpec) -> Plan:
    """Reads the group's current deployment and plans uploads and a new one when the set differs."""
    group = require_device_group(service, spec.product, spec.device_group)
    known = _known_images(service, spec)
    before = snapshot(service, group)
    steps: list[Step] = []
    uploads: list[Plan] = []
    if group.current_deployment is None or group.current_deployment.images != spec.image_ids:
        missing = {package.id: package for package in spec.packages if package.id not in known}
        uploads = [upload(package) for package in missing.values()]
        steps = [step for each in uploads for step in each.steps]

        def deploy(execution: Execution) -> Operation | None:
            return execution.service.deployments.create(group.ref, spec.image_ids)

        steps.append(Step("deployment", str(group.ref), "deploy", deploy))

    def read(after: Service) -> Snapshot:
        fresh = after.device_groups.get(group.ref)
        return Snapshot() if fresh is None else snapshot(after, fresh)

    return Plan(f"deployment to {group.ref}", before, tuple(steps), read, tuple(uploads))


def snapshot(service: Service, group: DeviceGroup) -> Snapshot:
    """Returns the current deployment of a device group."""
    current = group.current_deployment
    if current is None:
        return Snapshot()
    images = {image_id: service.images.get(image_id) for image_id in current.images}
    known = {image_id: image for image_id, image in images.items() if image is not None}
    values = {
        **deployment_values(current, known),
        "product": group.ref.product.name,
        "device_group": group.name,
        "device_group_id": group.id,
    }
    labels = sorted(image_label(image_id, image) for image_id, image in images.items())
    shown = {"device_group": str(group.ref), "images": labels}
    return Snapshot(values, shown, {"images": list(current.images)})


def _known_images(service: Service, spec: DeploymentSpec) -> dict[str, Image]:
    """Returns those that the tenant has.

    Raises InvalidInput for an unknown GUID, and for two images of one component where only one is allowed.
    """
    found = {image_id: service.images.get(image_id) for image_id in spec.image_ids}
    known = {image_id: image for image_id, image in found.items() if image is not None}
    packaged = {package.id for package in spec.packages}
    components = {package.component_id: package.id for package in spec.packages}
    for image_id in spec.images:
        if image_id not in known:
            if image_id in packaged:
                continue
            raise InvalidInput(
                f"Image {image_id} not found in the tenant.",
                code="unknown_image",
                target=image_id,
                hint="Upload its package first, or give the package here.",
            )
        component = known[image_id].component_id if service.capabilities.one_image_per_component else None
        if component is not None and components.setdefault(component, image_id) != image_id:
            raise _component_twice(components[component], image_id, component)
    return known


def _component_twice(one: str, other: str, component: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid deployment: the images {one} and {other} are builds of one component, {component}.",
        code="component_twice",
        target=component,
        hint="A deployment may hold one image of each component: remove one of them.",
    )
