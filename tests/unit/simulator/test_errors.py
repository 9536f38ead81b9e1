# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Error replies, in the documented form and in other known or possible forms."""

from __future__ import annotations

import pytest
import requests

from tests.simulator.harness import Simulator
from tests.unit.simulator.client import DIRECTORY, Client, client_id
from tests.unit.simulator.conftest import LAB

NOWHERE = "products/33333333-2222-4333-8444-555555555555"


def ask(simulator: Simulator, token: str | None) -> requests.Response:
    headers = {} if token is None else {"Authorization": token}
    return requests.get(f"{simulator.url}/v2/tenants", headers=headers, verify=simulator.ca, timeout=10)


def token(simulator: Simulator, scope: str = "https://firstparty.sphere.azure.net/api/.default") -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id("Administrator"),
        "client_secret": "secret of Administrator",
        "scope": scope,
    }
    address = f"{simulator.url}/{DIRECTORY}/oauth2/v2.0/token"
    answer = requests.post(address, data=form, verify=simulator.ca, timeout=10)
    assert answer.status_code == 200, answer.text
    return f"Bearer {answer.json()['access_token']}"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Bearer nonsense", "Bearer a.b.c"])
def test_invalid_token_is_rejected(fleet: Simulator, header: str | None) -> None:
    answer = ask(fleet, header)
    assert answer.status_code == 401
    assert answer.json()[0]["ErrorCode"] == "Unauthorized"


def test_token_expires(fleet: Simulator) -> None:
    good = token(fleet)
    assert ask(fleet, good).status_code == 200
    fleet.advance(3601)
    assert ask(fleet, good).status_code == 401
    fleet.settings(bad_token="400")
    assert ask(fleet, good).status_code == 400


def test_revoked_token_is_rejected(fleet: Simulator) -> None:
    good = token(fleet)
    fleet.revoke_tokens()
    assert ask(fleet, good).status_code == 401
    assert ask(fleet, token(fleet)).status_code == 200


def test_modified_token_is_rejected(fleet: Simulator) -> None:
    head, _dot, signature = token(fleet).rpartition(".")
    assert ask(fleet, f"{head}.{signature[::-1]}").status_code == 401


def test_token_for_another_audience_is_rejected(fleet: Simulator) -> None:
    fleet.order("POST", "signin/next-tokens", {"audience": "https://graph.microsoft.com"})
    assert ask(fleet, token(fleet)).status_code == 401


def test_error_has_documented_members(client: Client) -> None:
    answer = client.call("GET", NOWHERE)
    assert answer.status_code == 404
    (problem,) = answer.json()
    assert set(problem) == {"Detail", "ErrorCode", "Extensions", "Instance", "Status", "Title", "Type"}
    assert (problem["Status"], problem["ErrorCode"], problem["Title"]) == (404, "NotFound", "Not Found")


def test_error_has_request_id_in_header(client: Client) -> None:
    assert client.call("GET", NOWHERE).headers["x-ms-request-id"]
    client.simulator.settings(trace_header="request-id")
    assert client.call("GET", NOWHERE).headers["request-id"]


@pytest.mark.parametrize(
    ("shape", "media_type", "text"),
    [
        ("object", "application/json", '"ErrorCode": "NotFound"'),
        ("code_message", "application/json", '{"Code": 8, "Message": '),
        ("aspnet", "application/json", '"title": "Not Found"'),
        ("text", "text/plain", "There is no product"),
        ("html", "text/html", "<title>Not Found</title>"),
    ],
)
def test_undocumented_errors_use_form_of_settings(client: Client, shape: str, media_type: str, text: str) -> None:
    client.simulator.settings(problem_shape=shape)
    answer = client.call("GET", NOWHERE)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith(media_type)
    assert text in answer.text


def test_errors_can_have_no_body(client: Client) -> None:
    client.simulator.settings(problem_shape="empty")
    answer = client.call("GET", NOWHERE)
    assert answer.content == b""
    assert "Content-Type" not in answer.headers


def test_documented_errors_ignore_settings(client: Client) -> None:
    client.simulator.settings(problem_shape="text")
    answer = client.call("PATCH", f"devicegroups/{LAB}", {"OSFeedType": 9})
    assert answer.json()[0]["Status"] == 400


def test_unknown_addresses_return_404_or_405(client: Client) -> None:
    assert client.call("GET", "/v2/catalogs").status_code == 404
    assert client.call("DELETE", "devices").status_code == 405
    assert client.call("GET", "/tenants").status_code == 404
