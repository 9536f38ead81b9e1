# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Faults: errors, delays and lost replies on request."""

from __future__ import annotations

import pytest
import requests

from tests.simulator.harness import SimulatorFailed
from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import LAB

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_status_fault_applies_given_number_of_times(client: Client) -> None:
    client.simulator.fault("status", match={"operationId": "Product_List"}, status=429, retry_after=7, times=2)
    answers = [client.call("GET", "products") for _unused in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert client.call("GET", "devicegroups").status_code == 200


def test_fault_can_skip_requests(client: Client) -> None:
    client.simulator.fault("status", status=500, skip=1, times=1, body='{"Code": 4, "Message": "x"}')
    answers = [client.call("GET", "products") for _unused in range(3)]
    assert [answer.status_code for answer in answers] == [200, 500, 200]
    assert answers[1].json() == {"Code": 4, "Message": "x"}


def test_fault_can_last_until_removed(client: Client) -> None:
    client.simulator.fault("status", match={"path": "*/devicegroups*"}, status=503, times=None)
    assert [client.call("GET", "deviceGroups").status_code for _unused in range(3)] == [503] * 3
    client.simulator.clear_faults()
    assert client.call("GET", "devicegroups").status_code == 200


def test_drop_before_changes_nothing(client: Client) -> None:
    client.simulator.fault("drop_before", match={"method": "POST"})
    with pytest.raises(CUT):
        client.call("POST", "products", {"Name": "Lamp"})
    assert client.call("GET", "products/name/Lamp").status_code == 404


def test_drop_after_changes_state(client: Client) -> None:
    client.simulator.fault("drop_after", match={"method": "POST"})
    with pytest.raises(CUT):
        client.call("POST", "products", {"Name": "Lamp"})
    assert client.call("GET", "products/name/Lamp").status_code == 200
    cut = next(entry for entry in client.simulator.log() if entry["operation"] == "Product_Create")
    assert (cut["status"], cut["note"]) == (None, "fault drop_after")


def test_truncate_sends_half_of_reply(client: Client) -> None:
    client.simulator.fault("truncate", match={"operationId": "DeviceGroup_Get"})
    with pytest.raises(CUT):
        client.call("GET", f"devicegroups/{LAB}")
    assert client.call("GET", f"devicegroups/{LAB}").status_code == 200


def test_delay_delays_reply(client: Client) -> None:
    client.simulator.fault("delay", match={"operationId": "Product_List"}, seconds=0.2)
    assert client.call("GET", "products").elapsed.total_seconds() >= 0.2


def test_latency_delays_every_reply(client: Client) -> None:
    client.simulator.settings(latency_ms=50)
    assert client.call("GET", "products").elapsed.total_seconds() >= 0.05


def test_faults_apply_to_sign_in(client: Client) -> None:
    client.simulator.fault("status", match={"kind": "signin"}, status=503)
    answer = client.send("POST", f"{client.simulator.url}/common/oauth2/v2.0/token")
    assert answer.status_code == 503
    assert client.call("GET", "products").status_code == 200


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "explode"},
        {"kind": "status", "times": 0},
        {"kind": "status", "status": "500"},
        {"kind": "status", "match": {"verb": "GET"}},
        {"kind": "status", "match": {"kind": "mail"}},
        {"kind": "status", "when": "now"},
        {"kind": "status", "times": True},
        {"kind": "status", "status": 42},
        {"kind": "status", "body": {"Code": 2}},
        {"kind": "operation", "code": 9},
        {"kind": "operation", "message": 4},
    ],
)
def test_invalid_fault_is_rejected(client: Client, order: dict[str, object]) -> None:
    with pytest.raises(SimulatorFailed, match=r"fault|Fault"):
        client.simulator.order("POST", "faults", order)
