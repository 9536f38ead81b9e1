# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tokens that seem to have ended, unvalidated tokens, full disks and replies that repeat secrets."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.cache import TokenCache
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.credential import AccessToken
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.errors import sign_in_error
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.store import PrivateFolder, StoreUnusable
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.tokens import Tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.user import kept_secrets

from tests.support.people import here

from .conftest import Authority, Opener
from .test_cache import APPLICATION


class Expired:
    """Issues tokens that are over when they are issued, as the clock of this machine sees it."""

    source = "azure_cli"

    def __init__(self) -> None:
        self.issued = 0

    def identity(self) -> list[str]:
        return ["expired"]

    def acquire(self, _fresh: bool, _claims: str | None = None, /) -> AccessToken:
        self.issued += 1
        return AccessToken(f"token-{self.issued}", 1, 1)


@pytest.mark.parametrize("cached", [True, False])
def test_token_that_seems_to_have_ended_is_used_until_it_is_rejected(tmp_path: Path, cached: bool) -> None:
    credential = Expired()
    cache = TokenCache(str(tmp_path / "cache") if cached else "none", lambda _text: None, here())
    tokens = Tokens(credential, cache)
    assert [tokens.token() for _request in range(4)] == ["token-1"] * 4
    assert tokens.renew("token-1") == "token-2"
    assert tokens.token() == "token-2"
    assert credential.issued == 2


def test_unvalidated_token_is_not_used_by_a_task_that_validates(authority: Authority, opened: Opener) -> None:
    before = authority.issued
    for validate_certs in (False, False, True, True):
        opened(**APPLICATION, validate_certs=validate_certs).token()
    assert authority.issued == before + 2


@pytest.mark.parametrize("method", ["write", "write_first"])
def test_full_disk_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    folder = PrivateFolder(str(tmp_path / "cache"))
    create = folder._create

    def full(name: str, content: bytes) -> None:
        create(name, content[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder, "_create", full)
    with pytest.raises(StoreUnusable, match="No space left on device"):
        getattr(folder, method)("salt", b"content")
    assert not os.listdir(tmp_path / "cache")


@pytest.mark.parametrize("name", ["error", "error_description", "trace_id"])
def test_secret_in_a_reply_of_the_sign_in_service_is_removed(name: str) -> None:
    secret = "opaque-refresh-token"
    error = sign_in_error("signing in", {name: f"{'a' * 290} {secret}"}, secrets=(each for each in [secret]))
    assert "opaque" not in str(error.as_dict())


def test_secrets_of_a_kept_sign_in_are_known() -> None:
    kept = {"RefreshToken": {"a": {"secret": "one"}}, "IdToken": {"b": {"secret": "two"}}, "Account": {"c": {}}}
    assert kept_secrets(json.dumps(kept)) == ["one", "two"]


@pytest.mark.parametrize("codes", [5, "5", ["\x1b[2J"], [10**5000], [True], {}, [-1]])
def test_invalid_error_codes_are_omitted(codes: Any) -> None:
    error = sign_in_error("signing in", {"error": "invalid_grant", "error_codes": codes})
    assert "\x1b" not in str(error)
    assert error.code == "invalid_grant"


def test_control_characters_of_the_sign_in_service_are_not_shown() -> None:
    error = sign_in_error(
        "signing in", {"error": "\x1b[2Jodd", "error_description": "\u202eabc\x9b2J", "trace_id": "\x1b"}
    )
    assert all(character.isprintable() for character in str(error) + str(error.as_dict()))
