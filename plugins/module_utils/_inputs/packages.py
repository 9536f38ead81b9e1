# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads image packages on disk, with Microsoft's own library for them."""

from __future__ import annotations

import os
import struct

from .._errors import InvalidInput, MissingLibrary
from .._model.resources import ImagePackage
from .encrypted import refuse_encrypted
from .image_types import IMAGE_TYPES


def read_package(path: str) -> ImagePackage:
    """Return what the metadata of an image package says.

    Raises InvalidInput for a file that does not exist, cannot be read or is not an image package, MissingLibrary
    without azuresphere-imagemetadata.
    """
    try:
        from azuresphere_imagemetadata.exceptions import ImageMetadataDeserializationError
        from azuresphere_imagemetadata.image import Image as PackageFile
    except ImportError as error:
        raise MissingLibrary("azuresphere-imagemetadata", "read image packages", error) from error
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidInput(
            f"Cannot read the image package {path}: {error.strerror or type(error).__name__}.", code="file", target=path
        ) from error
    refuse_encrypted(content, "image package", path)
    try:
        metadata = PackageFile(content).metadata
        identity = metadata.identity
        debug = metadata.debug
        name = debug.image_name if debug is not None else None
    # The library follows offsets in the file without checking them.
    except (
        ImageMetadataDeserializationError,
        struct.error,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
    ) as error:
        raise _no_package(path) from error
    if identity is None:
        raise _no_package(path)
    return ImagePackage(
        path=os.path.abspath(path),
        id=identity.image_uid.lower(),
        component_id=identity.component_uid.lower(),
        type=IMAGE_TYPES.get(identity.image_type, str(identity.image_type)),
        name=name or None,
        size=len(content),
    )


def _no_package(path: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid image package {path}: it is not an Azure Sphere image package.",
        code="no_image_package",
        target=path,
        hint="Build one with the Azure Sphere SDK (azsphere image-package pack-application).",
    )
