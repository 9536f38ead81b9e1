# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A minimal client of the simulated API."""

from __future__ import annotations

from typing import Any

import requests

from tests.simulator.harness import Simulator

TENANT = "11111111-2222-4333-8444-555555555555"
DIRECTORY = "99999999-2222-4333-8444-555555555555"
FINAL = (2, 3, 4)
SCOPE = "https://firstparty.sphere.azure.net/api/.default"


class Client:
    """A client with the application of a role, by the role's name in the seed of the tests."""

    def __init__(self, simulator: Simulator, application: str, tenant: str = TENANT) -> None:
        self.simulator = simulator
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = simulator.ca
        self.base = f"{simulator.url}/v2/tenants/{tenant}"
        self._headers = {"Authorization": f"Bearer {self._token(application)}"}

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, data: Any = None
    ) -> requests.Response:
        """Send a request to a path below the tenant, or below the host if it starts with `/`."""
        url = self.simulator.url + path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        return self.send(method, url, headers={**self._headers, **(headers or {})}, json=body, data=data)

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        return self._session.request(method, url, timeout=10, **options)

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, **headers: str) -> Any:
        answer = self.call("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def done(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Wait for a started operation, and return it."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code in (200, 202), answer.text
        return self.follow(answer.json()["OperationId"])

    def follow(self, operation_id: str) -> dict[str, Any]:
        operation: dict[str, Any] = self.get(f"operations/{operation_id}")
        assert operation["State"] in FINAL
        return operation

    def upload(self, package: bytes) -> dict[str, Any]:
        return self.done("POST", "images", data=package, headers={"Content-Type": "application/octet-stream"})

    def every(self, path: str) -> list[Any]:
        """Return all items of a list, page by page."""
        items: list[Any] = []
        token: str | None = ""
        while token is not None:
            headers = {"Sphere-Continuation": token} if token else {}
            page = self.get(path, **headers)
            items += page["Items"]
            token = page.get("ContinuationToken")
        return items

    def _token(self, application: str) -> str:
        answer = self.send(
            "POST",
            f"{self.simulator.url}/{DIRECTORY}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id(application),
                "client_secret": f"secret of {application}",
                "scope": SCOPE,
            },
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def client_id(application: str) -> str:
    return _guid(application, "c")


def object_id(application: str) -> str:
    return _guid(application, "0")


def _guid(name: str, kind: str) -> str:
    digits = f"{name.encode().hex():0<12.12}"
    return f"{kind * 8}-0000-4000-8000-{digits}"
