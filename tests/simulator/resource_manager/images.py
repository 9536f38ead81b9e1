# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images: uploads in base64, and metadata with a download address."""

from __future__ import annotations

import base64

from .. import images
from ..operations import Code, Kind, OperationFailure
from ..state import Image
from . import wire
from .call import Answer, Call
from .errors import ArmError, invalid, not_found
from .long_running import Ended, Work, run
from .removal import pretend

_KIND = "catalogs/images"


def list_by_catalog(call: Call) -> Answer:
    return call.page(call.tenant.images.values(), call.write.image)


def get(call: Call) -> Answer:
    image = call.tenant.images.get(call.names["image"].lower())
    if image is None:
        raise not_found("The requested image was not found.")
    return Answer(call.write.image(image, wire.GET))


def create_or_update(call: Call) -> Answer:
    """Upload an image under the ID that its package contains."""
    return _upload(call, call.names["image"].lower())


def upload(call: Call) -> Answer:
    """Upload an image whose ID the caller need not know."""
    return _upload(call, None)


def delete(call: Call) -> Answer:
    return pretend(call, exists=call.names["image"].lower() in call.tenant.images)


def _upload(call: Call, image_id: str | None) -> Answer:
    tenant, settings, given = call.tenant, call.world.settings, call.properties
    try:
        package = base64.b64decode(given["image"], validate=True)
        identity = images.read(package)
    except (ValueError, images.InvalidPackage) as error:
        return _rejected(call, f"The image package is not valid: {error}.")
    if image_id is not None and identity.image_id != image_id:
        raise invalid(f"The name of the image must be the image ID of its package, {identity.image_id}.")
    boundary = given.get("regionalDataBoundary", "None")
    known = f"An image with the ID {identity.image_id} already exists in the catalog."
    if identity.image_id in tenant.images and settings.second_upload == "status":
        raise ArmError(409, "Conflict", known)

    def effect() -> Ended:
        if identity.image_id not in tenant.images:
            tenant.images[identity.image_id] = Image(
                identity.image_id,
                identity.component_id,
                identity.name,
                identity.image_type,
                None,
                package,
                boundary,
            )
        elif settings.second_upload == "operation":
            raise OperationFailure(Code.CONFLICT, known)
        return Ended(call.write.image_id(identity.image_id))

    def result() -> wire.Wire | None:
        return None if image_id is None else call.write.image(tenant.images[identity.image_id], wire.PUT)

    return run(call, Work(Kind.IMAGE_UPLOAD, "ImageUpload", effect, result, _KIND))


def _rejected(call: Call, why: str) -> Answer:
    if call.world.settings.bad_package == "status":
        raise invalid(why)

    def effect() -> Ended:
        raise OperationFailure(Code.BAD_REQUEST, why)

    return run(call, Work(Kind.IMAGE_UPLOAD, "ImageUpload", effect, accepted=_KIND))
