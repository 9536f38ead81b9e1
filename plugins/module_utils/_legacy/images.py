# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images: operations Image_*."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .._errors import NotFound, ServiceError
from .._http import download as downloads
from .._http.errors import scrub
from .._inputs.packages import content_of
from .._model.resources import Image, ImageDownload, ImagePackage, Operation
from . import wire
from .client import LegacyClient, segment
from .starting import Starter

#: Options of a POST that only reads.
_READS = {"idempotent": True, "changes": False}


class LegacyImages:
    def __init__(self, client: LegacyClient, starter: Starter) -> None:
        self._client = client
        self._starter = starter

    def list(self) -> Sequence[Image]:
        """Image_ListForTenant."""
        found = [wire.image(body) for body in self._client.entries(self._client.path("images"), "listing the images")]
        return sorted(found, key=lambda image: ((image.name or "").casefold(), image.id))

    def get(self, image_id: str) -> Image | None:
        """Image_GetMetadata."""
        path = self._client.path(f"images/{segment(image_id)}/metadata")
        body = self._client.find(path, f"looking up the image {image_id}", alone=True, target=image_id)
        return None if body is None else wire.image(body)

    def status(self, image_id: str) -> str | None:
        """Image_GetStatus, typed as text and shown as an object with Status."""
        path = self._client.path(f"images/{segment(image_id)}/status")
        try:
            body = self._client.read(path, f"looking up the status of the image {image_id}", target=image_id)
        except NotFound:
            return None
        return wire.text_of(wire.member(body, "Status") if isinstance(body, dict) else body)

    def component_ids(self, image_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Image_ListComponentIds: a POST that reads. A session that may only send GET reads each image instead."""
        if not image_ids:
            return {}
        if self._client.session.read_only:
            found = [self.get(image_id) for image_id in image_ids]
            return {image.id: image.component_id for image in found if image is not None}
        doing = f"looking up the components of {len(image_ids)} images"
        path = self._client.path("images/componentIdsForImages")
        body = self._client.call("POST", path, doing, body=wire.encoded([*image_ids]), **_READS).json()
        if not isinstance(body, list):
            body = wire.member(wire.body_of(body, doing), "Items") or []
        pairs = [wire.body_of(entry, doing) for entry in body]
        return {
            image_id: wire.id_of(wire.member(pair, "ComponentId"))
            for pair in pairs
            if (image_id := wire.id_of(wire.member(pair, "ImageId"))) is not None
        }

    def download(self, image_id: str) -> ImageDownload:
        """Image_GetUrl."""
        doing = f"getting the download address of the image {image_id}"
        body = wire.body_of(
            self._client.read(self._client.path(f"images/{segment(image_id)}"), doing, target=image_id), doing
        )
        url = wire.text_of(wire.member(body, "Uri"))
        if url is None or wire.member(body, "IsSuccess") is False:
            why = scrub(wire.text_of(wire.member(body, "UriMessage")) or "no reason given")
            raise ServiceError(f"While {doing}, the service returned no address: {why.rstrip('.')}.", target=image_id)
        return ImageDownload(image_id, url)

    def fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        settings = self._client.session.settings
        doing = f"downloading the image {download.image_id}"
        self._client.session.statistics.begin(doing)
        downloads.fetch(
            download.url,
            write,
            verify=settings.verify,
            timeout=settings.request_timeout,
            doing=doing,
            target=download.image_id,
            api_url=settings.api_url,
        )

    def upload(self, package: ImagePackage) -> Operation:
        """Image_Upload: the raw bytes of the package, as they were read."""
        content = content_of(package)
        return self._starter.start(
            "POST",
            self._client.path("images"),
            f"uploading the image {package.name or package.id}",
            "ImageUpload",
            there=lambda: self.get(package.id) is not None,
            target=package.id,
            body=content,
            content_type="application/octet-stream",
        )
