# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Replies as they were recorded from the real service, and a service that gets them from a scripted server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.paths import CatalogPath
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.service import IntegratedService

from tests.support.clock_and_tokens import FastClock
from tests.support.scripted_server import Answer, Asked, ScriptedServer
from tests.unit.legacy.scripted import Routes, Series

__all__ = ["Series"]

SUBSCRIPTION = "5b000000-0000-4000-8000-000000000001"
TENANT = "7e000000-0000-4000-8000-000000000001"
CATALOG = CatalogPath(SUBSCRIPTION, "fleet-rg", "Contoso")
IN = CATALOG.path
ID = CATALOG.resource_id
LAB = f"{IN}/products/Kettle/deviceGroups/Lab"
NOWHERE = f"{IN}/products/.default/deviceGroups/.default"
DEVICE = "0123456789abcdef" * 8
OTHER = "fedcba9876543210" * 8
IMAGE = "1a000000-0000-4000-8000-000000000001"
DEPLOYED = "de000000-0000-4000-8000-000000000001"
#: The name of an operation begins with the GUID of its request and ends with a hash; its address is signed.
OPERATION = "0b000000-0000-4000-8000-000000000001*A0B1C2"
SECRET = "c2lnbmF0dXJl"
_STATUSES = "providers/Microsoft.AzureSphere/locations/westeurope/operationStatuses"
POLL = f"/subscriptions/{SUBSCRIPTION}/{_STATUSES}/{OPERATION}"


def resource(name: str, resource_id: str, **properties: Any) -> dict[str, Any]:
    return {"id": resource_id, "name": name, "type": "microsoft.azuresphere/x", "properties": properties}


def catalog(name: str = "Contoso", group: str = "fleet-rg", **properties: Any) -> dict[str, Any]:
    found = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.AzureSphere/catalogs/{name}"
    made = resource(name, found, **{"tenantId": TENANT, "provisioningState": "Succeeded", **properties})
    return {**made, "location": "Global", "tags": {"MigratedCatalogId": TENANT}}


def product(name: str = "Kettle", **properties: Any) -> dict[str, Any]:
    return resource(name, f"{ID}/products/{name}", **{"description": None, **properties})


def group(name: str = "Lab", owner: str = "Kettle", **properties: Any) -> dict[str, Any]:
    settings = {"description": "", "osFeedType": "Retail", "updatePolicy": "UpdateAll", "hasDeployment": False}
    return resource(
        name,
        f"{ID}/products/{owner}/deviceGroups/{name}",
        **{**settings, "allowCrashDumpsCollection": "Disabled", **properties},
    )


def device(
    device_id: str = DEVICE, place: str = "/products/Kettle/deviceGroups/Lab", **properties: Any
) -> dict[str, Any]:
    return resource(device_id, f"{ID}{place}/devices/{device_id}", **{"deviceId": device_id, **properties})


def page(*entries: Any, link: str | None = None) -> dict[str, Any]:
    return {"value": list(entries), "nextLink": link}


def ended(status: str = "Succeeded", target: str = "DeviceClaim", **error: Any) -> dict[str, Any]:
    """A status document: `error` is there on success too."""
    return {
        "id": POLL,
        "name": OPERATION,
        "status": status,
        "startTime": "2024-04-01T07:08:10.1Z",
        "endTime": "2024-04-01T07:08:15Z",
        "error": {"target": target, "details": [], **error},
        "properties": {"targetResourceId": None},
    }


def refused(status: int, code: str, message: str = "Refused.", cause: str = "service") -> Answer:
    body = f'{{"error": {{"code": "{code}", "message": "{message}"}}}}'.encode()
    headers = {
        "x-ms-failure-cause": cause,
        "x-ms-request-id": "c0000000-0000-4000-8000-000000000001",
        "x-ms-correlation-request-id": "c0000000-0000-4000-8000-000000000002",
        "Content-Type": "application/json",
    }
    return Answer(status, body, headers)


NOT_THERE = refused(404, "ResourceNotFound", "Resource not found")
NO_CATALOG = refused(404, "ResourceNotFound", "The Resource 'catalogs/Contoso' was not found.", "gateway")


class Started:
    """A reply that starts an operation: 201 with the status address, or 202 with both, as a move has them."""

    def __init__(self, status: int = 202, headers: tuple[str, ...] = ("Azure-AsyncOperation", "Location")) -> None:
        self.status = status
        self.headers = headers

    def answer(self, host: str) -> Answer:
        address = f"http://{host}{POLL}?api-version=2024-04-01&t=1&c=MIIHpTCCBo&s={SECRET}&h=hash"
        body = b'{"id": "x", "properties": {"provisioningState": "Accepted"}}' if self.status == 201 else b"null"
        return Answer(self.status, body, {**dict.fromkeys(self.headers, address), "Content-Type": "application/json"})


class Recorded(Routes):
    """Routes that may start operations."""

    def __call__(self, asked: Asked) -> Answer:
        key = f"{asked.method} {asked.path.partition('?')[0]}"
        found = self.routes.get(key, NOT_THERE)
        if isinstance(found, Series):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Started):
            return found.answer(asked.headers["host"])
        if callable(found) and not isinstance(found, Answer):
            found = found(asked)
        return found if isinstance(found, Answer) else Routes({key: found})(asked)


@dataclass(frozen=True)
class Bench:
    service: IntegratedService
    server: ScriptedServer
    clock: FastClock
    said: list[str]

    @property
    def sent(self) -> list[str]:
        """The requests below the catalog, without their queries."""
        return [f"{asked.method} {asked.path.partition('?')[0].removeprefix(IN)}" for asked in self.server.asked]

    def count(self, request: str) -> int:
        return self.sent.count(request)


MakeBench = Callable[..., Bench]
