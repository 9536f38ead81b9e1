# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Changes by another administrator, made through the API without the blueprint."""

from __future__ import annotations

from typing import Any

import requests

from tests.simulator.harness import Simulator

SCOPE = "https://firstparty.sphere.azure.net/api/.default"
#: Number of devices to move.
MOVED = 3


def drift(simulator: Simulator) -> list[str]:
    """Make the changes, and return a description of each."""
    api = _Api(simulator)
    products = {product["Name"]: product["Id"] for product in api.get("products")["Items"]}
    groups = {
        (group["ProductId"], group["Name"]): group["Id"]
        for product_id in products.values()
        for group in api.get(f"products/{product_id}/deviceGroups")["Items"]
    }
    kettle = products["Kettle 200"]
    lab, pilot, world = (groups[kettle, name] for name in ("Ring 0 Lab", "Ring 1 Pilot", "Ring 2 World"))
    for device in api.get(f"devicegroups/{pilot}/devices")["Items"][:MOVED]:
        api.send("PUT", f"devices/{device['DeviceId']}/devicegroup", world)
    api.send("PATCH", f"devicegroups/{lab}", {"OSFeedType": 0, "Description": "Borrowed for a trade fair"})
    return [
        f"moves {MOVED} devices of Kettle 200 from Ring 1 Pilot to Ring 2 World",
        "sets the OS feed of Kettle 200/Ring 0 Lab to Retail and changes its description",
    ]


class _Api:
    """A minimal client of the API."""

    def __init__(self, simulator: Simulator) -> None:
        ready = simulator.ready
        self._ca = ready["ca"]
        answer = requests.post(
            f"{ready['authority_host']}/{ready['directory_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": ready["client_id"],
                "client_secret": ready["client_secret"],
                "scope": SCOPE,
            },
            verify=self._ca,
            timeout=10,
        )
        answer.raise_for_status()
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        tenants = requests.get(f"{ready['url']}/v2/tenants", headers=self._headers, verify=self._ca, timeout=10).json()
        tenant_id = next(tenant["Id"] for tenant in tenants if tenant["Name"] == ready["tenant"])
        self._base = f"{ready['url']}/v2/tenants/{tenant_id}"

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self._base}/{path}", headers=self._headers, verify=self._ca, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def send(self, method: str, path: str, body: Any) -> None:
        answer = requests.request(
            method, f"{self._base}/{path}", json=body, headers=self._headers, verify=self._ca, timeout=10
        )
        answer.raise_for_status()
