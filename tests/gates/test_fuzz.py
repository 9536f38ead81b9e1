# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every scenario under random single changes of one reply: no traceback, no hang, and nothing told that is not so.

A long run: `make fuzz ARGS="--count 20000"`.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from tests.fuzz.cases import SIGN_IN
from tests.fuzz.run import Chosen, Judged, record_and_run, run_chosen

SEED = 1
#: Each takes every fourth scenario, so that together they take each of them.
PARTS = 4
CASES = 30


def odd(place: str, value: str) -> dict[str, Any]:
    """Returns the fault that puts a value of the rig into a place of the reply."""
    return {"kind": "mutate", "seed": 1, "place": place, "value": value}


AFTER_THE_WORK = {"kind": "status_after", "status": 503, "retry_after": "1"}
TOKEN = {"kind": SIGN_IN, "path": "*/token"}
NOT_DONE = {"executed": False}
#: An operation that says that it is complete, of a write that was not executed.
COMPLETE = {"OperationId": "0b000000-0000-4000-8000-000000000001", "State": 2}
#: What broke promises once, whether or not a seed draws it.
CHOSEN: list[Chosen] = [
    # Writes without an effect.
    ("user_role-change-one_role_more", "AccessControl_AssignRole", {"kind": "empty", **NOT_DONE}),
    ("product-create-without_groups_or_description", "Product_Create", {"kind": "accepted", **NOT_DONE}),
    ("product-delete-and_not_waited_for", "Product_Delete", {"kind": "accepted", **NOT_DONE}),
    ("device_group-change-its_feed", "DeviceGroup_Patch", {"kind": "old_body"}),
    ("device-change-moved", "Devices_Move", {"kind": "status", "status": 202, "body": json.dumps(COMPLETE)}),
    ("tenant-change-no_legacy_authorization", "Tenants_BlockLegacy", {"kind": "html", **NOT_DONE}),
    # Values that cannot be.
    ("device_info-read-how_many", "Devices_Count", odd("/", "digits")),
    ("device_info-read-all", "Devices_List", odd("/Items/*/DeviceId", "surrogate")),
    ("device_info-read-all", "Devices_List", odd("/", "very_deep")),
    ("device_insight_info-read-all", "ErrorReporting_List", odd("/Items/*/StartTimestampInUnix", "infinite_number")),
    ("user_info-read-all", "AccessControl_ListUsers", odd("/Principals/*/Roles", "true")),
    ("product-create-in_a_tenant_of_many_pages", "Product_List", odd("/ContinuationToken", "beyond_latin_1")),
    ("tenant_info-read-the_one_in_use", "Tenants_List", odd("headers", "odd_length")),
    ("account_info-read-by_its_token", SIGN_IN, {**odd("/expires_in", "infinite_number"), "match": TOKEN}),
    ("account_info-read-by_its_token", SIGN_IN, {**odd("/access_token", "beyond_latin_1"), "match": TOKEN}),
    ("operation_info-read-as_it_stands", "AsyncOperations_Get", odd("/CreatedDateUTC", "impossible_date")),
    ("image_info-read-with_addresses", "Image_GetUrl", odd("/", "bad_address")),
    ("device-change-moved", "AsyncOperations_Get", odd("/CreatedDateUTC", "impossible_date")),
    ("device-change-moved", "Devices_Move", odd("/State", "long_digits")),
    # Work done twice.
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
