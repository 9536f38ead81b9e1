# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Converts JSON of the Public API v2 to the model and back.

Reads every form that the service is known or likely to send; writes the documented one (FACTS: wire conventions, and
"What is not known").
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .._backend.values import (
    NO_TENANT,
    body_of,
    bytes_of,
    count_of,
    date_of,
    encoded,
    given,
    id_of,
    listed,
    member,
    newest_first,
    number_of,
    text_of,
)
from .._digits import whole_number
from .._errors import InvalidInput, ServiceError
from .._inputs.image_types import IMAGE_TYPES
from .._model.resources import (
    OPERATION_STATES,
    Certificate,
    Deployment,
    Device,
    Image,
    Insight,
    Operation,
    OperationError,
    Tenant,
    User,
)

if TYPE_CHECKING:
    from .._model.refs import Place

__all__ = [
    "NO_TENANT",
    "body_of",
    "bytes_of",
    "date_of",
    "encoded",
    "given",
    "id_of",
    "listed",
    "member",
    "newest_first",
    "number_of",
    "text_of",
]
# Numbers of the service's enumerations: components of the OpenAPI description of the same name.
OS_FEED_TYPE = {0: "Retail", 1: "RetailEval"}
UPDATE_POLICY = {0: "UpdateAll", 1: "No3rdPartyAppUpdates", 2: "NoUpdates"}
CHIP_SKU = {0: "MT3620AN"}
CAPABILITY = {11: "appDevelopment", 12: "enableRfTestMode", 13: "fieldServicing"}
OPERATION_STATE = dict(enumerate(OPERATION_STATES))
#: Codes inside a failed operation, and in failures of the form {Code, Message} (FACTS: operations, failures).
ERROR_CODES = (
    "OperationFailed",
    "TenantInMigration",
    "TenantMigrationRequired",
    "ClientUpdateRequired",
    "InternalServerError",
    "BadRequest",
    "Forbidden",
    "Conflict",
    "NotFound",
)
ERROR_CODE = dict(enumerate(ERROR_CODES))
_TOO_OLD = (
    "The client or the tenant is too old for the service: update azsphere.fleet, and see whether the tenant was moved "
    "to the integrated (catalog) interface."
)
#: What to do about failures, by code or status (FACTS: failures).
FAILURE_HINTS = {"410": _TOO_OLD, "TenantMigrationRequired": _TOO_OLD, "ClientUpdateRequired": _TOO_OLD}
OPERATION_TYPE = dict(
    enumerate(
        (
            "DeviceClaim",
            "DeviceUnclaim",
            "DeviceUpdateDeviceGroup",
            "MigrateTenant",
            "CreateProduct",
            "DeployToDeviceGroup",
            "DeployToOSFeed",
            "ImageUpload",
            "TenantCreation",
            "DeleteDeviceGroup",
            "DeleteProduct",
            "BulkDeviceClaim",
        )
    )
)
#: Names of dictionary methods, which no return key may have.
_METHODS = ("items", "keys", "values", "get", "copy", "pop", "update", "clear")


def enum_name(names: Mapping[int, str], value: Any, default: str | None = None) -> str | None:
    """Returns the name of a value that comes as a number or as a name; unknown numbers as their digits."""
    if value is None or isinstance(value, (bool, dict, list)) or value == "":
        return default
    if isinstance(value, int):
        return names.get(value, str(value))
    text = str(value)
    number = whole_number(text)
    if number is not None:
        return names.get(number, text)
    return next((name for name in names.values() if name.lower() == text.lower()), text)


def enum_number(names: Mapping[int, str], name: str) -> int:
    """Returns the number of a name, which is always sent. Raises InvalidInput for an unknown name."""
    for number, known in names.items():
        if known.lower() == name.lower():
            return number
    unnamed = whole_number(name)
    if unnamed is not None:
        return unnamed
    raise InvalidInput(f"Invalid value {name}. Available: {', '.join(names.values())}.")


def own_id(body: Mapping[str, Any], name: str = "Id") -> str:
    """Returns the ID of an object. Raises ServiceError if it has none."""
    found = id_of(member(body, name))
    if found is None:
        raise ServiceError(f"The service returned an object without {name}.", code="unexpected")
    return found


def name_of(body: Mapping[str, Any]) -> str:
    """Returns the name of an object, empty if it has none."""
    return text_of(member(body, "Name")) or ""


def unix_date(value: Any) -> str | None:
    """Returns Unix seconds as ISO 8601 in UTC with a Z (FACTS: insight times)."""
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return date_of(value)
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return str(value)


def tenant(body: Mapping[str, Any]) -> Tenant:
    return Tenant(own_id(body), text_of(member(body, "Name")), _roles(member(body, "Roles")))


def deployment(body: Mapping[str, Any]) -> Deployment:
    images = member(body, "DeployedImages")
    return Deployment(
        id=own_id(body),
        images=tuple(sorted(own_id({"Id": image}) for image in images)) if isinstance(images, list) else (),
        deployed_at=date_of(member(body, "DeploymentDateUtc")),
    )


def device(
    body: Mapping[str, Any],
    place: Callable[[str | None, str | None], Place | None] = lambda _group_id, _product_id: None,
) -> Device:
    """Returns a device in the place that `place` returns for the GUIDs of its group and product."""
    product_id, group_id = _common(id_of(member(body, "ProductId"))), _common(id_of(member(body, "DeviceGroupId")))
    return Device(
        id=own_id(body, "DeviceId"),
        tenant_id=_common(id_of(member(body, "TenantId"))),
        place=place(group_id, product_id),
        product_id=product_id,
        device_group_id=group_id,
        chip_sku=enum_name(CHIP_SKU, member(body, "ChipSku")),
        last_available_os_version=_common(text_of(member(body, "LastAvailableOSVersion"))),
        last_installed_os_version=_common(text_of(member(body, "LastInstalledOSVersion"))),
        last_os_update=date_of(member(body, "LastOSUpdateUTC")),
        last_update_request=date_of(member(body, "LastUpdateRequestUTC")),
    )


def _common(text: str | None) -> str | None:
    """Returns a text that many devices have, as one object for all."""
    return None if text is None else sys.intern(text)


def image(body: Mapping[str, Any]) -> Image:
    kind = member(body, "Type")
    return Image(
        id=own_id(body),
        name=text_of(member(body, "Name")),
        description=text_of(member(body, "Description")),
        component_id=id_of(member(body, "ComponentId")),
        type=enum_name(IMAGE_TYPES, member(body, "ImageType") if kind is None else kind),
    )


def operation(body: Mapping[str, Any], kind: str | None = None) -> Operation:
    """Returns an operation; `kind` is its type if the body has none."""
    error = member(body, "Error")
    failure = None
    if isinstance(error, dict) and error:
        from .._http.errors import scrub

        code, words = enum_name(ERROR_CODE, member(error, "Code")), member(error, "Message")
        failure = OperationError(scrub(code or "OperationFailed"), scrub(str(words)) if words else None)
    return Operation(
        id=id_of(member(body, "OperationId")) or "",
        type=enum_name(OPERATION_TYPE, member(body, "OperationType")) or kind or "",
        state=enum_name(OPERATION_STATE, member(body, "State")) or "NotStarted",
        created=date_of(member(body, "CreatedDateUTC")),
        started=date_of(member(body, "StartedDateUTC")),
        completed=date_of(member(body, "CompletedDateUTC")),
        error=failure,
        tenant_id=id_of(member(body, "TenantId")),
        resource=text_of(member(body, "ResourceLocation")),
        details_location=text_of(member(body, "DetailsLocation")),
    )


def user(body: Mapping[str, Any]) -> User:
    return User(
        id=id_of(member(body, "PrincipalId")),
        name=text_of(member(body, "DisplayName")),
        mail=text_of(member(body, "Mail")),
        roles=_roles(member(body, "Roles")),
    )


def role_names(body: Any) -> list[str]:
    """Returns the names in a list of names or of objects with a name, bare or in `Items`."""
    if isinstance(body, dict):
        body = next((value for value in body.values() if isinstance(value, list)), [])
    found: list[str] = []
    for entry in body if isinstance(body, list) else []:
        name = entry if isinstance(entry, str) else None
        if isinstance(entry, dict):
            name = text_of(member(entry, "Name")) or text_of(member(entry, "RoleName"))
        if name:
            found.append(name)
    return found


def _roles(value: Any) -> tuple[str, ...]:
    return tuple(sorted(role_names(value)))


def certificate(body: Mapping[str, Any], doing: str) -> Certificate:
    content = text_of(member(body, "Certificate"))
    return Certificate(
        thumbprint=text_of(member(body, "Thumbprint")) or "",
        is_active=member(body, "IsActive") is True,
        is_revoked=member(body, "IsRevoked") is True,
        body=bytes_of(content, doing) if content else None,
    )


def insight(body: Mapping[str, Any]) -> Insight:
    return Insight(
        device_id=id_of(member(body, "DeviceId")) or "",
        type=text_of(member(body, "EventType")),
        event_class=text_of(member(body, "EventClass")),
        category=text_of(member(body, "EventCategory")),
        description=text_of(member(body, "Description")),
        count=count_of(member(body, "EventCount")),
        start=unix_date(member(body, "StartTimestampInUnix")),
        end=unix_date(member(body, "EndTimestampInUnix")),
    )


def details(value: Any) -> Any:
    """Returns a reply of unknown form, with names in snake_case that are valid as return keys."""
    if isinstance(value, list):
        return [details(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, inner in value.items():
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", str(key)).lower()
        found[name + "_" if name in _METHODS else name] = details(inner)
    return found
