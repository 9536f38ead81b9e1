# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Keeps a copy of an image on disk."""

from __future__ import annotations

from typing import Any

from .._context import Context, Params
from .._errors import InvalidInput
from .._files.digest import Digest
from .._files.port import write_pieces
from .._model.values import is_guid
from .._service import Service
from .._views.resources import image_values
from .._views.result import Result
from .execution import Execution
from .file import apply_file, desired_file, plan
from .plan import Plan

NEW_MODE = "0644"


def apply_image_file(context: Context, image_id: str, params: Params) -> Result:
    """Downloads the image, unless a file with its content exists.

    The service gives neither size nor checksum (FACTS: images), so an existing file is compared with the image itself,
    piece by piece. `params` are the file options. Raises InvalidInput for a malformed or unknown image ID, mode or
    destination.
    """
    if not is_guid(image_id):
        raise InvalidInput(f'Invalid image ID "{image_id}": use a GUID.', code="invalid_guid", target=image_id)
    image_id = image_id.lower()
    desired = desired_file(context.files, params, NEW_MODE, f"the image {image_id}")
    about: dict[str, Any] = {}

    def planner(service: Service) -> Plan:
        image = service.images.get(image_id)
        if image is None:
            raise InvalidInput(f"Image {image_id} not found in the tenant.", code="unknown_image", target=image_id)
        about["image"] = image_values(image)

        def fits() -> bool:
            wanted = Digest()
            service.images.fetch(service.images.download(image_id), wanted.write)
            there = context.files.state(desired.dest)
            return there is not None and there.sha256 == wanted.sha256

        return plan(context.files, desired, fits, fetch)

    def fetch(execution: Execution) -> None:
        download = execution.service.images.download(image_id)
        write_pieces(
            execution.files,
            desired.dest,
            lambda write: execution.service.images.fetch(download, write),
            desired.attributes,
        )

    return apply_file(context, planner, about)
