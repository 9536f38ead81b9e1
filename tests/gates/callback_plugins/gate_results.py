# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A callback for ansible-playbook: writes the result of each task to a file, and sets the simulator up for each play.

GATE_RESULTS is the file, a line of JSON for each task. With GATE_SEEDS, a file with a seed for each play by its name,
each play starts on its seed with an empty log, and at its end what the simulator saw follows as a line. A person enters
the code of each sign-in that a task starts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import requests
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gate_results"

    def __init__(self) -> None:
        super().__init__()
        self._path = Path(os.environ["GATE_RESULTS"])
        seeds = os.environ.get("GATE_SEEDS")
        self._seeds = json.loads(Path(seeds).read_text(encoding="utf-8")) if seeds else None
        self._play: str | None = None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._end_play()
        self._play = play.get_name()
        if self._seeds is not None:
            self._ask("PUT", "state", self._seeds[self._play])
            self._ask("DELETE", "log")
            self._write(state_before=self._ask("GET", "state").text)

    def v2_playbook_on_stats(self, _stats: Any) -> None:
        self._end_play()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._task("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._task("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._task("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._task("unreachable", result)

    def _end_play(self) -> None:
        if self._play is not None and self._seeds is not None:
            self._write(state_after=self._ask("GET", "state").text, log=self._ask("GET", "log").json())

    def _task(self, status: str, result: Any) -> None:
        task = result._task
        values = json.loads(json.dumps(result._result, default=str))
        self._write(task=task.get_name(), action=task.action, status=status, result=values)
        if values.get("user_code"):
            self._ask("POST", "signin/approve", {"user_code": values["user_code"], "username": "ada@contoso.example"})

    def _write(self, **members: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"play": self._play, **members}) + "\n")

    @staticmethod
    def _ask(method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{os.environ['AZSPHERE_API_URL']}/_simulator/{path}"
        answer = requests.request(method, url, json=body, verify=os.environ["REQUESTS_CA_BUNDLE"], timeout=30)
        answer.raise_for_status()
        return answer
