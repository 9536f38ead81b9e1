# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A scripted server, the backend on it, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.service import LegacyService

from tests.support.clock_and_tokens import FastClock
from tests.support.scripted_server import Answer, Asked, ScriptedServer

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER = "11111111-2222-4333-8444-666666666666"
GUID = "a1000000-0000-4000-8000-000000000001"
IN = f"/v2/tenants/{TENANT}"
DEVICE = "0123456789abcdef" * 8
KETTLE = {"Id": GUID, "Name": "Kettle"}
LAB = {"Id": OTHER, "Name": "Lab", "ProductId": GUID}
BY_NAME = {
    f"GET {IN}/products/name/Kettle": KETTLE,
    f"GET {IN}/products/name/Kettle/deviceGroups/name/Lab": LAB,
}


Route = Any


class Series(list[Any]):
    """Replies that are sent one after the other; the last one is repeated."""


class Routes:
    """Answers by method and path. What has no answer is not found."""

    def __init__(self, routes: dict[str, Route]) -> None:
        self.routes = routes

    def __call__(self, asked: Asked) -> Answer:
        found = self.routes.get(f"{asked.method} {asked.path.partition('?')[0]}", Answer(404, b""))
        if isinstance(found, Series):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if isinstance(found, Answer) else Answer(200, json.dumps(found).encode())


@dataclass(frozen=True)
class Bench:
    service: LegacyService
    routes: dict[str, Route]
    server: ScriptedServer
    clock: FastClock

    @property
    def sent(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.server.asked]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.server.asked[index].body)


MakeBench = Callable[..., Bench]


def state(number: Any, **members: Any) -> dict[str, Any]:
    """An operation as the service shows it."""
    return {"OperationId": GUID, "TenantId": TENANT, "OperationType": 10, "State": number, **members}
