# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One token for many tasks, and none for anybody else."""

from __future__ import annotations

import json
import os
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
