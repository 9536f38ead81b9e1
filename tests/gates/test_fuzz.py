# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every scenario under random single changes of one reply: no traceback, no hang, and nothing told that is not so.

A long run: `make fuzz ARGS="--count 20000"`.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.fuzz.run import run_all

SEED = 1
#: Each takes every fourth scenario, so that together they take each of them.
PARTS = 4
CASES = 100


@pytest.mark.parametrize("part", range(PARTS))
def test_changed_reply_breaks_no_promise(part: int) -> None:
    # In a process of its own, as it changes the environment and the working directory.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        judged = pool.submit(run_all, range(CASES), SEED, (part, PARTS)).result()
    found = [
        f"{finding.rule}: {finding.detail}\n  {each.title}\n  changed: {each.note}\n  message: {each.message}\n"
        f"  repeat: make fuzz ARGS='--seed {SEED} --part {part}/{PARTS} --first {each.number} --count 1'"
        for each in judged
        for finding in each.findings
    ]
    assert not found, "\n".join(found)
    assert sum(each.note is not None for each in judged) > 0.9 * CASES
