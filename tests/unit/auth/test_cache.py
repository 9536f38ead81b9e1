# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One token for many tasks, and none for anybody else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import DIRECTORY, OTHER, OTHER_SECRET, PIPELINE, SECRET, Certified, write

from .conftest import Authority, Opener

APPLICATION = {"client_id": PIPELINE, "directory_id": DIRECTORY, "client_secret": SECRET}
ROOT = Path(__file__).resolve().parents[3]

TASK = """
import json, os, sys
order = json.loads(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.choose import open_tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
tokens = open_tokens(AuthOptions.from_params(order["params"], Environment(os.environ, os.getcwd())), print)
token = tokens.token() if order["rejected"] is None else tokens.renew(order["rejected"])
heavy = [name for name in ("msal", "cryptography", "requests", "jwt") if name in sys.modules]
print(json.dumps({"token": token, "heavy": heavy}))
"""


class Tasks:
    """Tasks as Ansible runs them: each in a process of its own, all at once."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params

    def run(self, count: int, rejected: str | None = None) -> list[dict[str, Any]]:
        order = json.dumps({"params": self._params, "rejected": rejected})
        environment = {**os.environ, "PYTHONPATH": str(ROOT / ".build/collections")}
        command = [sys.executable, "-c", TASK, order]
        started = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
            for _unused in range(count)
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=60)[0] for process in started]
        return [json.loads(answer) for answer in answers]


@pytest.fixture
def tasks(params: dict[str, Any]) -> Tasks:
    return Tasks({**params, **APPLICATION})


def cached(params: dict[str, Any]) -> Path:
    """The one file that holds the token."""
    [found] = Path(params["token_cache"]).glob("*.token")
    return found


def test_second_task_uses_the_cached_token(authority: Authority, opened: Opener) -> None:
    before = authority.issued
    first, second = opened(**APPLICATION), opened(**APPLICATION)
    assert first.token() == second.token() == first.token()
    assert authority.issued == before + 1


def test_folder_is_closed_after_use(opened: Opener, params: dict[str, Any]) -> None:
    folder = os.path.realpath(params["token_cache"])

    def opened_folders() -> int:
        return [os.path.realpath(f"/dev/fd/{number}") for number in os.listdir("/dev/fd")].count(folder)

    tokens = opened(**APPLICATION)
    tokens.token()
    assert opened_folders() == 1
    del tokens
    assert opened_folders() == 0


def test_parallel_tasks_fetch_one_token(authority: Authority, tasks: Tasks) -> None:
    before = authority.issued
    answers = tasks.run(6)
    assert len({answer["token"] for answer in answers}) == 1
    assert authority.issued == before + 1


def test_parallel_tasks_renew_a_rejected_token_once(authority: Authority, tasks: Tasks) -> None:
    [first] = tasks.run(1)
    before = authority.issued
    answers = tasks.run(6, rejected=first["token"])
    assert {answer["token"] for answer in answers} != {first["token"]}
    assert len({answer["token"] for answer in answers}) == 1
    assert authority.issued == before + 1


def test_cache_hit_does_not_import_heavy_libraries(tasks: Tasks) -> None:
    [fetched] = tasks.run(1)
    assert "msal" in fetched["heavy"]
    [hit] = tasks.run(1)
    assert hit == {"token": fetched["token"], "heavy": []}


def test_cache_hit_does_not_parse_the_certificate(
    params: dict[str, Any], registered: Certified, tmp_path: Path
) -> None:
    path = write(tmp_path / "pipeline.pem", registered.key_pem() + registered.certificate_pem)
    certified = {"client_id": PIPELINE, "directory_id": DIRECTORY, "client_certificate": path}
    tasks = Tasks({**params, **certified})
    assert "cryptography" in tasks.run(1)[0]["heavy"]
    assert tasks.run(1)[0]["heavy"] == []


def test_threads_renew_a_rejected_token_once(authority: Authority, opened: Opener) -> None:
    tokens = opened(**APPLICATION)
    rejected = tokens.token()
    before = authority.issued
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.renew(rejected))) for _unused in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert rejected not in found
    assert authority.issued == before + 1
    assert tokens.token() == found[0]


def test_renewal_uses_the_token_fetched_by_another_task(authority: Authority, opened: Opener) -> None:
    one, other = opened(**APPLICATION), opened(**APPLICATION)
    rejected = one.token()
    other.token()
    newer = one.renew(rejected)
    before = authority.issued
    assert other.renew(rejected) == newer
    assert authority.issued == before


def test_threads_share_one_renewal_without_a_cache(authority: Authority, opened: Opener) -> None:
    tokens = opened(**APPLICATION, token_cache="none")
    rejected = tokens.token()
    assert tokens.renew(rejected) == tokens.renew(rejected) != rejected


def test_token_close_to_expiry_is_not_used(authority: Authority, opened: Opener, params: dict[str, Any]) -> None:
    opened(**APPLICATION).token()
    kept = json.loads(cached(params).read_text())
    for left, fetched in ((301, 0), (299, 1)):
        end = int(time.time()) + left
        cached(params).write_text(json.dumps({**kept, "expires_on": end, "issued_on": end - 3600}))
        before = authority.issued
        opened(**APPLICATION).token()
        assert authority.issued == before + fetched


def test_short_lived_token_is_cached_for_most_of_its_lifetime(authority: Authority, opened: Opener) -> None:
    authority.next_tokens(lifetime=120)
    before = authority.issued
    opened(**APPLICATION).token()
    opened(**APPLICATION).token()
    assert authority.issued == before + 1


def test_identities_do_not_share_tokens(authority: Authority, opened: Opener, registered: Certified) -> None:
    before = authority.issued
    identities: list[dict[str, Any]] = [
        APPLICATION,
        {"client_id": OTHER, "directory_id": DIRECTORY, "client_secret": OTHER_SECRET},
        {**APPLICATION, "directory_id": "contoso.example"},
    ]
    found = {opened(**identity).token() for _unused in range(2) for identity in identities}
    assert len(found) == len(identities)
    assert authority.issued == before + len(identities)


def test_wrong_secret_does_not_get_a_cached_token(opened: Opener) -> None:
    opened(**APPLICATION).token()
    with pytest.raises(Exception, match="AADSTS7000215"):
        opened(**{**APPLICATION, "client_secret": "canary wrong"}).token()


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
