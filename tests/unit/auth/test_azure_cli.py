# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Whoever is signed in to the Azure CLI. The program is the tests' own: the real one needs Azure."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import jwt
import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.azure_cli import signed_in
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import SignInError

from tests.support.fake_az import FakeAz, install
from tests.support.people import DIRECTORY, here

from .conftest import Opener


def token(name: str) -> str:
    claims = {"oid": "object", "upn": name, "exp": int(time.time()) + 3600}
    return jwt.encode(claims, "a key that nobody checks, but long", algorithm="HS256")


@pytest.fixture
def az(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAz:
    return install(monkeypatch, tmp_path)


def test_azure_cli_is_called_with_scope_and_its_token_is_cached(az: FakeAz, opened: Opener) -> None:
    given = token("ada@contoso.example")
    az.answers(json.dumps({"accessToken": given, "expires_on": int(time.time()) + 3600, "tokenType": "Bearer"}))
    tokens = opened(auth_source="azure_cli", directory_id=DIRECTORY)
    assert tokens.token() == given
    assert tokens.account().username == "ada@contoso.example"
    assert opened(auth_source="azure_cli", directory_id=DIRECTORY).token() == given
    scope = "https://firstparty.sphere.azure.net/api/.default"
    assert az.calls() == [
        ["account", "get-access-token", "--scope", scope, "--output", "json", "--tenant", DIRECTORY],
    ]


def test_older_azure_cli_uses_expiry_of_the_token_itself(az: FakeAz, opened: Opener) -> None:
    az.answers(json.dumps({"accessToken": token("ada"), "expiresOn": "2026-01-01 12:00:00.000000"}))
    opened(auth_source="azure_cli").token()
    opened(auth_source="azure_cli").token()
    assert len(az.calls()) == 1


def test_another_az_login_does_not_reuse_the_former_token(az: FakeAz, opened: Opener) -> None:
    az.answers(json.dumps({"accessToken": token("ada")}))
    first = opened(auth_source="azure_cli").token()
    az.sign_in("grace@fabrikam.example")
    az.answers(json.dumps({"accessToken": token("grace")}))
    assert opened(auth_source="azure_cli").token() != first


@pytest.mark.parametrize(
    ("stderr", "code", "words"),
    [
        ("ERROR: Please run 'az login' to setup account.\n", "azure_cli_signed_out", "nobody is signed in"),
        ("ERROR: AADSTS65001: The user or administrator has not consented.\nTrace ID: 1", "AADSTS65001", "consented"),
        ("ERROR: AADSTS50020: User account 'x' from identity provider ...", "AADSTS50020", "never invited"),
        ("ERROR: something else happened.\nand more", "azure_cli", "something else happened"),
        ("WARNING: az is chatty\nERROR: this is why\n", "azure_cli", "failed: this is why."),
        ("az: error: unrecognized arguments: --scope https://x", "azure_cli_old", "too old"),
        ("ERROR: No such token: eyJhbGciOiJub25l.eyJjYW5hcnkiOjF9.c2ln", "azure_cli", "No such token: (removed)"),
        ("", "azure_cli", "no reason"),
    ],
)
def test_azure_cli_failures_name_the_remedy(az: FakeAz, opened: Opener, stderr: str, code: str, words: str) -> None:
    az.answers(stderr=stderr, code=1)
    with pytest.raises(SignInError) as caught:
        opened(auth_source="azure_cli").token()
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("stdout", ["canary, not JSON", "[]", "{}", '{"accessToken": null}'])
def test_reply_without_a_token_is_reported(az: FakeAz, opened: Opener, stdout: str) -> None:
    az.answers(stdout)
    with pytest.raises(SignInError, match="holds no token") as caught:
        opened(auth_source="azure_cli").token()
    assert "canary" not in str(caught.value)


def test_missing_managed_identity_is_reported(monkeypatch: pytest.MonkeyPatch, opened: Opener, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SignInError, match="no program az"):
        opened(auth_source="azure_cli").token()


def test_auto_skips_azure_cli_that_is_not_signed_in(az: FakeAz, opened: Opener) -> None:
    az.sign_in(None)
    with pytest.raises(SignInError, match="no credentials"):
        opened()
    assert az.calls() == []


def test_profile_that_is_a_pipe_means_that_nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody writes to it, so reading it would never end."""
    install(monkeypatch, tmp_path)
    folder = tmp_path / "azure"
    folder.mkdir()
    os.mkfifo(folder / "azureProfile.json")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(folder))
    assert not signed_in(here())
