# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The log and the counts, which other tests rely on."""

from __future__ import annotations

import pytest
import requests

from tests.simulator.harness import Simulator, SimulatorFailed
from tests.unit.simulator.client import TENANT, Client, object_id
from tests.unit.simulator.conftest import LAB


def test_every_request_is_logged(client: Client) -> None:
    client.simulator.clear_log()
    client.get("devices?maxPageSize=2")
    client.call("PATCH", f"DeviceGroups/{LAB}", {"Description": "x"})
    client.call("GET", "/v2/nowhere")
    first, second, third = client.simulator.log()
    assert first["number"] + 1 == second["number"] == third["number"] - 1
    assert (first["kind"], first["method"], first["operation"]) == ("api", "GET", "Devices_List")
    assert (first["tenant"], first["caller"]) == (TENANT, object_id("Administrator"))
    assert (first["query"], first["status"]) == ("maxPageSize=2", 200)
    assert second["path"] == f"/v2/tenants/{TENANT}/DeviceGroups/{LAB}"
    assert (third["operation"], third["status"]) == (None, 404)
    assert first["milliseconds"] >= 0


def test_log_can_be_read_since_a_number(client: Client) -> None:
    seen = client.simulator.log()[-1]["number"]
    client.get("devices")
    assert [entry["operation"] for entry in client.simulator.log(since=seen)] == ["Devices_List"]
    assert client.simulator.log(since=seen + 1) == []


def test_counts_distinguish_writes_and_reads(client: Client) -> None:
    client.simulator.clear_log()
    client.get("devices")
    client.call("HEAD", "devices")
    client.call("POST", "products", {"Name": ""})
    counts = client.simulator.counts()
    assert counts["api"] == {"GET": 1, "HEAD": 1, "POST": 1}
    assert counts["operations"] == {"Devices_List": 1, "Product_Create": 1}
    assert counts["writes"] == 1


def test_tokens_are_counted_and_sign_in_has_its_own_kind(fleet: Simulator) -> None:
    before = fleet.counts()
    Client(fleet, "Reader").close()
    after = fleet.counts()
    assert after["tokens_issued"] == before["tokens_issued"] + 1
    assert after["signin"]["POST"] == before["signin"].get("POST", 0) + 1
    assert after["api"] == before["api"]


def test_administration_is_not_logged(simulator: Simulator) -> None:
    simulator.state()
    simulator.settings()
    assert simulator.log() == []


def test_advance_rejects_invalid_seconds(simulator: Simulator) -> None:
    for seconds in (-1, float("nan"), float("inf"), True, "1"):
        with pytest.raises(SimulatorFailed, match="from 0 up"):
            simulator.order("POST", "clock/advance", {"seconds": seconds})


@pytest.mark.parametrize(
    "change", [{"page_size": 0}, {"page_size": "2"}, {"denied": 403}, {"check_replies": 1}, {"x": 1}, {"dialect": "x"}]
)
def test_invalid_setting_is_rejected_and_changes_nothing(simulator: Simulator, change: dict[str, object]) -> None:
    before = simulator.settings()
    with pytest.raises(SimulatorFailed):
        simulator.settings(**{"latency_ms": 5, **change})
    assert simulator.settings() == before


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "state"), ("PATCH", "settings"), ("POST", "faults"), ("POST", "clock/advance")]
)
def test_invalid_json_is_rejected(simulator: Simulator, method: str, path: str) -> None:
    answer = requests.request(method, f"{simulator.url}/_simulator/{path}", data=b"{", verify=simulator.ca, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Invalid body: it is not valid JSON."
