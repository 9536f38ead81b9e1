# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images and deployments: operations Image_*, Deployments_*."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._errors import InvalidInput, NotFound, ServiceError
from .._http.download import fetch
from .._http.errors import scrub
from .._model import Deployment, Image, ImageDownload, ImagePackage, Operation
from . import wire
from .backend import segment
from .operations import OperationVerbs

#: What a POST that only reads is sent with.
_READS = {"idempotent": True, "changes": False}


class ImageVerbs(OperationVerbs):
    def images(self) -> list[Image]:
        """Image_ListForTenant."""
        found = [wire.image(body) for body in self._entries(self._path("images"), "listing the images")]
        return sorted(found, key=lambda image: ((image.name or "").casefold(), image.id))

    def image(self, image_id: str) -> Image | None:
        """Image_GetMetadata."""
        path = self._path(f"images/{segment(image_id)}/metadata")
        body = self._find(path, f"looking up the image {image_id}", target=image_id)
        return None if body is None else wire.image(body)

    def image_status(self, image_id: str) -> str | None:
        """Image_GetStatus, typed as text and shown as an object with Status."""
        path = self._path(f"images/{segment(image_id)}/status")
        try:
            body = self._read(path, f"looking up the status of the image {image_id}", target=image_id)
        except NotFound:
            return None
        return wire.text_of(wire.member(body, "Status") if isinstance(body, dict) else body)

    def component_ids(self, image_ids: Sequence[str]) -> dict[str, str | None]:
        """Image_ListComponentIds: a POST that reads. A session that may only send GET asks for each image instead."""
        if not image_ids:
            return {}
        if self._session.read_only:
            found = [self.image(image_id) for image_id in image_ids]
            return {image.id: image.component_id for image in found if image is not None}
        doing = f"looking up the components of {len(image_ids)} images"
        path = self._path("images/componentIdsForImages")
        body = self._call("POST", path, doing, body=wire.encoded(list(image_ids)), **_READS).json()
        if not isinstance(body, list):
            body = wire.member(wire.body_of(body, doing), "Items") or []
        pairs = [wire.body_of(entry, doing) for entry in body]
        return {
            image_id: wire.id_of(wire.member(pair, "ComponentId"))
            for pair in pairs
            if (image_id := wire.id_of(wire.member(pair, "ImageId"))) is not None
        }

    def image_download(self, image_id: str) -> ImageDownload:
        """Image_GetUrl."""
        doing = f"asking where the image {image_id} can be fetched"
        body = wire.body_of(self._read(self._path(f"images/{segment(image_id)}"), doing, target=image_id), doing)
        url = wire.text_of(wire.member(body, "Uri"))
        if url is None or wire.member(body, "IsSuccess") is False:
            why = scrub(wire.text_of(wire.member(body, "UriMessage")) or "it did not say why")
            raise ServiceError(f"While {doing}, the service gave no address: {why.rstrip('.')}.", target=image_id)
        return ImageDownload(image_id, url)

    def fetch_image(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        settings = self._session.settings
        fetch(
            download.url,
            write,
            verify=settings.verify,
            timeout=settings.request_timeout,
            doing=f"fetching the image {download.image_id}",
            target=download.image_id,
            api_url=settings.api_url,
        )

    def upload_image(self, package: ImagePackage) -> Operation:
        """Image_Upload: the raw bytes of the package."""
        try:
            with open(package.path, "rb") as source:
                content = source.read()
        except OSError as error:
            raise InvalidInput(f"The image package {package.path} cannot be read: {error.strerror}.") from error
        return self._start(
            "POST",
            self._path("images"),
            f"uploading the image {package.name or package.id}",
            "ImageUpload",
            there=lambda: self.image(package.id) is not None,
            target=package.id,
            body=content,
            content_type="application/octet-stream",
        )

    def deployments(self, device_group_id: str) -> list[Deployment]:
        """Deployments_List."""
        path = self._path(f"devicegroups/{segment(device_group_id)}/deployments")
        doing = f"listing the deployments of the device group {device_group_id}"
        return wire.newest_first(wire.deployment(body) for body in self._entries(path, doing, target=device_group_id))

    def deployment(self, deployment_id: str) -> Deployment | None:
        """Deployments_Get."""
        path = self._path(f"deployments/{segment(deployment_id)}")
        body = self._find(path, f"looking up the deployment {deployment_id}", target=deployment_id)
        return None if body is None else wire.deployment(body)

    def create_deployment(self, device_group_id: str, image_ids: Sequence[str]) -> Operation:
        """Deployments_Create: the whole set of images, as a bare array."""
        wanted = tuple(sorted(image_id.lower() for image_id in image_ids))

        def newest_is_this() -> bool:
            return [deployment.images for deployment in self.deployments(device_group_id)][:1] == [wanted]

        return self._start(
            "POST",
            self._path(f"devicegroups/{segment(device_group_id)}/deployments"),
            f"deploying {len(image_ids)} images to the device group {device_group_id}",
            "DeployToDeviceGroup",
            there=newest_is_this,
            target=device_group_id,
            body=wire.encoded(list(image_ids)),
        )
