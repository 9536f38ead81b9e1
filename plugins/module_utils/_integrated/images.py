# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images: addressed by the GUID inside their package. Their download links are secrets, and are new on every read."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

from .._backend.values import text_of
from .._errors import NotFound, ServiceError
from .._http import download as downloads
from .._inputs.packages import content_of
from .._model.resources import Image, ImageDownload, ImagePackage, Operation
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations
from .paths import segment

#: Up to so many images are read one by one, more by listing all.
READ_SINGLY = 8


class IntegratedImages:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations) -> None:
        self._client = client
        self._operations = operations

    def list(self) -> Sequence[Image]:
        """Images_ListByCatalog."""
        found = [wire.image(body) for body in self._client.entries(self._client.path("images"), "listing the images")]
        return sorted(found, key=lambda image: ((image.name or "").casefold(), image.id))

    def get(self, image_id: str) -> Image | None:
        """Images_Get."""
        body = self._body(image_id, f"looking up the image {image_id}")
        return None if body is None else wire.image(body)

    def status(self, image_id: str) -> str | None:
        """Images_Get: its provisioning state."""
        body = self._body(image_id, f"looking up the status of the image {image_id}")
        return None if body is None else text_of(wire.own(body, "provisioningState"))

    def component_ids(self, image_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Images_Get for each, or Images_ListByCatalog for many."""
        wanted = {image_id.lower() for image_id in image_ids}
        if len(wanted) > READ_SINGLY:
            return {image.id: image.component_id for image in self.list() if image.id in wanted}
        found = [self.get(image_id) for image_id in sorted(wanted)]
        return {image.id: image.component_id for image in found if image is not None}

    def download(self, image_id: str) -> ImageDownload:
        """Images_Get: the link inside it."""
        doing = f"getting the download address of the image {image_id}"
        body = self._body(image_id, doing)
        if body is None:
            raise NotFound(f"Image {image_id} not found in the catalog.", code="NotFound", status=404, target=image_id)
        url = text_of(wire.own(body, "uri"))
        if url is None:
            raise ServiceError(f"While {doing}, the service returned no address.", target=image_id)
        return ImageDownload(image_id, url)

    def fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        settings = self._client.session.settings
        downloads.fetch(
            download.url,
            write,
            verify=settings.verify,
            timeout=settings.request_timeout,
            doing=f"downloading the image {download.image_id}",
            target=download.image_id,
            api_url=settings.api_url,
        )

    def upload(self, package: ImagePackage) -> Operation:
        """Images_CreateOrUpdate: the package as base64, under the GUID in it."""
        content = base64.b64encode(content_of(package)).decode("ascii")
        return self._operations.start(
            "PUT",
            self._path(package.id),
            f"uploading the image {package.name or package.id}",
            "ImageUpload",
            there=lambda: self.get(package.id) is not None,
            target=package.id,
            # What a second upload of the same image does is not known.
            idempotent=False,
            body=wire.wrapped({"image": content, "imageId": package.id}),
        )

    def _body(self, image_id: str, doing: str) -> Mapping[str, object] | None:
        return self._client.find(self._path(image_id), doing, target=image_id)

    def _path(self, image_id: str) -> str:
        return self._client.path(f"images/{segment(image_id)}")
