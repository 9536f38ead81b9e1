# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deployments. Each PUT makes a new one, which replaces the former set of images."""

from __future__ import annotations

import uuid

from ..api.deployments import check_components
from ..documents import timestamp
from ..operations import Code, Kind, OperationFailure
from ..state import Deployment
from . import wire
from .call import Answer, Call
from .errors import invalid, not_found
from .long_running import Ended, Work, run
from .names import DEFAULT
from .removal import pretend

_KIND = "catalogs/products/deviceGroups/deployments"


def list_by_device_group(call: Call) -> Answer:
    group = call.group()
    return call.page(group.deployments, lambda deployment, view: call.write.deployment(deployment, group, view))


def get(call: Call) -> Answer:
    """Return a deployment by its GUID, or the current one."""
    group = call.group()
    deployment = _found(call)
    if deployment is not None:
        return Answer(call.write.deployment(deployment, group, wire.GET))
    if _is_default(call) and call.world.settings.arm_no_deployment == "null":
        return Answer()
    raise not_found("The requested deployment was not found.")


def create(call: Call) -> Answer:
    group, tenant, settings = call.group(), call.tenant, call.world.settings
    if not _is_default(call):
        raise invalid(f"A deployment is created under the name {DEFAULT}.")
    deployed = call.properties.get("deployedImages", [])
    image_ids = [image["properties"]["imageId"].lower() for image in deployed]
    if not image_ids and settings.empty_deployment == "refused":
        raise invalid("A deployment must have at least one image.")
    unknown = [image_id for image_id in image_ids if image_id not in tenant.images]
    missing = f"The image {unknown[0]} was not found." if unknown else None
    if missing is not None and settings.unknown_image == "status":
        raise not_found(missing)
    check_components([tenant.images[image_id] for image_id in image_ids if image_id in tenant.images])

    def effect() -> Ended:
        if missing is not None:
            raise OperationFailure(Code.NOT_FOUND, missing)
        if group.id not in tenant.groups:
            raise OperationFailure(Code.NOT_FOUND, "Resource not found")
        deployment = Deployment(str(uuid.uuid4()), image_ids, timestamp(call.world.clock.now()))
        group.deployments.append(deployment)
        tenant.deployments[deployment.id] = deployment
        return Ended(f"{call.write.group_id(group)}/deployments/{deployment.id}")

    def result() -> wire.Wire:
        return call.write.deployment(group.deployments[-1], call.group(), wire.PUT)

    return run(call, Work(Kind.DEPLOY_TO_DEVICE_GROUP, "DeployToDeviceGroup", effect, result, _KIND))


def delete(call: Call) -> Answer:
    return pretend(call, exists=_found(call) is not None)


def _found(call: Call) -> Deployment | None:
    group = call.group()
    if _is_default(call):
        return group.current
    return next((d for d in group.deployments if d.id == call.names["deployment"].lower()), None)


def _is_default(call: Call) -> bool:
    return call.names["deployment"].casefold() == DEFAULT
