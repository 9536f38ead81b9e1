# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Schemas of request bodies. Unknown members are rejected, so that misspelt ones are noticed."""

from __future__ import annotations

from typing import Any

from ..description import Check
from .names import BOUNDARIES, CAPABILITIES, FEEDS, POLICIES

_TEXT = {"type": ["string", "null"]}
#: Members of the envelope and read-only properties, which a client may send back.
_ENVELOPE: dict[str, Any] = {"id": {}, "name": {}, "type": {}, "systemData": {}}
_STATE: dict[str, Any] = {"provisioningState": {}}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _one_of(*values: object) -> dict[str, Any]:
    return {"enum": [*values, None]}


def _resource(properties: dict[str, Any], *required: str, read_only: tuple[str, ...] = ()) -> Check:
    """Return the check of a resource with these own properties, of which some are required."""
    known = {**properties, **_STATE, **{name: {} for name in read_only}}
    schema: dict[str, Any] = _object(known, *required)
    if not required:
        schema["type"] = ["object", "null"]
    return Check.of(_object({**_ENVELOPE, "properties": schema}, *(("properties",) if required else ())))


_TAGS = {"type": ["object", "null"], "additionalProperties": {"type": "string", "maxLength": 256}, "maxProperties": 50}
_GROUP = {
    "description": _TEXT,
    "osFeedType": _one_of(*FEEDS),
    "updatePolicy": _one_of(*POLICIES),
    "allowCrashDumpsCollection": _one_of("Enabled", "Disabled"),
    "regionalDataBoundary": _one_of(*BOUNDARIES),
}
_IMAGE = {
    "image": {"type": "string", "minLength": 1},
    "imageId": _TEXT,
    "regionalDataBoundary": _one_of(*BOUNDARIES),
}
_READ_ONLY_IMAGE = ("imageName", "uri", "description", "componentId", "imageType")
_DEPLOYED = _object(
    {
        **_ENVELOPE,
        "properties": _object(
            {**_STATE, **{name: {} for name in (*_IMAGE, *_READ_ONLY_IMAGE)}, "imageId": {"type": "string"}}, "imageId"
        ),
    },
    "properties",
)

CATALOG = Check.of(_object({**_ENVELOPE, "location": {"type": "string"}, "tags": _TAGS, "properties": {}}, "location"))
CATALOG_UPDATE = Check.of(_object({"tags": _TAGS}))
PRODUCT = _resource({"description": _TEXT})
GROUP = _resource(_GROUP, read_only=("hasDeployment",))
IMAGE = _resource(_IMAGE, "image", read_only=_READ_ONLY_IMAGE)
DEPLOYMENT = _resource(
    {"deploymentId": _TEXT, "deployedImages": {"type": ["array", "null"], "items": _DEPLOYED}},
    read_only=("deploymentDateUtc",),
)
DEVICE = _resource(
    {"deviceId": _TEXT},
    read_only=(
        *("chipSku", "lastAvailableOsVersion", "lastInstalledOsVersion", "lastOsUpdateUtc", "lastUpdateRequestUtc"),
    ),
)
DEVICE_UPDATE = Check.of(
    _object({"properties": _object({"deviceGroupId": {"type": "string"}}, "deviceGroupId")}, "properties")
)
CLAIM = Check.of(
    _object({"deviceIdentifiers": {"type": "array", "items": {"type": "string"}, "minItems": 1}}, "deviceIdentifiers")
)
CAPABILITY = Check.of(
    _object({"capabilities": {"type": "array", "items": {"enum": list(CAPABILITIES)}}}, "capabilities")
)
GROUP_FILTER = Check.of(_object({"deviceGroupName": _TEXT}))
PROOF = Check.of(
    _object({"proofOfPossessionNonce": {"type": "string", "minLength": 1, "maxLength": 64}}, "proofOfPossessionNonce")
)
