# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs of the demo's playbook, with their duration and number of requests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.support.apis import is_write

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / ".build"


class PlaybookFailed(Exception):
    """ansible-playbook failed; the message contains its output."""


@dataclass(frozen=True)
class Run:
    """The result of a run, with the requests to the API in the simulator's log.

    `requests` counts them by method, `writes` those that may change something.
    """

    result: dict[str, Any]
    output: str
    seconds: float
    requests: Counter[str]
    writes: int

    @property
    def changes(self) -> int:
        return len(self.result["changes"])


def play(simulator: Simulator, folder: Path, *options: str) -> Run:
    """Run the role `provision` with the blueprint in the directory. Raises PlaybookFailed."""
    result_file = folder / "result.json"
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        str(HERE / "provision.yml"),
        "--extra-vars",
        json.dumps(
            {"provision_src": str(folder / "blueprint.yml"), "provision_claim": True, "demo_result": str(result_file)}
        ),
        *options,
    ]
    seen = len(simulator.log())
    start = time.monotonic()
    done = subprocess.run(
        command, env=_environment(simulator, folder), capture_output=True, text=True, check=False, cwd=ROOT
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise PlaybookFailed(done.stdout + done.stderr)
    log = simulator.log()[seen:]
    requests = Counter(str(entry["method"]) for entry in log if entry["kind"] == "api")
    writes = sum(is_write(entry) for entry in log)
    return Run(json.loads(result_file.read_text(encoding="utf-8")), done.stdout, seconds, requests, writes)


def _environment(simulator: Simulator, folder: Path) -> dict[str, str]:
    """Return the caller's environment with the simulator as the service, and all output inside the clone."""
    return {
        **os.environ,
        **simulator.env(),
        "AZSPHERE_TOKEN_CACHE": str(folder / "tokens"),
        "ANSIBLE_HOME": str(BUILD / "home" / ".ansible"),
        "ANSIBLE_LOCAL_TEMP": str(BUILD / "home" / ".ansible" / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(BUILD / "home" / ".ansible" / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(BUILD / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }
