# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images, deployments and operations of the overlay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .._deadline import Deadline
from .._errors import Conflict, InvalidInput, NotFound
from .._model import Deployment, Image, ImageDownload, ImagePackage, Operation, Placeholder
from .devices import DeviceLayer


class ImageLayer(DeviceLayer):
    def images(self) -> list[Image]:
        return sorted(self._images.all(), key=lambda image: ((image.name or "").casefold(), image.id))

    def image(self, image_id: str) -> Image | None:
        return self._images.get(image_id)

    def image_status(self, image_id: str) -> str | None:
        return "Succeeded" if image_id in self._uploaded() else self._base.image_status(image_id)

    def component_ids(self, image_ids: Sequence[str]) -> dict[str, str | None]:
        """From the metadata: the service's own call for this is a POST, which a check run may not send."""
        found = [self._images.get(image_id) for image_id in image_ids]
        return {image.id: image.component_id for image in found if image is not None}

    def image_download(self, image_id: str) -> ImageDownload:
        return self._base.image_download(image_id)

    def fetch_image(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        self._base.fetch_image(download, write)

    def upload_image(self, package: ImagePackage) -> Operation:
        if self._images.get(package.id) is not None:
            raise Conflict(f"The image {package.id} is in the tenant already.", code="Conflict", target=package.id)
        self._images.put(
            Image(package.id, name=package.name, description=None, component_id=package.component_id, type=package.type)
        )
        return self._begun("ImageUpload")

    def _uploaded(self) -> set[str]:
        return {image.id for image in self._images.over([])}

    def deployments(self, device_group_id: str) -> list[Deployment]:
        below = [] if isinstance(device_group_id, Placeholder) else self._base.deployments(device_group_id)
        return [*reversed(self._new_deployments.get(device_group_id, [])), *below]

    def deployment(self, deployment_id: str) -> Deployment | None:
        made = (deployment for group in self._new_deployments.values() for deployment in group)
        found = next((deployment for deployment in made if deployment.id == deployment_id), None)
        if found is not None or isinstance(deployment_id, Placeholder):
            return found
        return self._base.deployment(deployment_id)

    def create_deployment(self, device_group_id: str, image_ids: Sequence[str]) -> Operation:
        group = self._existing_group(device_group_id)
        components: dict[str, str] = {}
        for image_id in image_ids:
            image = self._images.get(image_id)
            if image is None:
                raise NotFound(f"There is no image {image_id}.", code="NotFound", target=image_id)
            if image.component_id in components:
                raise InvalidInput(
                    f"The images {components[image.component_id]} and {image_id} are builds of one component, "
                    f"{image.component_id}; a deployment has each component once.",
                    code="component_twice",
                    target=image_id,
                )
            if image.component_id is not None:
                components[image.component_id] = image_id
        deployment = Deployment(
            id=self._placeholder("deployment", group.name),
            images=tuple(sorted(image_ids)),
            deployed_at=Placeholder("time of the deployment"),
        )
        self._new_deployments.setdefault(device_group_id, []).append(deployment)
        self._groups.put(replace(group, current_deployment=deployment))
        return self._begun("DeployToDeviceGroup")

    def operation(self, operation_id: str, details: bool = False) -> Operation | None:
        return None if isinstance(operation_id, Placeholder) else self._base.operation(operation_id, details)

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        """Those of the overlay are over when they are waited for."""
        if isinstance(operation.state, Placeholder):
            return self._over(operation)
        return operation if operation.final else self._base.wait(operation, deadline)
