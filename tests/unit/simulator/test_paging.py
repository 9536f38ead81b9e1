# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Lists are returned in pages, linked by a header."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import KETTLE, LAB, OWN, UNCLAIMED


@pytest.mark.parametrize("path", ["devices", f"products/{KETTLE}/devices", f"devicegroups/{LAB}/devices"])
def test_pages_contain_each_item_once(client: Client, path: str) -> None:
    client.simulator.settings(page_size=2)
    first = client.get(path)
    assert len(first["Items"]) == 2
    assert first["ContinuationToken"]
    assert sorted(d["DeviceId"].lower() for d in client.every(path)) == OWN


def test_last_page_has_null_token(client: Client) -> None:
    assert client.get("devices")["ContinuationToken"] is None


def test_client_can_request_shorter_pages(client: Client) -> None:
    page = client.get("devices?maxPageSize=3")
    assert len(page["Items"]) == 3
    rest = client.get("devices?maxPageSize=3", **{"Sphere-Continuation": page["ContinuationToken"]})
    assert len(rest["Items"]) == 2


def test_page_can_be_requested_again(client: Client) -> None:
    client.simulator.settings(page_size=2)
    token = client.get("devices")["ContinuationToken"]
    again = [client.get("devices", **{"Sphere-Continuation": token})["Items"] for _unused in range(2)]
    assert again[0] == again[1]


def test_claims_do_not_affect_a_started_listing(client: Client) -> None:
    client.simulator.settings(page_size=3)
    page = client.get("devices")
    client.done("PUT", f"devices/{UNCLAIMED[0]}/claim")
    rest = client.get("devices", **{"Sphere-Continuation": page["ContinuationToken"]})
    assert len(page["Items"]) + len(rest["Items"]) == len(OWN)
    assert rest["ContinuationToken"] is None


@pytest.mark.parametrize("token", ["nonsense", "a" * 4000])
def test_unknown_token_is_rejected(client: Client, token: str) -> None:
    assert client.call("GET", "devices", headers={"Sphere-Continuation": token}).status_code == 400


def test_token_is_bound_to_list_and_caller(client: Client, client_of: Callable[[str], Client]) -> None:
    client.simulator.settings(page_size=2)
    headers = {"Sphere-Continuation": client.get("devices")["ContinuationToken"]}
    assert client.call("GET", f"devicegroups/{LAB}/devices", headers=headers).status_code == 400
    assert client_of("Reader").call("GET", "devices", headers=headers).status_code == 400
    assert client.call("GET", "devices", headers=headers).status_code == 200


@pytest.mark.parametrize("size", ["0", "-1", "ten", "1.5", ""])
def test_invalid_page_size_is_rejected(client: Client, size: str) -> None:
    assert client.call("GET", f"devices?maxPageSize={size}").status_code == 400


def test_bound_token_rejects_another_page_size(client: Client) -> None:
    client.simulator.settings(continuation_page_size="bound")
    headers = {"Sphere-Continuation": client.get("devices?maxPageSize=2")["ContinuationToken"]}
    assert client.call("GET", "devices?maxPageSize=3", headers=headers).status_code == 400
    assert client.call("GET", "devices?maxPageSize=2", headers=headers).status_code == 200


def test_lists_can_be_newest_first_without_last_token(client: Client) -> None:
    client.simulator.settings(list_order="newest_first", end_of_list="absent")
    page = client.get("devices")
    assert [d["DeviceId"].lower() for d in page["Items"]] == OWN[::-1]
    assert "ContinuationToken" not in page
