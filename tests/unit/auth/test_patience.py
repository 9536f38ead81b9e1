# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors
"""Signing in under stress: retried like any request, once for all threads, and waiting for a lock times out."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.choose import open_tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.login import DeviceCodeLogin
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, SignInError, Unreachable

from tests.support.people import DIRECTORY, PIPELINE, SECRET, here
from tests.support.scripted_server import Answer, ScriptedServer

from .conftest import Authority, Opener

APPLICATION = {"client_id": PIPELINE, "directory_id": DIRECTORY, "client_secret": SECRET}
TOKEN = {"kind": "signin", "path": "*/oauth2/v2.0/token"}


@pytest.mark.parametrize(
    "order",
    [{"kind": "drop_before"}, {"kind": "drop_after"}, {"status": 503}, {"status": 429, "retry_after": "1"}],
    ids=str,
)
def test_sign_in_is_retried_as_long_as_a_request(authority: Authority, opened: Opener, order: dict[str, Any]) -> None:
    authority.simulator.fault(match=TOKEN, times=4, **order)
    assert opened(**APPLICATION, retry_timeout=60).token()


@pytest.mark.parametrize("order", [{"kind": "drop_before"}, {"status": 503}], ids=str)
def test_renewal_is_retried_as_long_as_a_request(authority: Authority, opened: Opener, order: dict[str, Any]) -> None:
    tokens = opened(**APPLICATION, retry_timeout=60)
    old = tokens.token()
    authority.simulator.fault(match=TOKEN, times=4, **order)
    assert tokens.renew(old) != old


def test_sign_in_fails_after_the_retry_timeout(authority: Authority, opened: Opener) -> None:
    authority.simulator.fault("drop_before", match=TOKEN, times=None)
    with pytest.raises(Unreachable):
        opened(**APPLICATION, retry_timeout=0).token()
    assert sum(authority.simulator.counts()["signin"].values()) > 0


def test_pause_longer_than_retry_timeout_is_reported_at_once(authority: Authority, opened: Opener) -> None:
    authority.simulator.fault(match=TOKEN, times=None, status=503, retry_after="3600")
    with pytest.raises(Unreachable, match="a pause of 3600 s"):
        opened(**APPLICATION).token()


def test_wrong_secret_is_not_retried(authority: Authority, opened: Opener) -> None:
    before = authority.requests
    with pytest.raises(SignInError, match="the client secret is wrong"):
        opened(**{**APPLICATION, "client_secret": "wrong"}, retry_timeout=60).token()
    assert authority.requests - before == 2, "one for the addresses, one for the token"


def test_device_code_polling_survives_lost_connections(authority: Authority, params: dict[str, Any]) -> None:
    login = DeviceCodeLogin(AuthOptions.from_params(params, here()), lambda _warning: None)
    authority.simulator.fault("drop_before", match={"kind": "signin", "path": "*/devicecode"}, times=2)
    pending = login.start()
    authority.approve(pending.user_code, "ada@contoso.example")
    authority.simulator.fault("drop_before", match=TOKEN, times=2)
    assert login.finish(Deadline(30)).username == "ada@contoso.example"


class CountedLock:
    """A lock that knows how many threads have come to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counting = threading.Condition()
        self.count = 0

    def __enter__(self) -> None:
        with self._counting:
            self.count += 1
            self._counting.notify_all()
        self._lock.acquire()

    def __exit__(self, *_unused: object) -> None:
        self._lock.release()

    def wait_for(self, count: int) -> None:
        with self._counting:
            assert self._counting.wait_for(lambda: self.count >= count, 10)


def test_threads_that_wait_for_a_sign_in_share_its_failure(opened: Opener) -> None:
    lock, failures = CountedLock(), []

    def lost_when_all_wait(_request: object) -> Answer:
        lock.wait_for(8)
        return Answer(lost=True)

    def run() -> None:
        with pytest.raises(FleetError) as caught:
            tokens.token()
        failures.append(caught.value)

    server = ScriptedServer(lost_when_all_wait)
    with server.running() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        patch.setenv("IDENTITY_HEADER", "header")
        tokens = opened(auth_source="managed_identity", retry_timeout=0, token_cache="none")
        patch.setattr(tokens, "_lock", lock)
        threads = [threading.Thread(target=run) for _unused in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(failures) == 8
    assert len(server.asked) == 1


@contextmanager
def held(params: dict[str, Any], suffix: str = ".lock") -> Iterator[None]:
    """Holds the locks in the cache, as a process that hangs does."""
    found = list(Path(params["token_cache"]).glob(f"*{suffix}"))
    assert found
    files = [path.open("r+") for path in found]
    try:
        for file in files:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        for file in files:
            file.close()


def test_token_on_disk_is_used_although_its_lock_is_held(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str]
) -> None:
    token = opened(**APPLICATION).token()
    before = authority.issued
    with held(params):
        assert opened(**APPLICATION, retry_timeout=60).token() == token
    assert (authority.issued, warnings) == (before, [])


def test_lock_timeout_causes_a_warning(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str]
) -> None:
    opened(**APPLICATION).token()
    for path in Path(params["token_cache"]).glob("*.token"):
        path.unlink()
    before = authority.issued
    with held(params):
        assert opened(**APPLICATION, retry_timeout=0.2).token()
    assert authority.issued == before + 1
    [warning] = warnings
    assert "locked by another process" in warning


def test_lock_timeout_of_a_stored_sign_in_is_reported(
    authority: Authority, params: dict[str, Any], warnings: list[str]
) -> None:
    options = AuthOptions.from_params({**params, "auth_source": "user", "retry_timeout": 0.2}, here())
    login = DeviceCodeLogin(options, warnings.append)
    pending = login.start()
    authority.approve(pending.user_code, "ada@contoso.example")
    login.finish(Deadline(30))
    for path in Path(params["token_cache"]).glob("*.token"):
        path.unlink()
    with held(params, ".account.lock"), pytest.raises(SignInError, match="locked by another process") as caught:
        open_tokens(options, warnings.append).token()
    assert caught.value.code == "sign_in_busy"


@pytest.mark.parametrize("secret", ["two\nlines", "caf\u00e9", "", "a b"])
def test_damaged_token_on_disk_is_treated_as_absent(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str], secret: str
) -> None:
    opened(**APPLICATION).token()
    [path] = Path(params["token_cache"]).glob("*.token")
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "access_token": secret}))
    before = authority.issued
    assert "." in opened(**APPLICATION).token()
    assert (authority.issued, warnings) == (before + 1, [])


def test_fetched_token_invalid_in_a_header_is_rejected(authority: Authority, opened: Opener) -> None:
    body = json.dumps({"access_token": "canary\nX-Other: 1", "expires_in": 3600, "token_type": "Bearer"})
    authority.simulator.fault(match=TOKEN, times=None, status=200, body=body)
    with pytest.raises(SignInError) as caught:
        opened(**APPLICATION).token()
    assert caught.value.code == "unusable_token"
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://[bad", "http://a..b/", "nowhere"])
def test_invalid_address_of_managed_identity_is_named(
    monkeypatch: pytest.MonkeyPatch, opened: Opener, endpoint: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    with pytest.raises(FleetError, match="IDENTITY_ENDPOINT"):
        opened(auth_source="managed_identity").token()
