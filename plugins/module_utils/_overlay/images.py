# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images in the overlay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .._errors import Conflict
from .._model.resources import Image, ImageDownload, ImagePackage, Operation
from .state import State


class OverlayImages:
    def __init__(self, state: State) -> None:
        self._state = state
        self._rows = state.images

    def list(self) -> Sequence[Image]:
        return sorted(self._rows.all(), key=lambda image: ((image.name or "").casefold(), image.id))

    def get(self, image_id: str) -> Image | None:
        return self._rows.get(image_id)

    def status(self, image_id: str) -> str | None:
        uploaded = any(image.id == image_id for image in self._rows.changed)
        return "Succeeded" if uploaded else self._state.base.images.status(image_id)

    def component_ids(self, image_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Reads the metadata: the request of the service for this may be a POST, which check mode must not send."""
        found = [self._rows.get(image_id) for image_id in image_ids]
        return {image.id: image.component_id for image in found if image is not None}

    def download(self, image_id: str) -> ImageDownload:
        return self._state.base.images.download(image_id)

    def fetch(self, download: ImageDownload, write: Callable[[bytes], object]) -> None:
        self._state.base.images.fetch(download, write)

    def upload(self, package: ImagePackage) -> Operation | None:
        if self._rows.get(package.id) is not None:
            raise Conflict(f"The image {package.id} is in the tenant already.", code="Conflict", target=package.id)
        image = Image(package.id, package.name, component_id=package.component_id, type=package.type)
        self._rows.add(image)
        return self._state.started("images.upload")
