# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Canaries: every secret that a run of playbooks got to know, looked for in all that the run left behind.

The ways of signing in have canaries of their own in tests/integration/test_sign_in.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .playbooks import Played

#: In an address from which anybody may fetch a file.
SIGNATURE = re.compile(rb"\bsig=[\w%.~+/-]{16,}")
#: By the ending of a file in the token cache, the member that is secret.
KEPT = {".token": "access_token", ".account": "secret", ".device-code": "device_code"}
#: The cache itself, and what the tests told the simulator and asked of it.
ASIDE_FOLDER, ASIDE_FILES = "tokens", ("seeds.json", "results.jsonl")


def as_loud_as_can_be(home: Path) -> dict[str, str]:
    """Variables that make Ansible as verbose as possible, with a log file."""
    return {"ANSIBLE_VERBOSITY": "4", "ANSIBLE_LOG_PATH": str(home / "ansible.log")}


def secrets_in(value: Any, member: str) -> set[str]:
    """The texts under that name, however deep."""
    if isinstance(value, Mapping):
        here = {text for name, text in value.items() if name == member and isinstance(text, str)}
        return here.union(*(secrets_in(inner, member) for inner in value.values()))
    return set()


def check_leaks(played: Played, home: Path, folder: Path, given: Iterable[str], kept: int) -> None:
    """Asserts that output, results, log, files and file names hold no secret: none of those that the run was `given`,
    and none of those in the token cache, which must contain at least `kept` of them.
    """
    loud = ("ESTABLISH LOCAL CONNECTION", "in the process of the task")
    assert any(note in played.output for note in loud), "the run did not tell all that it knows"
    canaries = set(given)
    for file in (home / ASIDE_FOLDER).iterdir():
        if file.suffix in KEPT:
            canaries |= secrets_in(json.loads(file.read_text(encoding="utf-8")), KEPT[file.suffix])
    assert len(canaries - set(given)) >= kept
    results = [line["result"] for line in played.lines if "result" in line]
    reported = {"the output": played.output.encode(), "the results": json.dumps(results).encode()}
    for path in (*home.rglob("*"), *folder.rglob("*")):
        if path.is_file() and path.parent.name != ASIDE_FOLDER and path.name not in ASIDE_FILES:
            reported[str(path)] = path.read_bytes()
    assert [place for place in reported if any(canary in place for canary in canaries)] == []
    found = [place for place, text in reported.items() if any(canary.encode() in text for canary in canaries)]
    assert found == []
    assert [place for place, text in reported.items() if SIGNATURE.search(text)] == []
