# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the user may say, and which way of signing in it means. Nothing here reaches any server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.cache import cache_path
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.choose import open_tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, SignInError

from tests.support.fake_az import install
from tests.support.people import DIRECTORY, PIPELINE, here, write

IDS = {"client_id": PIPELINE, "directory_id": DIRECTORY}
SECRETS = {
    "access_token": "canary.access.token",
    "client_secret": "canary secret",
    "client_certificate_password": "canary password",
}


def source(tmp_path: Path, **params: Any) -> str:
    options = AuthOptions.from_params({"token_cache": str(tmp_path / "cache"), **params}, here())
    return open_tokens(options, lambda _warning: None).source


def test_empty_options_count_as_missing() -> None:
    names = [*SECRETS, "client_id", "directory_id", "token_cache", "ca_path", "authority_host", "auth_source"]
    assert AuthOptions.from_params(dict.fromkeys(names, ""), here()) == AuthOptions.from_params({}, here())


def test_options_do_not_show_secrets(tmp_path: Path) -> None:
    options = AuthOptions.from_params({**SECRETS, **IDS}, here())
    assert "canary" not in repr(options)
    for given in ({"access_token": SECRETS["access_token"]}, {**IDS, "client_secret": SECRETS["client_secret"]}):
        tokens = open_tokens(
            AuthOptions.from_params({"token_cache": str(tmp_path), **given}, here()), lambda _warning: None
        )
        assert "canary" not in f"{tokens!r} {vars(tokens)!r}"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"auth_source": "password"}, 'Invalid auth_source "password": there is no such way of signing in'),
        ({"authority_host": "http://login.example"}, "authority_host"),
        ({"authority_host": "https://login.example/tenant"}, "authority_host"),
        ({"authority_host": "login.example:port"}, "authority_host"),
        ({"authority_host": "login.example:70000"}, "authority_host"),
        ({"authority_host": "https://[::1"}, "authority_host"),
        ({"authority_host": "two words"}, "authority_host"),
        ({"directory_id": "../../elsewhere"}, "directory_id"),
        ({"client_id": "two words"}, "client_id"),
        ({"ca_path": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
    ],
)
def test_invalid_options_are_rejected(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        AuthOptions.from_params(params, here())


@pytest.mark.parametrize(
    "params", [{"client_id": "canary~secret"}, {"authority_host": "https://:canary@login.example"}]
)
def test_secret_in_the_wrong_option_is_not_shown(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        AuthOptions.from_params(params, here())
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["login.example", "https://login.example/", "https://LOGIN.example"])
def test_authority_is_parsed_like_azure_sdks(host: str) -> None:
    assert AuthOptions.from_params({"authority_host": host}, here()).authority("d") == "https://login.example/d"


def test_device_code_defaults_to_the_client_of_azure_sphere() -> None:
    options = AuthOptions.from_params({}, here())
    assert options.people_client == "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f"
    assert options.people_directory == "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"
    assert options.people_scope == "https://sphere.azure.net/api/user_impersonation"
    own = AuthOptions.from_params(IDS, here())
    assert own.people_scope == "https://firstparty.sphere.azure.net/api/azuresphere.readwrite"


def test_cache_is_in_the_cache_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_path(None, here()) == str(tmp_path / "home/.cache/azsphere.fleet")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_path(None, here()) == str(tmp_path / "xdg/azsphere.fleet")
    assert cache_path("~/tokens", here()) == cache_path("$HOME/tokens", here()) == str(tmp_path / "home/tokens")
    assert cache_path("None", here()) is None


def test_auto_uses_first_configured_source_in_documented_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configured = {
        "access_token": "canary.access.token",
        "client_secret": "canary secret",
        "client_certificate": "pipeline.pem",
        "federated_token_file": "token",
    }
    order = ["access_token", "client_secret", "client_certificate", "workload_identity"]
    install(monkeypatch, tmp_path)
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "canary header")
    for option, expected in zip(list(configured), order, strict=True):
        assert source(tmp_path, **IDS, **configured) == expected
        del configured[option]
    assert source(tmp_path, **IDS) == "managed_identity"
    monkeypatch.delenv("IDENTITY_HEADER")
    assert source(tmp_path, **IDS) == "azure_cli"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(SignInError, match="no credentials"):
        source(tmp_path, **IDS)


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({"IDENTITY_ENDPOINT": "http://127.0.0.1:9", "IDENTITY_HEADER": "x"}, True),
        ({"IDENTITY_ENDPOINT": "http://127.0.0.1:9", "IMDS_ENDPOINT": "http://127.0.0.1:9"}, True),
        ({"MSI_ENDPOINT": "http://127.0.0.1:9", "MSI_SECRET": "x"}, True),
        ({"IDENTITY_ENDPOINT": "http://127.0.0.1:9"}, False),
        ({"MSI_ENDPOINT": "http://127.0.0.1:9"}, False),
        ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}, False),
    ],
)
def test_auto_uses_managed_identity_only_if_platform_announces_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], there: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if there:
        assert source(tmp_path) == "managed_identity"
    else:
        with pytest.raises(SignInError, match="no credentials"):
            source(tmp_path)


@pytest.mark.parametrize(
    ("params", "missing"),
    [
        ({"client_secret": "canary"}, "client_id and directory_id"),
        ({"client_secret": "canary", "client_id": PIPELINE}, "needs directory_id"),
        ({"client_secret": "canary", "directory_id": DIRECTORY}, "needs client_id"),
        ({"client_certificate": "x.pem", "client_id": PIPELINE}, "needs directory_id"),
        ({"client_certificate_password": "canary", **IDS}, "needs client_certificate"),
        ({"federated_token_file": "token"}, "client_id and directory_id"),
        ({"auth_source": "client_secret", **IDS}, "needs client_secret"),
        ({"auth_source": "client_certificate", **IDS, "client_secret": "canary"}, "needs client_certificate"),
        ({"auth_source": "workload_identity", **IDS}, "needs federated_token_file"),
        ({"auth_source": "access_token"}, "needs access_token"),
        ({"auth_source": "user", "client_id": PIPELINE}, "needs directory_id"),
    ],
)
def test_incomplete_credentials_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, params: dict[str, Any], missing: str
) -> None:
    install(monkeypatch, tmp_path)
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "canary header")
    with pytest.raises(InvalidInput, match=missing) as caught:
        source(tmp_path, **params)
    assert "canary" not in str(caught.value)


def test_explicit_source_takes_precedence(tmp_path: Path) -> None:
    given = {**IDS, "client_secret": "canary", "access_token": "canary.access.token"}
    assert source(tmp_path, auth_source="client_secret", **given) == "client_secret"
    assert source(tmp_path, auth_source="managed_identity", **given) == "managed_identity"


def test_given_token_is_used_unchanged_and_not_renewed(tmp_path: Path) -> None:
    path = write(tmp_path / "token", "canary.access.token\n")
    options = AuthOptions.from_params(
        {"access_token": Path(path).read_text(), "token_cache": str(tmp_path / "cache")}, here()
    )
    tokens = open_tokens(options, lambda _warning: None)
    assert tokens.token() == "canary.access.token"
    assert not (tmp_path / "cache").exists()
    with pytest.raises(SignInError, match="service rejected the access_token") as caught:
        tokens.renew("canary.access.token")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("token", ["canary\r\nX-Injected: yes", "canary token", "canary\u00e9"])
def test_token_invalid_in_a_header_is_rejected_and_masked(tmp_path: Path, token: str) -> None:
    with pytest.raises(FleetError, match="Invalid access_token") as caught:
        source(tmp_path, access_token=token)
    assert "canary" not in str(caught.value)
