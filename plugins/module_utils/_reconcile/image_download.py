# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a copy of an image on disk."""

from __future__ import annotations

from typing import Any

from .._context import Context
from .._errors import InvalidInput
from .._files import Digest
from .._model.values import is_guid
from .._service import Service
from .._views.resources import image_values
from .._views.result import Result
from .file import bring_about_file, desired_file, plan
from .plan import Execution, Plan


def bring_about_image_file(context: Context, image_id: str, dest: str, mode: object) -> Result:
    """Fetches the image and writes it, unless a file with its content is there.

    The service tells neither size nor checksum (FACTS: images), so a file that is there is compared with the image
    itself, piece by piece. Raises InvalidInput for a malformed or unknown image ID, a wrong mode and a place at which
    no file can be.
    """
    if not is_guid(image_id):
        raise InvalidInput(f'"{image_id}" is no image ID (a GUID).', code="invalid_guid", target=image_id)
    image_id = image_id.lower()
    desired = desired_file(dest, mode, f"the image {image_id}")
    about: dict[str, Any] = {}

    def planner(service: Service) -> Plan:
        image = service.images.get(image_id)
        if image is None:
            raise InvalidInput(f"There is no image {image_id} in the tenant.", code="unknown_image", target=image_id)
        about["image"] = image_values(image)

        def fits() -> bool:
            wanted = Digest()
            service.images.fetch(service.images.download(image_id), wanted.write)
            there = context.files.state(desired.dest)
            return there is not None and there.sha256 == wanted.sha256

        return plan(context.files, desired, fits, fetch)

    def fetch(execution: Execution) -> None:
        download = execution.service.images.download(image_id)
        execution.files.receive(
            desired.dest, lambda write: execution.service.images.fetch(download, write), desired.mode
        )

    return bring_about_file(context, planner, about)
