# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tokens, claims challenges, roles and registration."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest
import requests

from tests.simulator.harness import Simulator
from tests.unit.simulator.client import SCOPE as LEGACY_SCOPE
from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import OWN, seed
from tests.unit.simulator.resource_manager.client import BASE, SUBSCRIPTION, ArmClient, request_token

LAB = "products/Kettle/deviceGroups/Lab"
PROOF = ("POST", "certificates/.default/retrieveProofOfPossessionNonce", {"proofOfPossessionNonce": "x"})
CHAIN = ("POST", "certificates/.default/retrieveCertChain", None)
LIST = ("POST", "listDevices", None)
DEPLOYMENTS = ("POST", "listDeployments", None)
UPLOAD = ("POST", "uploadImage", {"properties": {"image": "eA=="}})
CAPABILITY = ("POST", f"{LAB}/devices/{OWN[0]}/generateCapabilityImage", {"capabilities": []})
CHANGE = ("PATCH", LAB, {"properties": {}})
READ = ("GET", LAB, None)


def test_token_of_one_api_is_rejected_by_the_other(arm: ArmClient, client: Client) -> None:
    legacy = request_token(arm.simulator, "Administrator", LEGACY_SCOPE)
    answer = arm.call("GET", "", headers={"Authorization": f"Bearer {legacy}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationTokenAudience")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    assert client.call("GET", "devices", headers={"Authorization": f"Bearer {arm.token}"}).status_code == 401


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer nonsense"])
def test_missing_or_invalid_token_is_rejected(arm: ArmClient, header: str) -> None:
    answer = arm.call("GET", "", headers={"Authorization": header})
    assert (answer.status_code, "error" in answer.json()) == (401, True)


def test_claims_challenge_is_answered_by_a_token_with_the_claims(arm: ArmClient) -> None:
    arm.simulator.settings(arm_claims_challenge="once")
    refused = arm.call("GET", "")
    assert refused.status_code == 401
    challenge = refused.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    found = re.search('claims="([^"]+)"', challenge)
    assert found is not None
    claims = base64.b64decode(found[1]).decode()
    assert json.loads(claims)["access_token"]["nbf"]["essential"]
    arm.token = request_token(arm.simulator, "Administrator")
    assert arm.call("GET", "").status_code == 401
    arm.token = request_token(arm.simulator, "Administrator", claims=claims)
    assert arm.call("GET", "").status_code == 200
    arm.simulator.settings(arm_claims_challenge="always")
    assert arm.call("GET", "").status_code == 401


@pytest.mark.parametrize(
    ("role", "allowed", "denied"),
    [
        ("Owner", [READ, CHANGE, CAPABILITY, UPLOAD, PROOF, LIST], []),
        ("Contributor", [READ, CHANGE, CAPABILITY, UPLOAD, PROOF, LIST], []),
        ("Publisher", [READ, LIST, CHAIN, PROOF, UPLOAD], [CHANGE, CAPABILITY, DEPLOYMENTS]),
        ("Reader", [READ, LIST, CHAIN, DEPLOYMENTS], [PROOF, CHANGE, CAPABILITY, UPLOAD]),
    ],
)
def test_roles_allow_what_azure_documents(
    simulator: Simulator, role: str, allowed: list[tuple[str, str, object]], denied: list[tuple[str, str, object]]
) -> None:
    assignment = {"scope": BASE, "principal": "Stranger", "role": f"Azure Sphere {role}"}
    simulator.load({**seed(), "role_assignments": [assignment]})
    arm = ArmClient(simulator, "Stranger")
    for call in allowed:
        assert arm.call(*call).status_code not in (401, 403), call
    for call in denied:
        answer = arm.call(*call)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed"), call
    arm.close()


def test_role_applies_below_its_scope_only(simulator: Simulator) -> None:
    reader = {"principal": "Stranger", "role": "Azure Sphere Reader"}
    simulator.load({**seed(), "role_assignments": [{"scope": f"{BASE}/{LAB}", **reader}]})
    arm = ArmClient(simulator, "Stranger")
    assert arm.call("GET", LAB.upper().replace("KETTLE", "kettle")).status_code == 200
    assert arm.call("GET", f"{LAB}/devices/{OWN[0]}").status_code == 200
    assert arm.call("GET", "products/Kettle").status_code == 403
    assert arm.listed(BASE.rpartition("/")[0]) == []
    arm.close()


def test_existence_of_a_catalog_is_hidden_from_strangers(arm_of: Callable[[str], ArmClient]) -> None:
    stranger = arm_of("Stranger")
    assert [stranger.call("GET", path).status_code for path in (BASE, f"{BASE}x")] == [403, 403]
    assert stranger.call("PUT", f"{BASE}x", {"location": "global"}).status_code == 403
    assert arm_of("Reader").call("GET", f"{BASE}x").status_code == 404


def test_missing_subscription_and_resource_group(arm: ArmClient) -> None:
    for path, code in (
        (BASE.replace(SUBSCRIPTION, OWN[0][:36]), "SubscriptionNotFound"),
        (BASE.replace("fleet-rg", "other"), "ResourceGroupNotFound"),
    ):
        answer = arm.call("GET", path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_provider_can_be_registered(arm: ArmClient) -> None:
    arm.simulator.settings(arm_registration="missing")
    answer = arm.call("GET", "")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "MissingSubscriptionRegistration")
    own = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AzureSphere"
    assert arm.get(own)["registrationState"] == "NotRegistered"
    assert arm.call("POST", f"{own}/register").json()["registrationState"] == "Registered"
    assert arm.call("GET", "").status_code == 200


def test_api_version_is_checked(arm: ArmClient) -> None:
    url = f"{arm.simulator.url}{BASE}"
    assert arm.send("GET", url).json()["error"]["code"] == "MissingApiVersionParameter"
    assert arm.send("GET", f"{url}?api-version=2022-09-01-preview").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "products/Lamp", {"properties": {"Description": "x"}}, 400),
        ("PUT", "products/Lamp", None, 415),
        ("PATCH", LAB, {"properties": {"osFeedType": 1}}, 400),
        ("PATCH", LAB, {"properties": {"updatePolicy": "NoUpdates"}}, 400),
        ("PATCH", f"{LAB}/devices/{OWN[0]}", {"properties": {"deviceGroupId": "x"}}, 400),
        ("POST", f"{LAB}/claimDevices", {"deviceIdentifiers": ["x"]}, 400),
        ("POST", f"{LAB}/claimDevices", {"deviceIdentifiers": []}, 400),
        ("PUT", f"{BASE}2", {"location": "westeurope"}, 400),
        ("PUT", f"{BASE}!", {"location": "global"}, 400),
        ("POST", "listDeviceGroups", None, 415),
        ("GET", "nowhere", None, 404),
        ("POST", "products", None, 405),
    ],
)
def test_invalid_request_is_rejected(arm: ArmClient, method: str, path: str, body: object, status: int) -> None:
    answer = arm.call(method, path, body)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


def test_managed_identity_answers_a_claims_challenge_with_a_new_token(simulator: Simulator) -> None:
    reader = {"scope": BASE, "principal": "fleet-runner", "role": "Azure Sphere Reader"}
    machines = [{"name": "fleet-runner", "system_assigned": True}]
    simulator.load({**seed(), "managed_identities": machines, "role_assignments": [reader]})
    simulator.settings(arm_claims_challenge="once")
    arm = ArmClient(simulator, "Reader")
    codes = []
    for _unused in range(2):
        answer = requests.get(
            f"{simulator.ready['managed_identity_url']}/metadata/identity/oauth2/token",
            params={"api-version": "2018-02-01", "resource": "https://management.azure.com/"},
            headers={"Metadata": "true"},
            timeout=10,
        )
        arm.token = answer.json()["access_token"]
        codes += [arm.call("GET", LAB).status_code for _again in range(2)]
    assert codes == [401, 401, 200, 200]
    arm.close()
