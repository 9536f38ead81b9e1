# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Image packages: upload, metadata, and download address."""

from __future__ import annotations

from .. import images
from ..blob import signed_address
from ..operations import Code, Kind, OperationFailure, Outcome
from ..problems import Problem, Reply
from ..state import Image
from ..wire import Wire
from .call import Answer, Call


def list_images(call: Call) -> Wire:
    return call.page(call.tenant.images.values(), call.write.image)


def get_metadata(call: Call) -> Wire:
    return call.write.image(call.image())


def get_url(call: Call) -> Wire:
    """Return a signed address that expires."""
    image, world = call.image(), call.world
    expires = world.clock.timestamp() + world.settings.download_lifetime
    return {"IsSuccess": True, "Uri": signed_address(world, call.tenant.id, image.id, expires), "UriMessage": None}


def get_status(call: Call) -> Answer:
    call.image()
    return {"Status": "Succeeded"} if call.world.settings.image_status == "object" else "Succeeded"


def list_component_ids(call: Call) -> Answer:
    """Return the components of images. Images that are not in the tenant are left out."""
    known = call.tenant.images
    wanted = [image_id.lower() for image_id in call.body]
    return [{"ImageId": i, "ComponentId": known[i].component_id} for i in wanted if i in known]


def upload(call: Call) -> Reply:
    """Upload a package, which contains its IDs. Uploading an image twice fails, by default in the operation."""
    tenant, package, settings = call.tenant, call.body, call.world.settings
    try:
        identity = images.read(package)
    except images.InvalidPackage as error:
        return _rejected(call, f"The image package is not valid: {error}.")
    known = f"An image with the ID {identity.image_id} already exists in the tenant."
    if identity.image_id in tenant.images and settings.second_upload == "status":
        raise Problem(400, known)

    def effect() -> Outcome:
        if identity.image_id not in tenant.images:
            tenant.images[identity.image_id] = Image(
                identity.image_id, identity.component_id, identity.name, identity.image_type, None, package
            )
        elif settings.second_upload == "operation":
            raise OperationFailure(Code.CONFLICT, known)
        return Outcome(f"/tenants/{tenant.id}/images/{identity.image_id}")

    return call.start(Kind.IMAGE_UPLOAD, effect, ok=True)


def _rejected(call: Call, why: str) -> Reply:
    if call.world.settings.bad_package == "status":
        raise Problem(400, why)

    def effect() -> Outcome:
        raise OperationFailure(Code.BAD_REQUEST, why)

    return call.start(Kind.IMAGE_UPLOAD, effect, ok=True)
