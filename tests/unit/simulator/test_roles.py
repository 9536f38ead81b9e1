# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What each role can do, and how other requests are rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.simulator.client import Client, object_id
from tests.unit.simulator.conftest import FIELD, FOREIGN_TENANT, KETTLE, LAB, OWN, UNCLAIMED

INVITE = "/v2/tenants/00000000-0000-0000-0000-000000000000/users/invite"
CONTRIBUTING: list[tuple[str, str, Any]] = [
    ("POST", "products", {"Name": "Lamp"}),
    ("PATCH", f"products/{KETTLE}", {"Description": "x"}),
    ("POST", "devicegroups", {"Name": "New", "ProductId": KETTLE}),
    ("PUT", f"devices/{UNCLAIMED[0]}/claim", None),
    ("PUT", "devices", [UNCLAIMED[1]]),
    ("PUT", f"devices/{OWN[0]}/devicegroup", FIELD),
    ("POST", "deviceCapabilityImage", {"DeviceId": OWN[0], "Capabilities": [11]}),
    ("POST", f"devicegroups/{LAB}/deployments", []),
]
ADMINISTERING: list[tuple[str, str, Any]] = [
    ("DELETE", f"devicegroups/{FIELD}", None),
    ("DELETE", f"products/{KETTLE}", None),
    ("PATCH", "", {"Name": "Fleet"}),
    ("POST", "blocklegacyauthorization", None),
    ("POST", f"users/{object_id('Reader')}/role/Contributor/assign", None),
    ("POST", f"users/{object_id('Reader')}/role/Reader/unassign", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CONTRIBUTING)
def test_contributor_can_write_and_reader_cannot(
    client_of: Callable[[str], Client], method: str, path: str, body: Any
) -> None:
    assert client_of("Reader").call(method, path, body).status_code == 403
    assert client_of("Contributor").call(method, path, body).ok


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTERING)
def test_contributor_cannot_delete_or_manage_users(
    client_of: Callable[[str], Client], method: str, path: str, body: Any
) -> None:
    assert client_of("Contributor").call(method, path, body).status_code == 403
    assert client_of("Administrator").call(method, path, body).ok


@pytest.mark.parametrize(
    "path", ["", "products", "devicegroups", "devices", "images", "getDeviceInsights", "certificates"]
)
def test_reader_can_read(client_of: Callable[[str], Client], path: str) -> None:
    assert client_of("Reader").call("GET", path).status_code == 200


def test_user_list_is_visible_to_administrators_only(client_of: Callable[[str], Client]) -> None:
    for role in ("Reader", "Contributor"):
        assert client_of(role).call("GET", "users").status_code == 404
    assert client_of("Administrator").call("GET", "users").status_code == 200


def test_tenant_without_role_looks_like_missing_tenant(client: Client) -> None:
    paths = [f"/v2/tenants/{FOREIGN_TENANT}/devices", "/v2/tenants/33333333-2222-4333-8444-555555555555/devices"]
    answers = [client.call("GET", path) for path in paths]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_tenants_are_those_with_a_role(client_of: Callable[[str], Client]) -> None:
    (tenant,) = client_of("Reader").get("/v2/tenants")
    assert (tenant["Name"], tenant["Roles"]) == ("Contoso Fleet", ["Reader"])
    assert client_of("Stranger").get("/v2/tenants") == []


def test_denied_requests_can_return_not_found(client_of: Callable[[str], Client]) -> None:
    reader = client_of("Reader")
    reader.simulator.settings(denied="404")
    assert reader.call("POST", "products", {"Name": "Lamp"}).status_code == 404


def test_role_requires_invitation(client: Client) -> None:
    assign = "users/eva@contoso.example/role/Reader/assign"
    assert client.call("POST", assign).status_code == 404
    invitation = client.call("POST", INVITE, {"UserEmail": "Eva@contoso.example"})
    assert invitation.json()["Status"]
    assert client.get("users/eva@contoso.example/role") == {"Roles": []}
    assert client.call("POST", assign).status_code == 200
    assert client.call("POST", assign.replace("Reader", "contributor")).content == b""
    (eva,) = [p for p in client.get("users")["Principals"] if p["Mail"] == "Eva@contoso.example"]
    assert eva["Roles"] == ["Contributor", "Reader"]
    assert client.get(f"users/{eva['PrincipalId']}/role")["Roles"][0]["RoleNames"] == ["Contributor", "Reader"]
    for role in ("Reader", "Contributor"):
        assert client.call("POST", f"users/{eva['PrincipalId']}/role/{role}/unassign").status_code == 200
    assert "Eva@contoso.example" not in [p["Mail"] for p in client.get("users")["Principals"]]


def test_invitation_can_take_effect_later(client: Client) -> None:
    client.simulator.settings(invitation_seconds=20)
    client.call("POST", INVITE, {"UserEmail": "eva@contoso.example"})
    assign = "users/eva@contoso.example/role/Reader/assign"
    assert client.call("POST", assign).status_code == 404
    client.simulator.advance(21)
    assert client.call("POST", assign).status_code == 200


def test_service_principal_is_invited_by_its_address(client: Client, client_of: Callable[[str], Client]) -> None:
    address = f"{object_id('Stranger')}@99999999-2222-4333-8444-555555555555.onmicrosoft.com"
    client.call("POST", INVITE, {"UserEmail": address})
    client.call("POST", f"users/{address}/role/Reader/assign")
    assert client_of("Stranger").call("GET", "devices").status_code == 200


@pytest.mark.parametrize("role", ["Reader", "Contributor", "Stranger"])
def test_only_administrators_can_invite(client_of: Callable[[str], Client], role: str) -> None:
    assert client_of(role).call("POST", INVITE, {"UserEmail": "eva@contoso.example"}).status_code == 403


def test_callers_can_see_their_own_roles_only(client_of: Callable[[str], Client]) -> None:
    reader = client_of("Reader")
    assert reader.get(f"users/{object_id('Reader')}/role")["Roles"][0]["RoleNames"] == ["Reader"]
    assert reader.call("GET", f"users/{object_id('Administrator')}/role").status_code == 404


def test_unknown_role_is_rejected(client: Client) -> None:
    assert client.call("POST", f"users/{object_id('Reader')}/role/Owner/assign").status_code == 400
    assert client.get("/v2/roles") == ["Administrator", "Contributor", "Reader"]
