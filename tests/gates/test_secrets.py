# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Canaries: all that the documentation shows, run at the highest verbosity, and no secret in what that leaves.

The ways of signing in have canaries of their own in tests/integration/test_sign_in.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .playbooks import Player
from .test_examples import PEOPLE, PIPELINE_SECRET, plays, seed_of
from .workbench import Workbench

#: In an address from which anybody may fetch a file.
SIGNATURE = re.compile(rb"\bsig=[\w%.~+/-]{16,}")
#: By the ending of a file in the token cache, the member that is secret.
KEPT = {".token": "access_token", ".account": "secret", ".device-code": "device_code"}


def secrets_in(value: Any, member: str) -> set[str]:
    """The texts under that name, however deep."""
    if isinstance(value, Mapping):
        here = {text for name, text in value.items() if name == member and isinstance(text, str)}
        return here.union(*(secrets_in(inner, member) for inner in value.values()))
    return set()


def signed_in(play: dict[str, Any]) -> dict[str, Any]:
    """The play as a person's when a person signs in in it, who stays signed in."""
    if "azsphere.fleet.login" not in json.dumps(play):
        return play
    tasks = [task for task in play["tasks"] if task.get("azsphere.fleet.login", {}).get("state") != "absent"]
    return {**play, "tasks": tasks, "module_defaults": {"group/azsphere.fleet.azsphere": PEOPLE}}


def test_no_secret_is_told(bench: Workbench, interpreter: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    ready = bench.simulator.ready
    played = Player(bench.simulator, bench.folder, home, interpreter).play(
        [{**signed_in(play), "ignore_errors": True} for play in plays()],
        seeds={play["name"]: seed_of(play["name"], False, ready) for play in plays()},
        variables={
            "FLEET_SECRET": PIPELINE_SECRET,
            "ANSIBLE_VERBOSITY": "4",
            "ANSIBLE_LOG_PATH": str(home / "ansible.log"),
        },
    )
    assert played.code == 0, played.output
    assert "ESTABLISH LOCAL CONNECTION" in played.output
    canaries = {str(ready["client_secret"]), PIPELINE_SECRET}
    for file in (home / "tokens").iterdir():
        if file.suffix in KEPT:
            canaries |= secrets_in(json.loads(file.read_text(encoding="utf-8")), KEPT[file.suffix])
    # Two applications' tokens, and a person's access, ID and refresh token.
    assert len(canaries) >= 2 + 2 + 3
    results = [line["result"] for line in played.lines if "result" in line]
    told = {"the output": played.output.encode(), "the results": json.dumps(results).encode()}
    for path in (*home.rglob("*"), *bench.folder.rglob("*")):
        # Not the cache itself, and not what the tests told the simulator and asked of it.
        if path.is_file() and path.parent.name != "tokens" and path.name not in ("seeds.json", "results.jsonl"):
            told[str(path)] = path.read_bytes()
    assert [place for place in told if any(canary in place for canary in canaries)] == []
    found = [place for place, text in told.items() if any(canary.encode() in text for canary in canaries)]
    assert found == []
    assert [place for place, text in told.items() if SIGNATURE.search(text)] == []
