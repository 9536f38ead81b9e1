# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads image packages on disk, with Microsoft's own library for them."""

from __future__ import annotations

import hashlib
import os
import struct

from .._bounded_file import hint_of, open_regular
from .._errors import InvalidInput, MissingLibrary
from .._model.resources import ImagePackage
from .encrypted import reject_encrypted
from .image_types import IMAGE_TYPES

#: Bytes of the signature at the end, with SHA-256 or SHA-384.
SIGNATURE_SIZES = (64, 96)
#: Bytes; far more than the flash of a device holds.
LARGEST = 64 * 2**20


def read_package(path: str) -> ImagePackage:
    """Return what the metadata of an image package says.

    Raises InvalidInput for a file that does not exist, cannot be read or is not an image package, MissingLibrary
    without azuresphere-imagemetadata.
    """
    try:
        from azuresphere_imagemetadata.exceptions import ImageMetadataConversionError
        from azuresphere_imagemetadata.image import Image as PackageFile
    except ImportError as error:
        raise MissingLibrary("azuresphere-imagemetadata", "read image packages", error) from error
    content = _read(path)
    reject_encrypted(content, "image package", path)
    if not _sections_fit(content):
        raise _no_package(path)
    try:
        metadata = PackageFile(content).metadata
        identity = metadata.identity
        debug = metadata.debug
        name = debug.image_name if debug is not None else None
    # The library follows offsets in the file without checking them.
    except (
        ImageMetadataConversionError,
        struct.error,
        ArithmeticError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        NotImplementedError,
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
        sha256=hashlib.sha256(content).hexdigest(),
    )


def content_of(package: ImagePackage) -> bytes:
    """Return the content of a package, for its upload, which cannot be undone.

    Raises InvalidInput for a file that cannot be read, or that has changed since the package was read.
    """
    content = _read(package.path)
    if hashlib.sha256(content).hexdigest() != package.sha256:
        raise InvalidInput(
            f"The image package {package.path} has changed since it was read: nothing was uploaded.",
            code="package_changed",
            target=package.path,
            hint="Run the task again once the file is complete.",
        )
    return content


def _read(path: str) -> bytes:
    # It is read again for its upload, so it cannot be a pipe.
    try:
        with open_regular(path, LARGEST) as file:
            return file.read(LARGEST)
    except OSError as error:
        raise InvalidInput(
            f"Cannot read the image package {path}: {error.strerror or type(error).__name__}.",
            code="file",
            target=path,
            hint=hint_of(error),
        ) from error


def _sections_fit(content: bytes) -> bool:
    """Return whether no header of metadata announces more sections than there is space for.

    The library believes the number, which may be four billion. Where it looks for the header depends on the length of
    the signature and on a section that may follow the metadata.
    """
    from azuresphere_imagemetadata.metadata_headers.image_metadata import ImageMetadataHeader
    from azuresphere_imagemetadata.metadata_headers.image_metadata_section import ImageMetadataSectionHeader
    from azuresphere_imagemetadata.metadata_sections.internal.onebl import OneBlInformationSection

    for signature in SIGNATURE_SIZES:
        for after in (signature, signature + OneBlInformationSection.size()):
            end = len(content) - after - 4
            if end < 0:
                continue
            (length,) = struct.unpack_from("<I", content, end)
            start = len(content) - after - length
            if start < 0 or length < ImageMetadataHeader.size():
                continue
            magic, count = struct.unpack_from("<II", content, start)
            if magic == ImageMetadataHeader.CorrectMagicValue and count > length // ImageMetadataSectionHeader.size():
                return False
    return True


def _no_package(path: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid image package {path}: it is not an Azure Sphere image package.",
        code="no_image_package",
        target=path,
        hint="Build one with the Azure Sphere SDK (azsphere image-package pack-application).",
    )
