# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Image packages: created for tests and demos, and read as the service does.

`python -m tests.simulator.images --help` creates one from the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from azuresphere_imagemetadata.exceptions import ImageMetadataConversionError
from azuresphere_imagemetadata.image import Image
from azuresphere_imagemetadata.metadata_sections import DebugSection, IdentitySection, SignatureSection

#: Maximum size of the name in a package, in bytes.
_NAME_BYTES = 32


class InvalidPackage(Exception):
    """The bytes are not a valid image package; the message contains the reason."""


@dataclass(frozen=True)
class Identity:
    """The identity of a package. GUIDs are lower case; `image_type` is a number of the API's ImageType."""

    image_id: str
    component_id: str
    image_type: int
    name: str


def compose(
    *, image_id: str, component_id: str, name: str, image_type: int = 10, payload: bytes = b"", built_at: int = 0
) -> bytes:
    """Return a package with identity, debug and signature sections, signed with the public app-development key.

    `built_at` is in Unix seconds. Raises ValueError for an invalid GUID or a name of more than 32 bytes.
    """
    raw_name = name.encode()
    if len(raw_name) > _NAME_BYTES:
        raise ValueError(f"The name {name!r} takes {len(raw_name)} bytes; a package has room for {_NAME_BYTES}")
    identity = IdentitySection()
    identity.image_type = image_type
    identity.image_uid = image_id
    identity.component_uid = component_id
    debug = DebugSection()
    debug.debug_time = built_at
    debug.image_name_raw = raw_name
    image = Image()
    image.data = payload
    image.metadata.add_section(identity)
    image.metadata.add_section(SignatureSection())
    image.metadata.add_section(debug)
    return bytes(image.serialize())


def compose_package(
    path: str | os.PathLike[str],
    *,
    image_id: str,
    component_id: str,
    name: str,
    image_type: int = 10,
    payload: bytes = b"an application that does nothing",
) -> Path:
    """Write a package to `path` and return the path. Raises as `compose` does, and OSError."""
    target = Path(path)
    target.write_bytes(
        compose(image_id=image_id, component_id=component_id, name=name, image_type=image_type, payload=payload)
    )
    return target


def read(package: bytes) -> Identity:
    """Return the identity of a package after verifying its signature. Raises InvalidPackage."""
    try:
        image = Image(package)
        identity, debug = image.metadata.identity, image.metadata.debug
        signed = image.has_valid_signature()
    except (ImageMetadataConversionError, ValueError, IndexError, KeyError, struct.error) as error:
        raise InvalidPackage("it contains no readable image metadata") from error
    if identity is None:
        raise InvalidPackage("its image metadata contains no image ID")
    if not signed:
        raise InvalidPackage("its signature is invalid")
    name = debug.image_name if debug is not None else ""
    return Identity(str(identity.image_uid), str(identity.component_uid), int(identity.image_type), str(name))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator.images",
        description="Create a valid image package for the simulator, and print its contents as one line of JSON.",
    )
    parser.add_argument("path", help="the file to write")
    parser.add_argument("--name", required=True, help="name of the image, at most 32 bytes")
    parser.add_argument("--image-id", default=None, help="GUID of this build (default: a new one)")
    parser.add_argument(
        "--component-id", default=None, help="component GUID, the same for all builds (default: a new one)"
    )
    parser.add_argument(
        "--type", type=int, default=10, help="10 for an application (default), 21 for a board configuration"
    )
    parser.add_argument(
        "--payload", default=None, metavar="FILE", help="contents of the package (default: a few bytes of text)"
    )
    options = parser.parse_args(arguments)
    image_id = options.image_id or str(uuid.uuid4())
    component_id = options.component_id or str(uuid.uuid4())
    try:
        payload = Path(options.payload).read_bytes() if options.payload else f"{options.name} {image_id}".encode()
        target = compose_package(
            options.path,
            image_id=image_id,
            component_id=component_id,
            name=options.name,
            image_type=options.type,
            payload=payload,
        )
    except (OSError, ValueError, struct.error) as error:
        print(f"Cannot create the package: {str(error).rstrip('.')}.", file=sys.stderr)
        return 2
    print(json.dumps({"path": str(target), **asdict(read(target.read_bytes()))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
