# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans the upload of an image package."""

from __future__ import annotations

from dataclasses import replace

from .._model.resources import ImagePackage, Operation
from .._service import Service
from .._views.resources import image_values
from .execution import Execution, Step
from .plan import Plan, Snapshot


def plan(service: Service, package: ImagePackage) -> Plan:
    """Plans to upload the package unless the tenant has an image with its ID: one ID is one build."""
    before = snapshot(service, package.id)
    planned = upload(package)
    return planned if before.values is None else replace(planned, before=before, steps=())


def upload(package: ImagePackage) -> Plan:
    """The plan for a package whose image is not in the tenant."""

    def run(execution: Execution) -> Operation | None:
        return execution.service.images.upload(package)

    name = package.name or package.id
    step = Step("image", name, "upload", run)
    return Plan(f"image {name}", Snapshot(), (step,), lambda after: snapshot(after, package.id))


def snapshot(service: Service, image_id: str) -> Snapshot:
    image = service.images.get(image_id)
    if image is None:
        return Snapshot()
    shown = {"name": image.name, "id": image.id, "component_id": image.component_id, "type": image.type}
    # The name and the type that the service shows are its own.
    return Snapshot(image_values(image), shown, {"id": image.id})
