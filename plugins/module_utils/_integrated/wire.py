# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The wire forms of the Resource Manager provider (FACTS: models, enums, and traps seen in real traffic).

Own members of a resource are inside `properties`; absent, null and empty text mean the same. Unknown values of
enumerations are read as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .._backend.values import bytes_of, count_of, date_of, encoded, given, id_of, member, text_of
from .._errors import InvalidInput, ServiceError
from .._http.errors import scrub
from .._model.refs import GroupRef, Place, ProductRef
from .._model.resources import (
    OS_FEEDS,
    UPDATE_POLICIES,
    Certificate,
    Deployment,
    Device,
    DeviceGroup,
    DeviceGroupSpec,
    Image,
    Insight,
    Operation,
    OperationError,
    Product,
    Tenant,
)
from .paths import group_of, last_segment

#: The names of this API for capabilities of devices.
CAPABILITY = {"appDevelopment": "ApplicationDevelopment", "fieldServicing": "FieldServicing"}
#: End states of operations and resources; everything else means to go on (FACTS: long-running operations).
_ENDED = {"succeeded": "Complete", "failed": "Failed", "canceled": "Failed", "cancelled": "Failed"}

Body = Mapping[str, Any]


def properties(body: Body) -> Body:
    """Returns the own members of a resource, none if they are missing."""
    found = member(body, "properties")
    return found if isinstance(found, dict) else {}


def own(body: Body, name: str) -> Any:
    """Returns a member of a resource's `properties`; None if it is missing."""
    return member(properties(body), name)


def name_of(body: Body) -> str:
    """Returns the name of a resource, from its ID if there is none. Raises ServiceError without both."""
    found = text_of(member(body, "name")) or last_segment(text_of(member(body, "id")) or "")
    if not found:
        raise ServiceError("The service returned a resource without a name.", code="unexpected")
    return found


def wrapped(members: Mapping[str, Any]) -> bytes:
    """Returns a request body with the members that are not None."""
    return encoded({"properties": given(members)})


def tenant(body: Body) -> Tenant:
    """Returns a catalog as a tenant. Its ID is that of the tenant behind it, or its resource ID while there is none."""
    found = id_of(own(body, "tenantId")) or (text_of(member(body, "id")) or name_of(body)).lower()
    return Tenant(found, name_of(body))


def product(body: Body) -> Product:
    return Product(ProductRef(name_of(body)), text_of(own(body, "description")))


def device_group(body: Body, product_ref: ProductRef | None, current: Deployment | None = None) -> DeviceGroup:
    """Returns a group of this product, or of the one in its resource ID."""
    place = group_of(text_of(member(body, "id")) or "")
    owner = product_ref or (None if place is None else place.product)
    if owner is None:
        raise ServiceError("The service returned a device group without its product.", code="unexpected")
    return DeviceGroup(
        GroupRef(owner, name_of(body)),
        description=text_of(own(body, "description")),
        os_feed=_known(own(body, "osFeedType"), OS_FEEDS) or OS_FEEDS[0],
        update_policy=_known(own(body, "updatePolicy"), UPDATE_POLICIES) or UPDATE_POLICIES[0],
        allow_crash_dumps_collection=str(own(body, "allowCrashDumpsCollection")).lower() == "enabled",
        current_deployment=current,
    )


def group_settings(spec: DeviceGroupSpec) -> bytes:
    """Returns the request body for the settings that the spec gives."""
    dumps = spec.allow_crash_dumps_collection
    return wrapped(
        {
            "description": spec.description,
            "osFeedType": spec.os_feed,
            "updatePolicy": spec.update_policy,
            "allowCrashDumpsCollection": None if dumps is None else "Enabled" if dumps else "Disabled",
        }
    )


def device_id(body: Body) -> str:
    """Returns the ID of a device in lower case. Lists of a group have it as the name only (FACTS: traps, 2)."""
    return (id_of(own(body, "deviceId")) or name_of(body)).lower()


def device(body: Body, tenant_id: str, group: GroupRef | None) -> Device:
    """Returns a claimed device that is in this group. Empty text and null are the same (FACTS: traps, 2)."""
    return Device(
        id=device_id(body),
        tenant_id=tenant_id,
        place=None if group is None else Place.at(group),
        chip_sku=text_of(own(body, "chipSku")),
        last_available_os_version=text_of(own(body, "lastAvailableOsVersion")),
        last_installed_os_version=text_of(own(body, "lastInstalledOsVersion")),
        last_os_update=date_of(own(body, "lastOsUpdateUtc")),
        last_update_request=date_of(own(body, "lastUpdateRequestUtc")),
    )


def image(body: Body) -> Image:
    """Returns an image. On reads, `image` is its name and `imageName` is missing (FACTS: traps, 4)."""
    return Image(
        id=image_id(body),
        name=text_of(own(body, "imageName")) or text_of(own(body, "image")),
        description=text_of(own(body, "description")),
        component_id=id_of(own(body, "componentId")),
        type=text_of(own(body, "imageType")),
    )


def image_id(body: Body) -> str:
    """Returns the GUID of an image in lower case."""
    return (id_of(own(body, "imageId")) or name_of(body)).lower()


def deployed_images(body: Body) -> list[Body]:
    """Returns the images of a deployment."""
    found = own(body, "deployedImages")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def deployment(body: Body) -> Deployment | None:
    """Returns a deployment; None for the empty one of a group that has none."""
    found = id_of(own(body, "deploymentId")) or last_segment(text_of(member(body, "name")) or "").lower()
    if not found or found.startswith("."):
        return None
    images = tuple(sorted(image_id(entry) for entry in deployed_images(body)))
    return Deployment(found, images, date_of(own(body, "deploymentDateUtc")))


def certificate(body: Body, doing: str) -> Certificate:
    status = str(own(body, "status") or "").lower()
    content = text_of(own(body, "certificate"))
    return Certificate(
        thumbprint=text_of(own(body, "thumbprint")) or "",
        is_active=status == "active",
        is_revoked=status == "revoked",
        body=bytes_of(content, doing) if content else None,
    )


def insight(body: Body) -> Insight:
    """Returns an event. The specification gives it no envelope; one is read too."""
    inner = properties(body) or body
    return Insight(
        device_id=id_of(member(inner, "deviceId")) or "",
        type=text_of(member(inner, "eventType")),
        event_class=text_of(member(inner, "eventClass")),
        category=text_of(member(inner, "eventCategory")),
        description=text_of(member(inner, "description")),
        count=count_of(member(inner, "eventCount")),
        start=date_of(member(inner, "startTimestampUtc")),
        end=date_of(member(inner, "endTimestampUtc")),
    )


def state_of(status: Any) -> str:
    """Returns the neutral state of an operation from its status, or from the provisioning state of a resource."""
    return _ENDED.get(str(status or "").lower(), "InProgress")


def operation(body: Body, known: Operation) -> Operation:
    """Returns the current state of a known operation.

    `status` alone says whether it failed: `error` is there on success too, and holds the type of the operation.
    """
    status = text_of(member(body, "status"))
    state = state_of(status)
    error = member(body, "error")
    error = error if isinstance(error, dict) else {}
    details = member(error, "details")
    return replace(
        known,
        type=known.type or text_of(member(error, "target")) or "",
        state=state,
        started=date_of(member(body, "startTime")) or known.started,
        completed=date_of(member(body, "endTime")),
        error=_failure(error, status) if state == "Failed" else None,
        resource=text_of(own(body, "targetResourceId")) or text_of(member(body, "resourceId")),
        details={"details": details} if details else None,
    )


def _failure(error: Body, status: str | None) -> OperationError:
    """Returns code and message of a failure, those of its details if it has none itself."""
    details = member(error, "details")
    inner = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    code = text_of(member(error, "code")) or next((text_of(member(entry, "code")) for entry in inner), None)
    words = [text_of(member(entry, "message")) for entry in (error, *inner)]
    message = scrub("; ".join(dict.fromkeys(filter(None, words))))
    return OperationError(scrub(code or status or "Failed"), message or None)


def capability(name: str) -> str:
    """Returns the name of this API for a capability. Raises InvalidInput for one that it lacks."""
    if name not in CAPABILITY:
        raise InvalidInput(f"Invalid capability {name}. Available: {', '.join(CAPABILITY)}.")
    return CAPABILITY[name]


def _known(value: Any, names: Iterable[str]) -> str | None:
    """Returns a value of an enumeration, in the known spelling if there is one."""
    text = text_of(value)
    return next((name for name in names if text is not None and name.lower() == text.lower()), text)
