# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Writes when each task of a playbook starts, and when the last one ends."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_times
type: aggregate
short_description: Writes when each task starts
description: Writes a line of JSON with the name of each task and the time of its start to the file in BENCH_TIMES.
author:
  - azsphere.fleet contributors
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_times"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        del is_conditional
        self._note(task.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        failed = [host for host in stats.processed if stats.summarize(host)["failures"]]
        self._note("failed" if failed else "end")

    @staticmethod
    def _note(name: str) -> None:
        with open(os.environ["BENCH_TIMES"], "a", encoding="utf-8") as file:
            file.write(json.dumps([name, time.monotonic()]) + "\n")
