# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A sign-in service that cannot be reached, is unavailable, or answers nonsense."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.login import DeviceCodeLogin
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import SignInError, Unreachable
from ansible_collections.azsphere.fleet.plugins.module_utils._http.plain import Attempt, PlainSession

from tests.support.people import DIRECTORY, PIPELINE, SECRET, here
from tests.support.scripted_server import Answer, ScriptedServer

from .conftest import Authority, Opener

APPLICATION = {"client_id": PIPELINE, "directory_id": DIRECTORY, "client_secret": SECRET}
TOKEN = {"kind": "signin", "path": "*/oauth2/v2.0/token"}
DISCOVERY = {"kind": "signin", "path": "*/openid-configuration"}


def failure(opened: Opener, **more: Any) -> Unreachable:
    """How signing in fails; never with the secret in the message."""
    with pytest.raises(Unreachable) as caught:
        opened(**{**APPLICATION, **more}).token()
    error = caught.value
    assert SECRET not in f"{error} {error.as_dict()!r}"
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert error.hint
    return error


@pytest.mark.parametrize("match", [TOKEN, DISCOVERY])
@pytest.mark.parametrize("order", [{"status": 503}, {"status": 429, "retry_after": "0"}, {"status": 500}])
def test_passing_failure_is_retried(
    authority: Authority, opened: Opener, match: dict[str, str], order: dict[str, Any]
) -> None:
    authority.simulator.fault(match=match, times=2, **order)
    assert opened(**APPLICATION).token()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_lost_connection_is_retried(authority: Authority, opened: Opener, kind: str) -> None:
    authority.simulator.fault(kind, match=TOKEN)
    assert opened(**APPLICATION).token()


@pytest.mark.parametrize("match", [TOKEN, DISCOVERY])
@pytest.mark.parametrize("status", [429, 503])
def test_lasting_failure_names_its_status(
    authority: Authority, opened: Opener, match: dict[str, str], status: int
) -> None:
    authority.simulator.fault(match=match, times=None, status=status, retry_after="0")
    error = failure(opened)
    assert f"HTTP {status}" in error.message
    assert error.retriable


@pytest.mark.parametrize("match", [TOKEN, DISCOVERY])
@pytest.mark.parametrize("body", ["<html>a proxy's page</html>", "", "[]", "null"])
def test_reply_of_another_server_is_reported(
    authority: Authority, opened: Opener, caplog: pytest.LogCaptureFixture, match: dict[str, str], body: str
) -> None:
    authority.simulator.fault(match=match, times=None, status=200, body=body)
    assert authority.url in failure(opened).message
    # msal would log the whole answer, which may hold what was sent.
    assert "msal" not in caplog.text


def test_truncated_reply_is_reported_as_lost(authority: Authority, opened: Opener) -> None:
    authority.simulator.fault("truncate", match=TOKEN, times=None)
    assert "was lost" in failure(opened).message


def test_slow_answer_times_out(authority: Authority, opened: Opener) -> None:
    authority.simulator.fault("delay", match=TOKEN, times=None, seconds=1.0)
    error = failure(opened, request_timeout=0.2)
    assert error.code == "timeout"
    assert "request_timeout" in str(error)


def test_closed_port_of_the_sign_in_service_is_reported(opened: Opener) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        error = failure(opened, authority_host=host)
    assert error.code == "refused"
    assert host.removeprefix("https://") in error.message
    assert "authority_host" in str(error)


def test_sign_in_service_with_an_unknown_authority_is_reported(opened: Opener) -> None:
    error = failure(opened, ca_path=None)
    assert error.code == "certificate"
    assert "ca_path" in str(error)


def test_validation_can_be_turned_off(opened: Opener) -> None:
    assert opened(**APPLICATION, ca_path=None, validate_certs=False).token()


def test_unreachable_proxy_is_reported(monkeypatch: pytest.MonkeyPatch, opened: Opener) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert failure(opened).code == "proxy"


def test_failed_device_code_reports_the_status(authority: Authority, params: dict[str, Any]) -> None:
    authority.simulator.fault(match={"kind": "signin", "path": "*/devicecode"}, times=None, status=503)
    login = DeviceCodeLogin(AuthOptions.from_params(params, here()), lambda _warning: None)
    with pytest.raises(Unreachable, match="signing in by device code") as caught:
        login.start()
    assert "HTTP 503" in caught.value.message


def test_redirect_of_the_sign_in_service_is_an_error(authority: Authority, opened: Opener) -> None:
    authority.simulator.fault(match=TOKEN, times=None, status=307, body="")
    failure(opened)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_is_not_followed_with_the_secret(status: int, method: str) -> None:
    """By the session through which all sign-in goes: the simulator sends nobody elsewhere."""
    there = ScriptedServer()
    with there.running() as elsewhere, ScriptedServer(Answer(status, headers={"Location": elsewhere})).running() as url:
        attempt = Attempt("signing in", "authority_host")
        with PlainSession(attempt, verify=True, timeout=5) as session:
            answer = session.request(method, url, data={"client_secret": SECRET}, headers={"Metadata": "true"})
    assert answer.status_code == status
    assert there.asked == []


def test_redirect_of_a_managed_identity_is_not_followed(monkeypatch: pytest.MonkeyPatch, opened: Opener) -> None:
    there = ScriptedServer()
    with there.running() as elsewhere, ScriptedServer(Answer(307, headers={"Location": elsewhere})).running() as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "canary header")
        with pytest.raises(SignInError) as caught:
            opened(auth_source="managed_identity").token()
    assert "canary" not in str(caught.value)
    assert there.asked == []


def test_netrc_is_not_consulted(
    monkeypatch: pytest.MonkeyPatch, opened: Opener, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    # With these in a Basic header the authority would take them for the client's.
    assert opened(**APPLICATION).token()
