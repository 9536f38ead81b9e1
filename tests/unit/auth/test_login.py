# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""People: signed in by device code in two tasks, renewed without them, forgotten on request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.claims import claims
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.login import DeviceCodeLogin
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    DeadlineExceeded,
    FleetError,
    InvalidInput,
    SignInError,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._login import PlannedLogin

from tests.simulator.harness import SimulatorFailed
from tests.support.people import ADA, DIRECTORY, GRACE, OWN_CLIENT, PIPELINE, UNCONSENTED_CLIENT, here

from .conftest import Authority, Opener

Starter = Callable[..., DeviceCodeLogin]


@pytest.fixture
def login(params: dict[str, Any], warnings: list[str]) -> Starter:
    """A sign-in as a task of its own would open it."""

    def open_now(**more: Any) -> DeviceCodeLogin:
        return DeviceCodeLogin(AuthOptions.from_params({**params, **more}, here()), warnings.append)

    return open_now


@pytest.fixture
def ada(authority: Authority, login: Starter) -> None:
    """Ada has signed in."""
    authority.approve(login().start().user_code, ADA)
    login().finish(Deadline(10))


def test_device_code_sign_in_completes_in_two_tasks(authority: Authority, login: Starter, opened: Opener) -> None:
    pending = login().start()
    assert pending.user_code in pending.message
    assert pending.verification_url == f"{authority.url}/_simulator/signin/device"
    assert pending.expires_on > "2026"
    authority.approve(pending.user_code, ADA)
    account = login().finish(Deadline(10))
    assert account.username == ADA
    assert login().state().pending is None
    assert login().state().account == account
    tokens = opened()
    assert claims(tokens.token())["aud"] == "https://sphere.azure.net/api"
    assert tokens.source == "user"
    assert tokens.account().address == ADA


def test_sign_in_page_completes_the_sign_in(authority: Authority, login: Starter) -> None:
    pending = login().start()
    form = {"user_code": pending.user_code.lower(), "username": ADA, "choice": "approve"}
    page = requests.post(pending.verification_url, data=form, verify=authority.ca_path, timeout=10)
    assert "You have signed in" in page.text
    assert login().finish(Deadline(10)).username == ADA


def test_login_waits_until_the_code_is_entered(authority: Authority, login: Starter) -> None:
    pending = login().start()
    approval = threading.Timer(0.5, authority.approve, (pending.user_code, ADA))
    approval.start()
    assert login().finish(Deadline(30)).username == ADA
    approval.join()


def test_person_of_another_directory_signs_in_through_custom_client(
    authority: Authority, login: Starter, opened: Opener
) -> None:
    own = {"client_id": OWN_CLIENT, "directory_id": DIRECTORY}
    authority.approve(login(**own).start().user_code, GRACE)
    assert login(**own).finish(Deadline(10)).username == GRACE
    said = claims(opened(**own, auth_source="user").token())
    assert (said["aud"], said["scp"]) == ("https://firstparty.sphere.azure.net/api", "azuresphere.readwrite")
    with pytest.raises(SignInError, match="no credentials"):
        opened()


@pytest.mark.usefixtures("ada")
def test_renewal_needs_no_interaction(authority: Authority, opened: Opener) -> None:
    tokens = opened()
    first = tokens.token()
    before = authority.issued
    renewed = tokens.renew(first)
    assert renewed != first
    assert opened().token() == renewed
    assert authority.issued == before + 1


@pytest.mark.usefixtures("ada")
def test_renewal_stores_the_new_refresh_token(params: dict[str, Any], opened: Opener) -> None:
    [account] = Path(params["token_cache"]).glob("*.account")
    before = account.read_text()
    tokens = opened()
    tokens.renew(tokens.token())
    assert account.read_text() != before
    assert account.stat().st_mode & 0o777 == 0o600
    tokens.renew(tokens.token())


@pytest.mark.usefixtures("ada")
def test_revoked_sign_in_asks_to_sign_in_again(authority: Authority, opened: Opener) -> None:
    tokens = opened()
    authority.revoke(username=ADA, access_tokens=False)
    with pytest.raises(SignInError, match="AADSTS50173") as caught:
        tokens.renew(tokens.token())
    assert "azsphere.fleet.login" in str(caught.value)
    assert ADA in caught.value.message


def test_person_without_invitation_is_reported(authority: Authority, login: Starter) -> None:
    pending = login().start()
    with pytest.raises(SimulatorFailed, match="AADSTS"):
        authority.approve(pending.user_code, "stranger@elsewhere.example")
    with pytest.raises(SignInError, match="AADSTS50020") as caught:
        login().finish(Deadline(10))
    assert "user_role" in str(caught.value)


def test_custom_client_without_consent_is_reported(authority: Authority, login: Starter) -> None:
    own = {"client_id": UNCONSENTED_CLIENT, "directory_id": DIRECTORY}
    pending = login(**own).start()
    with pytest.raises(SimulatorFailed, match="AADSTS"):
        authority.approve(pending.user_code, GRACE)
    with pytest.raises(SignInError, match="AADSTS65001") as caught:
        login(**own).finish(Deadline(10))
    assert "admin consent" in str(caught.value)


def test_application_without_device_codes_is_reported(authority: Authority, login: Starter) -> None:
    own = {"client_id": PIPELINE, "directory_id": DIRECTORY}
    authority.approve(login(**own).start().user_code, GRACE)
    with pytest.raises(SignInError, match="AADSTS7000218"):
        login(**own).finish(Deadline(10))


def test_declined_sign_in_is_reported(authority: Authority, login: Starter) -> None:
    pending = login().start()
    authority.call("/decline", {"user_code": pending.user_code})
    with pytest.raises(SignInError, match="declined"):
        login().finish(Deadline(10))
    assert login().start().user_code != pending.user_code


def test_code_that_is_not_entered_times_out(login: Starter) -> None:
    pending = login().start()
    with pytest.raises(DeadlineExceeded, match=pending.user_code) as caught:
        login().finish(Deadline(0))
    assert caught.value.hint
    # It still waits: the next task may go on.
    assert login().start().user_code == pending.user_code


def test_expired_code_is_reported(authority: Authority, login: Starter) -> None:
    pending = login().start()
    authority.simulator.advance(901)
    with pytest.raises(SignInError, match="AADSTS70019") as caught:
        login().finish(Deadline(10))
    assert "Start again" in str(caught.value)
    assert login().start().user_code != pending.user_code


def test_locally_expired_code_is_not_reused(login: Starter, params: dict[str, Any]) -> None:
    pending = login().start()
    [kept] = Path(params["token_cache"]).glob("*.device-code")
    flow = json.loads(kept.read_text())
    kept.write_text(json.dumps({**flow, "device_code": "long forgotten", "expires_at": time.time() - 1}))
    assert login().state().pending is None
    with pytest.raises(SignInError, match="no longer known"):
        login().finish(Deadline(10))
    assert login().start().user_code != pending.user_code


@pytest.mark.usefixtures("ada")
def test_expired_code_keeps_the_existing_sign_in(authority: Authority, login: Starter, params: dict[str, Any]) -> None:
    login().start()
    end_code(params)
    planned = PlannedLogin(login()).finish(Deadline(0))
    before = authority.requests
    assert login().finish(Deadline(10)) == planned == login().state().account
    assert authority.requests == before
    assert not list(Path(params["token_cache"]).glob("*.device-code"))


def test_code_that_expires_while_waiting_is_discarded(login: Starter, params: dict[str, Any]) -> None:
    pending = login().start()
    end_code(params)
    with pytest.raises(SignInError, match="not entered in time") as caught:
        login().finish(Deadline(900))
    assert "Start again" in str(caught.value)
    assert pending.user_code not in str(caught.value)


def end_code(params: dict[str, Any]) -> None:
    """Lets the code that waits end, by the clock of this machine."""
    [kept] = Path(params["token_cache"]).glob("*.device-code")
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "expires_at": time.time() - 1}))


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": "soon"},
        {"expires_at": 1e30},
        {"expires_at": None},
        {"user_code": ["canary"]},
        {"interval": "often"},
    ],
)
def test_damaged_code_is_ignored(login: Starter, params: dict[str, Any], change: dict[str, Any]) -> None:
    first = login().start()
    [kept] = Path(params["token_cache"]).glob("*.device-code")
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **change}))
    assert login().state().pending is None
    with pytest.raises(SignInError, match="none was started"):
        login().finish(Deadline(10))
    assert login().start().user_code != first.user_code


def test_finishing_without_a_started_sign_in_is_reported(login: Starter) -> None:
    with pytest.raises(SignInError, match="none was started"):
        login().finish(Deadline(10))


@pytest.mark.usefixtures("ada")
def test_existing_sign_in_is_kept_without_prompt(authority: Authority, login: Starter) -> None:
    before = authority.requests
    assert login().finish(Deadline(10)).username == ADA
    assert authority.requests == before


@pytest.mark.usefixtures("ada")
def test_sign_out_removes_everything(login: Starter, params: dict[str, Any], opened: Opener) -> None:
    login().start()
    token = opened().token()
    login().forget()
    assert login().state().account is None
    assert login().state().pending is None
    for file in Path(params["token_cache"]).iterdir():
        content = file.read_bytes()
        assert token.encode() not in content
        assert ADA.encode() not in content
    with pytest.raises(SignInError, match="no credentials"):
        opened()
    with pytest.raises(SignInError, match="Nobody is signed in"):
        opened(auth_source="user").token()


@pytest.mark.usefixtures("ada")
def test_concurrent_renewal_leaves_no_token_after_sign_out(
    authority: Authority, login: Starter, params: dict[str, Any], opened: Opener
) -> None:
    tokens = opened()
    first = tokens.token()
    authority.simulator.fault("delay", match={"kind": "signin", "path": "*/token"}, seconds=1.0)
    before = authority.requests
    renewing = threading.Thread(target=tokens.renew, args=(first,))
    renewing.start()
    while authority.requests == before:
        pass
    login().forget()
    renewing.join()
    assert not list(Path(params["token_cache"]).glob("*.token"))


@pytest.mark.usefixtures("ada")
def test_next_person_does_not_get_former_tokens(
    authority: Authority, login: Starter, opened: Opener, params: dict[str, Any]
) -> None:
    bea = "bea@contoso.example"
    former = opened().token()
    authority.approve(login().start().user_code, bea)
    assert login().finish(Deadline(10)).username == bea
    assert opened().token() != former
    assert opened().account().username == bea
    for file in Path(params["token_cache"]).iterdir():
        assert ADA.encode() not in file.read_bytes()


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b'{"Account": []}',
        b'{"Account": {}}',
        b'{"Account": {"ada": 5}}',
        b'{"Account": {"ada": {}}}',
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_damaged_sign_in_is_ignored(login: Starter, params: dict[str, Any], opened: Opener, content: bytes) -> None:
    [account] = Path(params["token_cache"]).glob("*.account")
    account.write_bytes(content)
    assert login().state().account is None
    with pytest.raises(SignInError, match="no credentials"):
        opened()


@pytest.mark.parametrize("cache", ["none", "/proc/nothing/here"])
def test_sign_in_of_people_requires_a_cache(login: Starter, opened: Opener, cache: str) -> None:
    with pytest.raises(SignInError, match="needs a folder"):
        login(token_cache=cache).start()
    with pytest.raises(SignInError, match="needs a folder"):
        opened(auth_source="user", token_cache=cache).token()


def test_custom_client_requires_its_directory(login: Starter) -> None:
    with pytest.raises(InvalidInput, match="directory_id"):
        login(client_id=OWN_CLIENT)


def test_planned_sign_in_changes_nothing_without_prompt(login: Starter, authority: Authority) -> None:
    planned = PlannedLogin(login())
    assert planned.start() is None
    assert planned.finish(Deadline(0)) is None
    assert login().state() == planned.state()
    pending = login().start()
    assert PlannedLogin(login()).start() is not None
    authority.approve(pending.user_code, ADA)
    assert PlannedLogin(login()).finish(Deadline(0)) is None
    account = login().finish(Deadline(10))
    planned = PlannedLogin(login())
    assert planned.finish(Deadline(0)) == account
    planned.forget()
    assert planned.state().account is None
    assert login().state().account == account


def test_messages_contain_no_secret(authority: Authority, login: Starter, params: dict[str, Any]) -> None:
    pending = login().start()
    [kept] = Path(params["token_cache"]).glob("*.device-code")
    assert kept.stat().st_mode & 0o777 == 0o600
    secret = json.loads(kept.read_text())["device_code"]
    authority.call("/decline", {"user_code": pending.user_code})
    with pytest.raises(FleetError) as caught:
        login().finish(Deadline(10))
    assert secret not in f"{caught.value} {caught.value.as_dict()!r} {pending!r}"
