# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulated sign-in on its own, as any OAuth client meets it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import msal
import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.harness import SimulatorFailed
from tests.support.people import (
    ADA,
    DIRECTORY,
    ISSUER,
    OWN_CLIENT,
    PIPELINE,
    SECRET,
    SUBJECT,
    Certified,
    federated_token,
)

from .conftest import Authority

SPHERE_DIRECTORY = "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"
PUBLIC_CLIENT = "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f"
SCOPE = "https://firstparty.sphere.azure.net/api/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET_FORM = {"grant_type": "client_credentials", "client_id": PIPELINE, "client_secret": SECRET, "scope": SCOPE}


class Client:
    """Plain HTTP requests to the simulator."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return self._session.request(
            method, f"{self.authority.url}{path}", verify=self.authority.ca_path, timeout=10, **arguments
        )

    def token(self, form: dict[str, str], directory: str = DIRECTORY, **arguments: Any) -> dict[str, Any]:
        answer = self.ask("POST", f"/{directory}/oauth2/v2.0/token", data=form, **arguments)
        found: dict[str, Any] = answer.json()
        assert ("error" in found) == (answer.status_code in (400, 401))
        return found


@pytest.fixture
def client(authority: Authority) -> Client:
    return Client(authority)


def assertion(certified: Certified, authority: Authority, algorithm: str, **changes: Any) -> dict[str, str]:
    """A form with a client assertion signed with the certificate's key."""
    header, name = (hashes.SHA256(), "x5t#S256") if algorithm == "PS256" else (hashes.SHA1(), "x5t")
    thumbprint = base64.urlsafe_b64encode(certified.certificate.fingerprint(header)).rstrip(b"=").decode()
    endpoint = f"{authority.url}/{DIRECTORY}/oauth2/v2.0/token"
    claims = {"aud": endpoint, "iss": PIPELINE, "sub": PIPELINE, "exp": 9999999999, "jti": "1", **changes}
    assert isinstance(certified.key, rsa.RSAPrivateKey)
    signed = jwt.encode(claims, certified.key, algorithm=algorithm, headers={name: thumbprint})
    return {
        "grant_type": "client_credentials",
        "client_id": PIPELINE,
        "client_assertion": signed,
        "client_assertion_type": ASSERTION_TYPE,
        "scope": SCOPE,
    }


def test_discovery_document_refers_to_the_simulator(client: Client) -> None:
    found = client.ask("GET", f"/{DIRECTORY}/v2.0/.well-known/openid-configuration").json()
    base = f"{client.authority.url}/{DIRECTORY}"
    assert found["issuer"] == f"{base}/v2.0"
    assert found["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert found["device_authorization_endpoint"] == f"{base}/oauth2/v2.0/devicecode"
    by_name = client.ask("GET", "/contoso.example/v2.0/.well-known/openid-configuration").json()
    assert by_name == found
    unknown = client.ask("GET", "/nowhere.example/v2.0/.well-known/openid-configuration")
    assert (unknown.status_code, unknown.json()["error_codes"]) == (400, [90002])


def test_instance_discovery_is_followed_by_msal(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca_path)
    application = msal.ConfidentialClientApplication(
        PIPELINE,
        client_credential=SECRET,
        authority=f"{authority.url}/{DIRECTORY}",
        instance_discovery=f"{authority.url}/common/discovery/instance",
    )
    assert "access_token" in application.acquire_token_for_client([SCOPE])
    strange = {"authorization_endpoint": "https://elsewhere.example/x/oauth2/v2.0/authorize"}
    answer = Client(authority).ask("GET", "/common/discovery/instance", params=strange)
    assert answer.json()["error"] == "invalid_instance"


def test_tokens_are_signed_with_the_published_key(client: Client) -> None:
    token = client.token(SECRET_FORM)["access_token"]
    keys = jwt.PyJWKSet.from_dict(client.ask("GET", f"/{DIRECTORY}/discovery/v2.0/keys").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    audience = "https://firstparty.sphere.azure.net/api"
    assert jwt.decode(token, key, algorithms=["RS256"], audience=audience)["azp"] == PIPELINE


def test_secret_is_accepted_in_a_basic_header(client: Client) -> None:
    form = {name: value for name, value in SECRET_FORM.items() if not name.startswith("client")}
    assert "access_token" in client.token(form, auth=(PIPELINE, SECRET))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_both_algorithms_of_certificate_assertions_are_accepted(
    client: Client, registered: Certified, algorithm: str
) -> None:
    assert "access_token" in client.token(assertion(registered, client.authority, algorithm))


def test_older_certificate_assertion_of_msal_is_accepted(
    authority: Authority, registered: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca_path)
    thumbprint = registered.certificate.fingerprint(hashes.SHA1()).hex()
    credential = {"private_key": registered.key_pem().decode(), "thumbprint": thumbprint}
    application = msal.ConfidentialClientApplication(
        PIPELINE,
        client_credential=credential,
        authority=f"{authority.url}/{DIRECTORY}",
        instance_discovery=False,
    )
    assert "access_token" in application.acquire_token_for_client([SCOPE])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://elsewhere.example"}, 700023),
        ({"sub": "somebody else"}, 700021),
        ({"exp": 1700000000}, 700024),
        ({"nbf": 9999999998}, 700024),
    ],
)
def test_assertion_with_wrong_claims_is_rejected(
    client: Client, registered: Certified, changes: dict[str, Any], code: int
) -> None:
    assert client.token(assertion(registered, client.authority, "PS256", **changes))["error_codes"] == [code]


def test_assertion_signed_by_wrong_key_is_rejected(client: Client, registered: Certified, expired: Certified) -> None:
    assert client.token(assertion(Certified.make(), client.authority, "PS256"))["error_codes"] == [700027]
    assert client.token(assertion(expired, client.authority, "PS256"))["error_codes"] == [700027]
    swapped = Certified(Certified.make().key, registered.certificate)
    assert client.token(assertion(swapped, client.authority, "PS256"))["error_codes"] == [700027]


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "W10.W10.x", "e30.e30.x"])
def test_malformed_assertion_is_rejected(client: Client, registered: Certified, text: str) -> None:
    form = {**assertion(registered, client.authority, "PS256"), "client_assertion": text}
    assert client.token(form)["error"] == "invalid_client"


def test_unsigned_federated_token_is_rejected(client: Client, registered: Certified) -> None:
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": 9999999999}
    unsigned = jwt.encode(claims, None, algorithm="none")
    form = {**assertion(registered, client.authority, "PS256"), "client_assertion": unsigned}
    assert client.token(form)["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": ""}, 900144),
        ({"grant_type": "password"}, 70003),
        ({"client_id": ""}, 900144),
        ({"client_secret": ""}, 7000216),
        ({"scope": ""}, 900144),
        ({"scope": "https://unknown.example/.default"}, 500011),
        ({"scope": "https://firstparty.sphere.azure.net/api/everything"}, 70011),
        ({"scope": "https://firstparty.sphere.azure.net/api/azuresphere.readwrite"}, 1002012),
        ({"client_id": PUBLIC_CLIENT}, 700016),
    ],
)
def test_invalid_token_requests_are_rejected(client: Client, changes: dict[str, str], code: int) -> None:
    found = client.token({**SECRET_FORM, **changes})
    assert found["error_codes"] == [code]
    assert found["error_description"].startswith(f"AADSTS{code}: ")
    assert SECRET not in str(found)


def test_api_rejects_token_for_another_service(client: Client) -> None:
    management = {**SECRET_FORM, "scope": "https://management.azure.com/.default"}
    client.authority.next_tokens(audience="https://graph.microsoft.com")
    statuses = []
    for form in (SECRET_FORM, management, SECRET_FORM):
        token = client.token(form)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        statuses.append(client.ask("GET", "/v2/tenants", headers=headers).status_code)
    assert statuses == [401, 401, 200]


def test_token_lifetime_can_be_set(client: Client) -> None:
    client.authority.simulator.settings(token_lifetime=90)
    assert client.token(SECRET_FORM)["expires_in"] == 90
    client.authority.next_tokens(lifetime=5, times=2)
    lives = [client.token(SECRET_FORM)["expires_in"] for _unused in range(3)]
    assert lives == [5, 5, 90]


@pytest.mark.parametrize("order", [{"times": 0}, {"audience": 5}, {"lifetime": -1}, {"length": 5}])
def test_invalid_token_orders_are_rejected(authority: Authority, order: dict[str, Any]) -> None:
    with pytest.raises(SimulatorFailed):
        authority.next_tokens(**order)


def device_code(client: Client) -> dict[str, Any]:
    form = {
        "client_id": PUBLIC_CLIENT,
        "scope": "https://sphere.azure.net/api/user_impersonation offline_access openid",
    }
    found: dict[str, Any] = client.ask("POST", f"/{SPHERE_DIRECTORY}/oauth2/v2.0/devicecode", data=form).json()
    return found


def redeem(client: Client, code: dict[str, Any], grant: str = "device_code") -> dict[str, Any]:
    form = {"grant_type": grant, "client_id": PUBLIC_CLIENT, "device_code": code["device_code"]}
    return client.token(form, SPHERE_DIRECTORY)


@pytest.mark.parametrize("grant", ["device_code", "urn:ietf:params:oauth:grant-type:device_code"])
def test_device_code_is_pending_then_used(client: Client, grant: str) -> None:
    code = device_code(client)
    assert redeem(client, code, grant)["error"] == "authorization_pending"
    client.authority.approve(code["user_code"], ADA)
    found = redeem(client, code, grant)
    assert {"access_token", "refresh_token", "id_token", "client_info", "scope"} <= set(found)
    assert redeem(client, code, grant)["error"] == "bad_verification_code"


def test_refresh_tokens_rotate_and_can_be_revoked(client: Client) -> None:
    code = device_code(client)
    client.authority.approve(code["user_code"], ADA)
    tokens = [redeem(client, code)["refresh_token"]]
    form = {"grant_type": "refresh_token", "client_id": PUBLIC_CLIENT}
    for _unused in range(2):
        tokens.append(client.token({**form, "refresh_token": tokens[-1]}, SPHERE_DIRECTORY)["refresh_token"])
    assert len(set(tokens)) == 3
    client.authority.revoke(username=ADA.upper())
    for token in tokens:
        refused = client.token({**form, "refresh_token": token}, SPHERE_DIRECTORY)
        assert refused["error_codes"] == [50173]
    stranger = client.token({**form, "refresh_token": "made up"}, SPHERE_DIRECTORY)
    assert stranger["error"] == "invalid_grant"


def test_refresh_token_is_bound_to_its_client(client: Client) -> None:
    code = device_code(client)
    client.authority.approve(code["user_code"], ADA)
    form = {"grant_type": "refresh_token", "refresh_token": redeem(client, code)["refresh_token"]}
    assert client.token({**form, "client_id": OWN_CLIENT})["error"] == "invalid_grant"


def test_page_escapes_typed_text(client: Client) -> None:
    page = "/_simulator/signin/device"
    evil = '"><script>alert(1)</script>'
    shown = client.ask("GET", page, params={"user_code": evil}).text
    refused = client.ask("POST", page, data={"user_code": evil, "username": evil, "choice": "approve"})
    assert refused.status_code == 400
    assert "<script>" not in shown + refused.text
    assert ADA in shown


def test_page_can_decline_the_sign_in(client: Client) -> None:
    code = device_code(client)
    form = {"user_code": code["user_code"], "username": "", "choice": "decline"}
    assert "Declined" in client.ask("POST", "/_simulator/signin/device", data=form).text
    assert redeem(client, code)["error"] == "authorization_declined"


def test_code_can_be_entered_only_once(client: Client) -> None:
    code = device_code(client)
    client.authority.approve(code["user_code"], ADA)
    for typed in (code["user_code"], "WRONGCODE"):
        with pytest.raises(SimulatorFailed, match="AADSTS70018"):
            client.authority.approve(typed, ADA)


def test_waiting_device_codes_are_listed(client: Client) -> None:
    code = device_code(client)
    [waiting] = client.authority.simulator.order("GET", "signin")["device_codes"]
    assert (waiting["user_code"], waiting["state"]) == (code["user_code"], "pending")


@pytest.mark.parametrize("members", [{}, {"jwks": True}])
def test_issuer_accepts_a_key_or_a_key_set(
    client: Client, registered: Certified, cluster: rsa.RSAPrivateKey, members: dict[str, Any]
) -> None:
    state = json.loads(client.authority.simulator.state())
    if members:
        [application] = [a for a in state["applications"] if a["client_id"] == PIPELINE]
        key = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(cluster.public_key())), "kid": "one"}
        application["federated"] = [{"issuer": ISSUER, "subject": SUBJECT, "jwks": {"keys": [key]}}]
        client.authority.simulator.load(state)
    form = {**assertion(registered, client.authority, "PS256"), "client_assertion": federated_token(cluster)}
    assert "access_token" in client.token(form)


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ({"resource": "https://firstparty.sphere.azure.net/api"}, {"Metadata": "true"}, 400),
        ({"api-version": "2018-02-01"}, {"Metadata": "true"}, 400),
        ({"api-version": "2018-02-01", "resource": "https://firstparty.sphere.azure.net/api"}, {}, 400),
        ({"api-version": "2018-02-01", "resource": "https://unknown.example"}, {"Metadata": "true"}, 400),
        (
            {"api-version": "2018-02-01", "resource": "https://firstparty.sphere.azure.net/api"},
            {"Metadata": "true"},
            200,
        ),
    ],
)
def test_metadata_service_requires_its_header(
    authority: Authority, query: dict[str, str], headers: dict[str, str], status: int
) -> None:
    address = f"{authority.identity_url}/metadata/identity/oauth2/token"
    answer = requests.get(address, params=query, headers=headers, timeout=10)
    assert answer.status_code == status
    assert ("access_token" in answer.json()) == (status == 200)
