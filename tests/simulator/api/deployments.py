# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deployments: the set of images for a device group. They cannot be changed or deleted."""

from __future__ import annotations

import uuid

from ..documents import timestamp
from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Deployment, Image
from ..wire import Wire
from .call import Call


def list_in_group(call: Call) -> Wire:
    return call.page(call.group().deployments, lambda deployment: call.write.deployment(deployment, call.tenant))


def get(call: Call) -> Wire:
    deployment = call.tenant.deployments.get(call.path["deploymentId"].lower())
    if deployment is None:
        raise Problem(404, f"There is no deployment {call.path['deploymentId']} in the tenant.")
    return call.write.deployment(deployment, call.tenant)


def get_by_device(call: Call) -> Wire:
    """Return the images that the device should have, from its group's deployment: one page, never more."""
    device = call.device()
    group = call.tenant.groups.get(device.group_id) if device.group_id else None
    deployment = group.current if group else None
    images = [call.tenant.images[image_id] for image_id in deployment.images] if deployment else []
    return {"Items": [call.write.image(image) for image in images], "ContinuationToken": None}


def create(call: Call) -> Reply:
    group, tenant = call.group(), call.tenant
    image_ids = [image_id.lower() for image_id in call.body]
    settings, clock = call.world.settings, call.world.clock
    if not image_ids and settings.empty_deployment == "refused":
        raise Problem(400, "A deployment must have at least one image.")
    unknown = [image_id for image_id in image_ids if image_id not in tenant.images]
    missing = f"The image {unknown[0]} is not in the tenant." if unknown else None
    if missing is not None and settings.unknown_image == "status":
        raise Problem(404, missing)
    check_components([tenant.images[image_id] for image_id in image_ids if image_id in tenant.images])

    def effect() -> Outcome:
        if missing is not None:
            raise OperationFailure(Code.NOT_FOUND, missing)
        if group.id not in tenant.groups:
            raise OperationFailure(Code.NOT_FOUND, f"There is no device group {group.id} in the tenant.")
        deployment = Deployment(str(uuid.uuid4()), image_ids, timestamp(clock.now()))
        group.deployments.append(deployment)
        tenant.deployments[deployment.id] = deployment
        return Outcome(f"/tenants/{tenant.id}/deployments/{deployment.id}", {"DeploymentId": deployment.id})

    return call.start(Kind.DEPLOY_TO_DEVICE_GROUP, effect)


def check_components(images: list[Image]) -> None:
    """Check that the images belong to different components. Raises Problem."""
    seen: dict[str, Image] = {}
    for image in images:
        other = seen.setdefault(image.component_id, image)
        if other is not image:
            raise Problem(
                400, f"The images {other.id} and {image.id} belong to the same component, {image.component_id}."
            )
        if sum(1 for again in images if again is image) > 1:
            raise Problem(400, f"The image {image.id} is named more than once.")
