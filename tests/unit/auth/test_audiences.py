# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Signing in to Azure Resource Manager: every source, and tokens apart from those of the Legacy API."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.claims import claims
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.login import DeviceCodeLogin
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, SignInError
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.signin import IDENTITY_HEADER
from tests.support.fake_az import FakeAz, install
from tests.support.people import (
    ADA,
    DIRECTORY,
    GRACE,
    OWN_CLIENT,
    PIPELINE,
    SECRET,
    UNCONSENTED,
    Certified,
    federated_token,
    here,
    write,
)

from .conftest import Authority, Opener

RESOURCE_MANAGER = "https://management.azure.com"
APPLICATION = {"api": "integrated", "client_id": PIPELINE, "directory_id": DIRECTORY}
OWN = {"api": "integrated", "client_id": OWN_CLIENT, "directory_id": DIRECTORY}


@pytest.fixture
def az(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAz:
    fake = install(monkeypatch, tmp_path)
    payload = {"oid": "object", "upn": ADA, "aud": RESOURCE_MANAGER, "exp": int(time.time()) + 3600}
    fake.answers(json.dumps({"accessToken": jwt.encode(payload, "nobody checks this key, but it is long")}))
    return fake


def test_client_secret_certificate_and_federated_token_sign_in(
    opened: Opener, registered: Certified, cluster: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    certificate = write(tmp_path / "pipeline.pem", registered.key_pem() + registered.certificate_pem)
    token = write(tmp_path / "token", federated_token(cluster))
    for credential in ({"client_secret": SECRET}, {"client_certificate": certificate}, {"federated_token_file": token}):
        assert claims(opened(**APPLICATION, **credential).token())["aud"] == RESOURCE_MANAGER


@pytest.mark.parametrize(
    "variables",
    [
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{url}"},
        {"IDENTITY_ENDPOINT": "{url}/msi/token", "IDENTITY_HEADER": IDENTITY_HEADER},
    ],
    ids=["virtual machine", "app service"],
)
def test_managed_identity_signs_in(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, opened: Opener, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(url=authority.identity_url))
    before = authority.issued
    for _unused in range(2):
        for api, audience in (("integrated", RESOURCE_MANAGER), ("legacy", "https://firstparty.sphere.azure.net/api")):
            assert claims(opened(auth_source="managed_identity", api=api).token())["aud"] == audience
    assert authority.issued == before + 2


def test_azure_cli_is_asked_for_resource_manager(az: FakeAz, opened: Opener) -> None:
    assert claims(opened(api="integrated").token())["aud"] == RESOURCE_MANAGER
    opened(api="legacy").token()
    scopes = [call[call.index("--scope") + 1] for call in az.calls()]
    assert scopes == [f"{RESOURCE_MANAGER}/.default", "https://firstparty.sphere.azure.net/api/.default"]


def test_apis_do_not_share_tokens(authority: Authority, opened: Opener) -> None:
    before = authority.issued
    for _unused in range(2):
        for api in ("integrated", "legacy"):
            opened(**{**APPLICATION, "api": api}, client_secret=SECRET).token()
    assert authority.issued == before + 2


def test_given_token_that_was_rejected_is_explained(opened: Opener) -> None:
    with pytest.raises(SignInError, match="Give a new token for Azure Resource Manager"):
        opened(api="integrated", access_token="a.b.c").renew("a.b.c")


def test_application_needs_no_consent_of_azure_sphere(opened: Opener) -> None:
    tokens = opened(api="integrated", client_id=UNCONSENTED, directory_id=DIRECTORY, client_secret=SECRET)
    assert claims(tokens.token())["aud"] == RESOURCE_MANAGER


def test_people_sign_in_through_their_own_client_application(
    authority: Authority, params: dict[str, Any], opened: Opener
) -> None:
    login = DeviceCodeLogin(AuthOptions.from_params({**params, **OWN}, here()), lambda _text: None)
    authority.approve(login.start().user_code, GRACE)
    assert login.finish(Deadline(10)).username == GRACE
    said = claims(opened(**OWN).token())
    assert (said["aud"], said["scp"]) == (RESOURCE_MANAGER, "user_impersonation")
    with pytest.raises(SignInError, match="no credentials"):
        opened(**{**OWN, "api": "legacy"})


@pytest.mark.parametrize("given", [{}, {"directory_id": DIRECTORY}, {"client_id": OWN_CLIENT}], ids=str)
def test_people_without_their_own_client_application_get_an_error_with_what_works(
    params: dict[str, Any], opened: Opener, given: dict[str, Any]
) -> None:
    wanted = {**params, **given, "api": "integrated"}
    for sign_in in (
        lambda: DeviceCodeLogin(AuthOptions.from_params(wanted, here()), lambda _text: None),
        lambda: opened(**given, api="integrated", auth_source="user"),
    ):
        with pytest.raises(InvalidInput, match=r"Incomplete credentials: .* directory_id"):
            sign_in()


def test_sign_in_to_azure_sphere_is_not_used_for_resource_manager(
    authority: Authority, params: dict[str, Any], opened: Opener
) -> None:
    login = DeviceCodeLogin(AuthOptions.from_params(params, here()), lambda _text: None)
    authority.approve(login.start().user_code, ADA)
    login.finish(Deadline(10))
    assert opened().source == "user"
    with pytest.raises(SignInError, match="no credentials"):
        opened(api="integrated")


@pytest.mark.parametrize(
    ("code", "words"),
    [("65001", "user_impersonation"), ("50020", "invited to the directory"), ("500011", "Resource Manager")],
)
def test_remedies_are_those_of_resource_manager(az: FakeAz, opened: Opener, code: str, words: str) -> None:
    az.answers(stderr=f"ERROR: AADSTS{code}: Something.", code=1)
    with pytest.raises(SignInError, match=words) as caught:
        opened(api="integrated", auth_source="azure_cli").token()
    assert "Azure Sphere" not in str(caught.value)
