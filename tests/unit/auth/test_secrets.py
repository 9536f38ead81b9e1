# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Canaries: no credential shows anywhere but in the cache's own files."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.choose import open_tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.login import DeviceCodeLogin
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.fake_az import install
from tests.support.people import (
    ADA,
    DIRECTORY,
    OLD_SECRET,
    PASSWORD,
    PIPELINE,
    SECRET,
    Certified,
    federated_token,
    here,
    write,
)

from .conftest import Authority

IDS = {"client_id": PIPELINE, "directory_id": DIRECTORY}


class Watcher:
    """Collects everything that signing in says, and what it must not say."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.said: list[str] = []
        self.canaries: set[str] = set()

    def sign_in(self, **more: Any) -> None:
        """Signs in, renews and asks who it is; takes down every word, of failures with traceback and context."""
        given = {**self.params, **more}
        for name in ("client_secret", "access_token", "client_certificate_password"):
            if given.get(name):
                self.canaries.add(given[name])
        try:
            options = AuthOptions.from_params(given, here())
            tokens = open_tokens(options, self.said.append)
            self.said += [repr(options), repr(tokens), repr(vars(tokens))]
            token = tokens.token()
            self.canaries.add(token)
            self.said += [
                repr(tokens),
                repr(vars(tokens)),
                repr(tokens.account()),
                json.dumps(tokens.account().as_dict()),
            ]
            self.canaries.add(tokens.renew(token))
        except FleetError as error:
            self.said += [str(error), repr(error), repr(error.as_dict()), "".join(traceback.format_exception(error))]


@pytest.fixture
def watcher(params: dict[str, Any], caplog: pytest.LogCaptureFixture) -> Watcher:
    caplog.set_level(logging.INFO)
    return Watcher(params)


def test_no_secret_is_shown(
    watcher: Watcher,
    authority: Authority,
    registered: Certified,
    cluster: rsa.RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    stranger = Certified.make()
    certificate = write(tmp_path / "pipeline.pem", registered.key_pem(PASSWORD) + registered.certificate_pem)
    wrong = write(tmp_path / "stranger.pem", stranger.key_pem() + stranger.certificate_pem)
    federated, forged = federated_token(cluster), federated_token(cluster, sub="intruder")
    watcher.canaries |= {federated, forged, SECRET, OLD_SECRET, *_lines(registered), *_lines(stranger)}
    token_file = tmp_path / "token"
    ways: list[Callable[[], None]] = [
        lambda: watcher.sign_in(access_token="canary.given.token"),
        lambda: watcher.sign_in(access_token="canary token\n that is none"),
        lambda: watcher.sign_in(client_secret="canary half"),
        lambda: watcher.sign_in(**IDS, client_secret=SECRET),
        lambda: watcher.sign_in(**IDS, client_secret=OLD_SECRET),
        lambda: watcher.sign_in(**IDS, client_secret="canary wrong secret"),
        lambda: watcher.sign_in(**IDS, client_certificate=certificate, client_certificate_password=PASSWORD),
        lambda: watcher.sign_in(**IDS, client_certificate=certificate, client_certificate_password="canary wrong"),
        lambda: watcher.sign_in(**IDS, client_certificate=wrong),
        lambda: (token_file.write_text(federated), watcher.sign_in(**IDS, federated_token_file=str(token_file)))[1],
        lambda: (token_file.write_text(forged), watcher.sign_in(**IDS, federated_token_file=str(token_file)))[1],
        lambda: watcher.sign_in(auth_source="user"),
    ]
    for way in ways:
        way()
    _device_code(watcher, authority)
    _managed_identity(watcher, authority, monkeypatch)
    _azure_cli(watcher, monkeypatch, tmp_path)
    _unavailable(watcher, authority)
    out, err = capfd.readouterr()
    everything = "\n".join([*watcher.said, caplog.text, out, err, *(str(path) for path in tmp_path.rglob("*"))])
    assert len(watcher.canaries) > 20
    assert [canary for canary in watcher.canaries if canary in everything] == []
    assert out == err == ""


def _lines(certified: Certified) -> set[str]:
    """A line out of the middle of the key."""
    return {certified.key_pem().decode().splitlines()[5]}


def _device_code(watcher: Watcher, authority: Authority) -> None:
    login = DeviceCodeLogin(AuthOptions.from_params(watcher.params, here()), watcher.said.append)
    pending = login.start()
    watcher.said.append(repr(pending))
    [kept] = Path(watcher.params["token_cache"]).glob("*.device-code")
    watcher.canaries.add(json.loads(kept.read_text())["device_code"])
    authority.approve(pending.user_code, ADA)
    watcher.said.append(repr(login.finish(Deadline(10))))
    watcher.sign_in(auth_source="user")
    [account] = Path(watcher.params["token_cache"]).glob("*.account")
    watcher.canaries |= {entry["secret"] for entry in json.loads(account.read_text())["RefreshToken"].values()}
    authority.revoke(access_tokens=False)
    watcher.sign_in(auth_source="user")


def _managed_identity(watcher: Watcher, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{authority.identity_url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "canary identity header")
    watcher.canaries.add("canary identity header")
    watcher.sign_in(auth_source="managed_identity")


def _azure_cli(watcher: Watcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    az = install(monkeypatch, tmp_path)
    watcher.canaries.add("canary.cli.token")
    az.answers(json.dumps({"accessToken": "canary.cli.token"}))
    watcher.sign_in(auth_source="azure_cli")
    az.answers('{"accessToken": "canary.cli.token"')
    watcher.sign_in(auth_source="azure_cli")


def _unavailable(watcher: Watcher, authority: Authority) -> None:
    """With the service's answer echoing what it got, as error pages of proxies do."""
    echo = {"error": "odd", "error_description": f"The secret {SECRET} came from nowhere."}
    token = {"kind": "signin", "path": "*/token"}
    authority.simulator.fault(match=token, status=400, body=json.dumps(echo))
    watcher.sign_in(**IDS, client_secret=SECRET, token_cache="none")
    authority.simulator.fault(match=token, status=200, body=f"<html>{SECRET}</html>")
    watcher.sign_in(**IDS, client_secret=SECRET, token_cache="none")
    authority.simulator.fault(match=token, status=503, times=None)
    watcher.sign_in(**IDS, client_secret=SECRET, token_cache="none")
    authority.simulator.clear_faults()
