# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Sources of the state: the built-in state, a seed or state file, or a document from the administration."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from . import certificates
from .description import shortened
from .documents import Document, dump
from .loading import InvalidState, guid_of, load
from .state import PUBLIC_CLIENT_ID, SPHERE_DIRECTORY_ID, State

DIRECTORY_ID = guid_of("directory", "Contoso")
CLIENT_ID = guid_of("client", "Fleet automation")
OBJECT_ID = guid_of("application", "Fleet automation")
TENANT_NAME = "Contoso Fleet"
#: A tenant in which nobody has a role, and the devices that it owns: 000...0f00 to 000...0f04.
FOREIGN_TENANT_NAME = "Fabrikam Devices"
FOREIGN_DEVICES = tuple(f"{0xF00 + number:0128x}" for number in range(5))

_SCHEMA: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("state-schema.yaml").read_text(encoding="utf-8"))
_DEVICE_ID = re.compile(_SCHEMA["$defs"]["device_id"]["pattern"])
_DEVICE_MEMBERS = frozenset(_SCHEMA["$defs"]["device"]["properties"])


class Seeds:
    """Completes documents with the identities of this run. Its application has a new secret and certificate."""

    def __init__(self, now: datetime) -> None:
        certificate = certificates.self_signed("Fleet automation", now)
        self.client_secret = secrets.token_urlsafe(24)
        self.client_certificate = certificate.certificate + certificate.key
        self._certificate = certificate.certificate

    def world(self) -> Document:
        """Return the state without a seed."""
        return {
            "tenants": [
                {"name": TENANT_NAME, "id": guid_of("tenant", TENANT_NAME)},
                {"name": FOREIGN_TENANT_NAME, "roles": {}, "devices": list(FOREIGN_DEVICES)},
            ],
            "unclaimed": "any",
        }

    def load(self, document: object, now: datetime) -> State:
        """Return the state that a document describes, with defaults. Raises InvalidState.

        Directories, applications, people and managed identities default to those of the built-in state. The
        roles of a tenant default to Administrator for the built-in application, or for the first one in the
        document.
        """
        checked = _checked(document)
        complete: Document = {
            "directories": [
                {"id": DIRECTORY_ID, "name": "Contoso"},
                {"id": SPHERE_DIRECTORY_ID, "name": "Azure Sphere"},
            ],
            "people": [
                {"username": "ada@contoso.example", "name": "Ada"},
                {"username": "sam@contoso.example", "name": "Sam"},
            ],
            "managed_identities": [
                {"name": "fleet-runner", "system_assigned": True, "directory_id": DIRECTORY_ID},
                {"name": "fleet-identity", "directory_id": DIRECTORY_ID},
            ],
            **checked,
            "applications": self._applications(checked),
        }
        administrator = next((a["name"] for a in complete["applications"] if not a.get("public")), None)
        complete["tenants"] = [
            tenant
            if "roles" in tenant or administrator is None
            else {**tenant, "roles": {administrator: ["Administrator"]}}
            for tenant in checked.get("tenants", [])
        ]
        return load(complete, now)

    def check(self, document: object) -> None:
        """Check a document against the schema. Raises InvalidState."""
        _checked(document)

    def complete(self, document: object, now: datetime) -> Document:
        """Return the document with all defaults. Raises InvalidState."""
        return dump(self.load(document, now))

    def _applications(self, document: Document) -> list[Document]:
        applications: list[Document] = list(
            document.get("applications")
            or [
                {
                    "name": "Fleet automation",
                    "client_id": CLIENT_ID,
                    "object_id": OBJECT_ID,
                    "directory_id": DIRECTORY_ID,
                    "secrets": [{"value": self.client_secret}],
                    "certificates": [self._certificate],
                }
            ]
        )
        if not any(application.get("client_id") == PUBLIC_CLIENT_ID for application in applications):
            applications.append(
                {
                    "name": "Azure Sphere public client",
                    "client_id": PUBLIC_CLIENT_ID,
                    "directory_id": SPHERE_DIRECTORY_ID,
                    "public": True,
                }
            )
        return applications


def read(path: str | Path) -> Document:
    """Read a seed or state file, YAML or JSON, and the packages that it refers to by `path`. Raises InvalidState."""
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8")
        document = json.loads(text) if source.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidState(f"The file {source} cannot be read: {error}") from error
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        where = str(error).replace("\n", " ")
        raise InvalidState(f"The file {source} is neither valid YAML nor valid JSON: {where}") from error
    checked = _checked({} if document is None else document)
    for tenant in checked.get("tenants", []):
        for image in tenant.get("images", []):
            if "path" in image:
                image["package"] = _package(source.parent / image.pop("path"))
    return checked


def _checked(document: object) -> Document:
    error = best_match(jsonschema.Draft202012Validator(_SCHEMA).iter_errors(_without_sound_devices(document)))
    if error is not None:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(
            "."
        )
        raise InvalidState(f"Invalid state at {where or 'its top level'}: {shortened(error.message)}.")
    if not isinstance(document, dict):
        raise InvalidState("The state must be an object.")
    return document


def _without_sound_devices(document: object) -> object:
    """Return the document without valid lists of devices: the schema takes 0.15 ms for each device."""
    if not isinstance(document, dict) or not isinstance(document.get("tenants"), list):
        return document
    tenants = [
        {name: value for name, value in tenant.items() if name != "devices"}
        if isinstance(tenant, dict) and _are_sound_devices(tenant.get("devices"))
        else tenant
        for tenant in document["tenants"]
    ]
    return {**document, "tenants": tenants}


def _are_sound_devices(devices: object) -> bool:
    return isinstance(devices, list) and all(
        _is_device_id(device)
        if isinstance(device, str)
        else isinstance(device, dict)
        and device.keys() <= _DEVICE_MEMBERS
        and _is_device_id(device.get("id"))
        and all(value is None or isinstance(value, str) for value in device.values())
        for device in devices
    )


def _is_device_id(text: object) -> bool:
    return isinstance(text, str) and _DEVICE_ID.fullmatch(text) is not None


def _package(path: Path) -> str:
    try:
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise InvalidState(f"The image package {path} cannot be read: {error}") from error
