# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A minimal client of the simulated Resource Manager API."""

from __future__ import annotations

from typing import Any

import requests

from tests.simulator.harness import Simulator
from tests.unit.simulator.client import DIRECTORY, client_id

SUBSCRIPTION = "5b000000-0000-4000-8000-000000000001"
GROUP = "fleet-rg"
CATALOG = "Contoso-Fleet"
SCOPE = "https://management.azure.com/.default"
PROVIDER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.AzureSphere"
BASE = f"{PROVIDER}/catalogs/{CATALOG}"


def request_token(simulator: Simulator, application: str, scope: str = SCOPE, **form: str) -> str:
    answer = requests.post(
        f"{simulator.url}/{DIRECTORY}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client_id(application),
            "client_secret": f"secret of {application}",
            "scope": scope,
            **form,
        },
        verify=simulator.ca,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


class ArmClient:
    """A client with the application of a role, by the role's name in the seed of the tests."""

    def __init__(self, simulator: Simulator, application: str = "Administrator") -> None:
        self.simulator = simulator
        self.token = request_token(simulator, application)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = simulator.ca

    def close(self) -> None:
        self._session.close()

    def call(
        self, method: str, path: str, body: Any = None, *, query: str = "", headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Send a request to a path below the catalog, or below the host if it starts with `/`."""
        place = path if path.startswith("/") else f"{BASE}/{path}".rstrip("/")
        url = f"{self.simulator.url}{place}?api-version=2024-04-01{query}"
        return self.send(method, url, json=body, headers=headers)

    def send(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> requests.Response:
        all_headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self._session.request(method, url, headers=all_headers, timeout=10, **options)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def listed(self, path: str, body: Any = None, *, post: bool = False) -> list[Any]:
        """Return all items of a list, page by page."""
        answer = self.call("POST" if post else "GET", path, body)
        items: list[Any] = []
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["value"]
            if not page.get("nextLink"):
                return items
            answer = self.send("GET", page["nextLink"])

    def follow(self, started: requests.Response) -> dict[str, Any]:
        """Return the status document of an operation that ended."""
        assert started.status_code in (201, 202), started.text
        answer = self.send("GET", started.headers["Azure-AsyncOperation"])
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Start an operation, and return its status document."""
        return self.follow(self.call(method, path, body))
