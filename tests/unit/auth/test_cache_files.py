# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The files of the token cache: private, and never trusted if somebody else could have written them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import DIRECTORY, PIPELINE, SECRET

from .conftest import Authority, Opener

APPLICATION = {"client_id": PIPELINE, "directory_id": DIRECTORY, "client_secret": SECRET}


def cached(params: dict[str, Any]) -> Path:
    """The one file that holds the token."""
    [found] = Path(params["token_cache"]).glob("*.token")
    return found


def test_cache_folder_and_files_are_private(opened: Opener, params: dict[str, Any]) -> None:
    before = os.umask(0)
    try:
        opened(**APPLICATION).token()
    finally:
        os.umask(before)
    folder = Path(params["token_cache"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_file_names_and_other_files_reveal_nothing(opened: Opener, params: dict[str, Any]) -> None:
    token = opened(**APPLICATION).token()
    for file in Path(params["token_cache"]).iterdir():
        content = file.read_bytes()
        assert SECRET.encode() not in content
        assert "canary" not in file.name
        assert PIPELINE not in file.name
        assert (token.encode() in content) == (file.suffix == ".token")


def spoil_with_link(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)


def spoil_with_mode(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    folder.chmod(0o750)


def spoil_with_owner(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)


def spoil_with_file(folder: Path) -> None:
    folder.write_text("in the way")


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_with_link, "symbolic link"),
        (spoil_with_mode, "open to other users"),
        pytest.param(spoil_with_owner, "belongs to another user", marks=ROOT_ONLY),
        (spoil_with_file, "Not a directory"),
    ],
)
def test_shared_folder_is_not_used_and_causes_one_warning(
    opened: Opener, params: dict[str, Any], warnings: list[str], spoil: Any, words: str
) -> None:
    folder = Path(params["token_cache"])
    spoil(folder)
    tokens = opened(**APPLICATION)
    first = tokens.token()
    assert tokens.renew(first) != first
    assert len(warnings) == 1
    assert warnings[0].startswith("Tokens are not cached:")
    assert words in warnings[0]
    assert not folder.is_dir() or list(folder.iterdir()) == []


@pytest.mark.parametrize("suffix", [".token", ".lock"])
def test_symbolic_link_in_the_cache_is_not_followed(
    opened: Opener, params: dict[str, Any], warnings: list[str], tmp_path: Path, suffix: str
) -> None:
    opened(**APPLICATION).token()
    [file] = Path(params["token_cache"]).glob(f"*{suffix}")
    target = tmp_path / "target"
    target.write_text("untouched")
    target.chmod(0o600)
    file.unlink()
    file.symlink_to(target)
    # Only who fetches a token needs the lock.
    for token in Path(params["token_cache"]).glob("*.token") if suffix == ".lock" else ():
        token.unlink()
    assert opened(**APPLICATION).token()
    assert target.read_text() == "untouched"
    assert len(warnings) == 1


def in_the_way_folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def in_the_way_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("spoil", [in_the_way_folder, in_the_way_pipe])
@pytest.mark.parametrize("pattern", ["*.token", "*.lock", "salt"])
def test_irregular_file_in_the_cache_is_not_used(
    opened: Opener, params: dict[str, Any], warnings: list[str], pattern: str, spoil: Any
) -> None:
    opened(**APPLICATION).token()
    [file] = Path(params["token_cache"]).glob(pattern)
    file.unlink()
    spoil(file)
    tokens = opened(**APPLICATION)
    first = tokens.token()
    assert tokens.renew(first) != first
    assert len(warnings) == 1
    assert warnings[0].startswith(f"Tokens are not cached: {file}")


def test_endless_file_is_read_up_to_a_limit(opened: Opener, params: dict[str, Any], warnings: list[str]) -> None:
    opened(**APPLICATION).token()
    for file in Path(params["token_cache"]).iterdir():
        if file.suffix != ".lock":
            os.truncate(file, 2**40)
    fresh = opened(**APPLICATION).token()
    assert opened(**APPLICATION).token() == fresh
    assert warnings == []


def test_lock_of_a_killed_task_is_free(opened: Opener, params: dict[str, Any]) -> None:
    opened(**APPLICATION).token()
    [lock] = Path(params["token_cache"]).glob("*.lock")
    holder = "import fcntl, sys, time; f = open(sys.argv[1], 'r+'); fcntl.flock(f, 2); print(1, flush=True); input()"
    command = [sys.executable, "-c", holder, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        found: list[str] = []
        waiting = threading.Thread(target=lambda: found.append(opened(**APPLICATION).token()))
        waiting.start()
        process.kill()
        waiting.join(30)
    assert len(found) == 1


def test_user_without_home_caches_no_token(
    monkeypatch: pytest.MonkeyPatch, opened: Opener, warnings: list[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert opened(**APPLICATION, token_cache="~nobody-of-this-name/tokens").token()
    assert warnings == ["Tokens are not cached: ~nobody-of-this-name/tokens: this user has no home folder."]
    assert not list(tmp_path.glob("~*"))


def test_file_readable_by_others_is_not_used(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str]
) -> None:
    opened(**APPLICATION).token()
    cached(params).chmod(0o644)
    before = authority.issued
    opened(**APPLICATION).token()
    assert authority.issued == before + 1
    assert len(warnings) == 1
    assert "open to other users (mode 0644)" in warnings[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": 1, "access_token": 5, "expires_on": 9999999999, "issued_on": 1}',
        b'{"format": 2, "access_token": "x", "expires_on": 9999999999, "issued_on": 1}',
        b'{"format": 1, "access_token": "x", "expires_on": "soon", "issued_on": 1}',
        pytest.param(b"[" * 100_000, id="deeper than Python reads"),
        pytest.param(b'{"format": 1, "access_token": "' + b"x" * 2**20, id="longer than any token"),
    ],
)
def test_damaged_content_is_ignored_and_replaced(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str], content: bytes
) -> None:
    opened(**APPLICATION).token()
    cached(params).write_bytes(content)
    before = authority.issued
    fresh = opened(**APPLICATION).token()
    assert opened(**APPLICATION).token() == fresh
    assert authority.issued == before + 1
    assert warnings == []


def test_leftovers_of_a_killed_task_are_replaced(
    authority: Authority, opened: Opener, params: dict[str, Any], warnings: list[str]
) -> None:
    opened(**APPLICATION).token()
    half = cached(params).with_name(f"{cached(params).name}.tmp")
    half.write_bytes(b"x" * 10000)
    half.chmod(0o600)
    cached(params).unlink()
    fresh = opened(**APPLICATION).token()
    assert opened(**APPLICATION).token() == fresh
    assert not half.exists()
    assert warnings == []


def test_damaged_salt_costs_one_token(opened: Opener, params: dict[str, Any], warnings: list[str]) -> None:
    opened(**APPLICATION).token()
    (Path(params["token_cache"]) / "salt").write_bytes(b"short")
    fresh = opened(**APPLICATION).token()
    assert opened(**APPLICATION).token() == fresh
    assert warnings == []


def test_token_cache_none_writes_no_files(authority: Authority, opened: Opener, tmp_path: Path) -> None:
    before = authority.issued
    for _unused in range(2):
        assert opened(**APPLICATION, token_cache="none").token()
    assert authority.issued == before + 2
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "home").exists()
