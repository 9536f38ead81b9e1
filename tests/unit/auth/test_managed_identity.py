# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Managed identities, in the three shapes that the simulator has."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.claims import claims
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import SignInError

from tests.simulator.signin import IDENTITY_HEADER
from tests.support.people import DIRECTORY, SYSTEM_IDENTITY, USER_IDENTITY, USER_IDENTITY_CLIENT

from .conftest import Authority, Opener

SHAPES = {
    "virtual machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{url}"},
    "app service": {"IDENTITY_ENDPOINT": "{url}/msi/token", "IDENTITY_HEADER": IDENTITY_HEADER},
    "machine learning": {"MSI_ENDPOINT": "{url}/msi/token", "MSI_SECRET": IDENTITY_HEADER},
}


@pytest.fixture(params=list(SHAPES))
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> str:
    """A machine with a managed identity in its environment, or a virtual machine with its metadata service."""
    for name, value in SHAPES[request.param].items():
        monkeypatch.setenv(name, value.format(url=authority.identity_url))
    # A proxy for everything else has no business here.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    return str(request.param)


@pytest.mark.usefixtures("machine")
def test_system_assigned_identity_signs_in(opened: Opener) -> None:
    tokens = opened(auth_source="managed_identity")
    said = claims(tokens.token())
    assert (said["oid"], said["aud"]) == (SYSTEM_IDENTITY, "https://firstparty.sphere.azure.net/api")
    assert tokens.account().address == f"{SYSTEM_IDENTITY}@{DIRECTORY}.onmicrosoft.com"


@pytest.mark.usefixtures("machine")
def test_user_assigned_identity_is_selected_by_client_id(opened: Opener) -> None:
    tokens = opened(auth_source="managed_identity", client_id=USER_IDENTITY_CLIENT)
    assert claims(tokens.token())["oid"] == USER_IDENTITY


def test_auto_uses_managed_identity_of_the_environment(machine: str, opened: Opener) -> None:
    if machine == "virtual machine":
        with pytest.raises(SignInError, match="no credentials"):
            opened()
    else:
        assert claims(opened().token())["oid"] == SYSTEM_IDENTITY


@pytest.mark.usefixtures("machine")
def test_identities_of_one_machine_do_not_share_tokens(authority: Authority, opened: Opener) -> None:
    before = authority.issued
    for _unused in range(2):
        first = opened(auth_source="managed_identity").token()
        second = opened(auth_source="managed_identity", client_id=USER_IDENTITY_CLIENT).token()
        assert claims(first)["oid"] != claims(second)["oid"]
    assert authority.issued == before + 2


@pytest.mark.usefixtures("machine")
def test_unassigned_identity_is_reported(opened: Opener) -> None:
    with pytest.raises(SignInError, match=r"(?i)identity") as caught:
        opened(auth_source="managed_identity", client_id="99999999-aaaa-4aaa-8aaa-999999999999").token()
    assert "assigned" in str(caught.value)


def test_wrong_identity_header_is_reported(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, opened: Opener
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{authority.identity_url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "canary header")
    with pytest.raises(SignInError, match="header") as caught:
        opened().token()
    assert "canary" not in str(caught.value)


def test_managed_identity_outside_azure_is_reported(monkeypatch: pytest.MonkeyPatch, opened: Opener) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(SignInError, match="refused the connection") as caught:
            opened(auth_source="managed_identity").token()
    assert "choose another auth_source" in str(caught.value)
