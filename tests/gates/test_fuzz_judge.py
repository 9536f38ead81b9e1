# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The judge of the fuzz program: what it finds in runs that lie, and that it finds nothing in one that does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.fuzz.cases import Normal, normal_of
from tests.fuzz.judge import DEFECTS, Finding, judge
from tests.fuzz.stage import Observed
from tests.support.portable import portable

from .fleet import DEVICES, TENANT_ID, UNCLAIMED, fleet
from .workbench import Snapshot, Workbench

CLAIM = {"ids": [DEVICES[0], UNCLAIMED[0]], "product": "Kettle", "device_group": "Shelf", "claim": True}
SILENT, UNTRUE = "silent change", "change reported that did not happen"


@pytest.fixture
def truthful(bench: Workbench) -> Observed:
    """A run of `device` that claimed one device and moved two."""
    bench.simulator.load(fleet())
    before = bench.look()
    answer = bench.run("device", CLAIM)
    assert not answer.values.get("failed"), answer.values.get("msg")
    return Observed(False, before, bench.look(), answer.values, "", False, tuple(bench.simulator.log()))


def rules(seen: Observed, normal: Normal | None = None) -> set[str]:
    return {finding.rule for finding in judge("device", seen, normal or normal_of(seen))}


def reported(seen: Observed, **values: Any) -> Observed:
    """The run with another result."""
    return replace(seen, values={**(seen.values or {}), **values})


def failed(seen: Observed, message: str, **values: Any) -> Observed:
    error = dict.fromkeys(("code", "hint", "message", "request_id", "retriable", "status", "target"))
    return reported(seen, failed=True, msg=message, error=error, **values)


def struck(seen: Observed, note: str, *, method: str) -> Observed:
    """The run with a changed reply to its first request of a method."""
    log = [dict(entry) for entry in seen.log]
    next(entry for entry in log if entry["method"] == method)["note"] = f"fault {note}"
    return replace(seen, log=tuple(log))


def test_truthful_run_has_no_finding(truthful: Observed) -> None:
    assert judge("device", truthful, normal_of(truthful)) == []


def test_change_must_be_reported(truthful: Observed) -> None:
    outcomes = [{**each, "changed": False} for each in (truthful.values or {})["outcomes"]]
    silent = reported(truthful, changed=False, outcomes=outcomes)
    assert rules(silent) == {SILENT, "change of a device is not reported"}
    assert SILENT in rules(failed(silent, "Cannot claim: the reply is not valid JSON."))
    assert rules(failed(silent, "Cannot claim: connection lost. The outcome is unknown.")) == set()


def test_change_that_did_not_happen_must_not_be_reported(truthful: Observed) -> None:
    without_effect = replace(truthful, after=truthful.before)
    assert UNTRUE in rules(without_effect)
    assert "change of a device is reported that did not happen" in rules(without_effect)


def test_success_must_end_in_the_state_of_a_normal_run(truthful: Observed) -> None:
    without_effect = replace(truthful, after=truthful.before, values={**(truthful.values or {}), "changed": False})
    assert "success reported in another state" in rules(without_effect, normal_of(truthful))


def test_undetectable_false_reply_is_not_a_finding(truthful: Observed) -> None:
    without_effect = replace(truthful, after=truthful.before)
    assert rules(struck(without_effect, "mutate /Items/*/Id other_guid", method="GET")) == set()
    assert rules(struck(without_effect, "mutate status 403", method="PUT")) == set()
    assert UNTRUE in rules(struck(without_effect, "mutate status 503", method="PUT"))
    assert UNTRUE in rules(struck(without_effect, "html", method="PUT"))


def test_confirmed_block_is_not_a_finding(truthful: Observed) -> None:
    log = [{**truthful.log[0], "operation": "Tenants_BlockLegacy", "note": "fault empty"}]
    other = Normal(False, {"tenants": {}})
    assert "success reported in another state" in rules(truthful, other)
    assert rules(replace(truthful, log=tuple(log)), other) == set()


def test_check_run_must_not_write(truthful: Observed) -> None:
    check = replace(truthful, check=True)
    assert rules(check) == {"check run wrote", "check run changed something"}


def test_deployment_must_not_be_made_twice(truthful: Observed) -> None:
    document = json.loads(truthful.after.state)
    [tenant] = [each for each in document["tenants"] if each["id"] == TENANT_ID]
    groups = [each for product in tenant["products"] for each in product["device_groups"]]
    group = next(each for each in groups if each["deployments"])
    group["deployments"].append(group["deployments"][-1])
    twice = replace(truthful, after=Snapshot(json.dumps(document).encode(), truthful.after.files))
    assert "deployed more than once" in rules(twice, Normal(False, portable(truthful.after.state)))


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("Task failed: Traceback (most recent call last): x.", "not a sentence"),
        ("day is out of range for month", "not a sentence"),
        ("Cannot read \x1b]0;owned\x07.", "control characters in the message"),
        ("Cannot read " + "x" * 5000 + ".", "message too long"),
    ],
)
def test_message_must_be_one_sentence(truthful: Observed, message: str, rule: str) -> None:
    assert rules(failed(truthful, message)) == {rule}


@pytest.mark.parametrize("code", DEFECTS)
def test_exception_in_the_last_net_is_a_finding(truthful: Observed, code: str) -> None:
    seen = failed(truthful, "Unexpected error ValueError.")
    assert rules(reported(seen, error={**(seen.values or {})["error"], "code": code})) == {"unexpected error"}


def test_run_without_a_result_is_located(truthful: Observed) -> None:
    trace = 'File "/x/plugins/module_utils/_legacy/wire.py", line 95, in date\nValueError: day is out of range'
    broken = replace(truthful, values=None, trace=trace)
    where = "plugins/module_utils/_legacy/wire.py:95: ValueError: day is out of range"
    assert judge("device", broken, normal_of(truthful)) == [Finding("traceback", where)]
    assert judge("device", replace(broken, hung=True), normal_of(truthful)) == [Finding("hangs", where)]
