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
from typing import Any

import pytest

from tests.fuzz.run import Chosen, Judged, record_and_run, run_chosen

SEED = 1
#: Each takes every fourth scenario, so that together they take each of them.
PARTS = 4
CASES = 30


def odd(place: str, value: str) -> dict[str, Any]:
    """Returns the fault that puts a value of the rig into a place of the reply."""
    return {"kind": "mutate", "seed": 1, "place": place, "value": value}


AFTER_THE_WORK = {"kind": "status_after", "status": 503, "retry_after": "1"}
#: What broke promises once, whether or not a seed draws it: writes without an effect, odd values, work done twice.
CHOSEN: list[Chosen] = [
    ("user_role-change-one_role_more", "AccessControl_AssignRole", {"kind": "empty", "executed": False}),
    ("product-create-without_groups_or_description", "Product_Create", {"kind": "accepted", "executed": False}),
    ("device_group-change-its_feed", "DeviceGroup_Patch", {"kind": "old_body"}),
    ("device_info-read-how_many", "Devices_Count", odd("/", "digits")),
    (
        "device-change-moved",
        "AsyncOperations_Get",
        odd("/CreatedDateUTC", "impossible_date"),
    ),
    ("device-change-moved", "Devices_Move", odd("/State", "long_digits")),
    ("deployment-create-the_first_of_a_group", "Deployments_Create", AFTER_THE_WORK),
    ("device_group-create-with_nothing_but_its_name", "DeviceGroup_Create", AFTER_THE_WORK),
]


def test_chosen_replies_break_no_promise() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        judged = pool.submit(run_chosen, CHOSEN).result()
    assert not found_in(judged), "\n".join(found_in(judged))
    assert all(each.note is not None for each in judged), "a fault met no request"


def found_in(judged: list[Judged]) -> list[str]:
    return [
        f"{finding.rule}: {finding.detail}\n  {each.title}\n  changed: {each.note}\n  message: {each.message}"
        for each in judged
        for finding in each.findings
    ]


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.thorough) for part in range(1, PARTS))])
def test_changed_reply_breaks_no_promise(part: int) -> None:
    # In a process of its own, as it changes the environment and the working directory.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        judged = pool.submit(record_and_run, range(CASES), SEED, (part, PARTS)).result()
    found = [
        f"{finding.rule}: {finding.detail}\n  {each.title}\n  changed: {each.note}\n  message: {each.message}\n"
        f"  repeat: make fuzz ARGS='--seed {SEED} --part {part}/{PARTS} --first {each.number} --count 1'"
        for each in judged
        for finding in each.findings
    ]
    assert not found, "\n".join(found)
    assert sum(each.note is not None for each in judged) > 0.9 * CASES
