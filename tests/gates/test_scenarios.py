# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every module, every state, every effect: check mode predicts the real run, and a second run changes nothing."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import blueprint as blueprint_input
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.schema import Member
from ansible_collections.azsphere.fleet.plugins.module_utils._task import Task

from tests.support.apis import INTEGRATED, LEGACY

from .expected_state import check_expected_state
from .fleet import CATALOG, FOREIGN, TENANT_ID, UNCLAIMED, fleet
from .proof import prove
from .returned import sample_faults
from .scenarios import ALL, ELSEWHERE, IMPOSSIBLE
from .scenarios.blueprints import DOCUMENT, EVERYTHING
from .scenarios.lacking import OF_INTEGRATED, OF_LEGACY, OPERATIONS, by_name, lacking, supported, without_users
from .scenarios.table import (
    CHANGE,
    CREATE,
    DELETE,
    EFFECTS,
    NOTHING,
    OPERATION,
    READ,
    REFUSED,
    SUCCESSOR,
    Scenario,
)
from .workbench import OPERATION_SECONDS, PREFIX, Answer, Workbench

MODULES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "plugins" / "modules").glob("*.py") if path.stem != "__init__"
)
WRITING = [scenario for scenario in ALL if scenario.effect not in (READ, REFUSED)]
READING = [scenario for scenario in ALL if scenario.effect == READ]
REFUSALS = [scenario for scenario in ALL if scenario.effect == REFUSED]


def on_both(scenarios: Iterable[Scenario]) -> pytest.MarkDecorator:
    """Runs a test with each scenario on the Legacy API, and on the Integrated one unless that lacks what it needs."""
    cases = [
        *(pytest.param(LEGACY, each, id=each.id) for each in scenarios if lacking(each) not in OF_LEGACY),
        *(
            pytest.param(INTEGRATED, each, id=f"{INTEGRATED}-{each.id}")
            for each in scenarios
            if supported(each, OF_LEGACY) and each.id not in OPERATIONS
        ),
    ]
    return pytest.mark.parametrize(("bench", "scenario"), cases, indirect=["bench"])


def prepare(bench: Workbench, scenario: Scenario) -> dict[str, Any]:
    """Creates the initial state of a scenario and returns its options."""
    bench.simulator.load(scenario.seed)
    for name, text in scenario.files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    expected: dict[str, Any] = {SUCCESSOR: successor(bench)}
    for module, options in scenario.first:
        done = bench.run(module, options if bench.api == LEGACY else without_users(options))
        assert not done.values.get("failed"), done.values.get("msg")
        expected[OPERATION] = (done.values.get("operation") or {}).get("id")
    if not scenario.waits:
        bench.simulator.settings(operation_seconds=OPERATION_SECONDS)
    options = scenario.options if bench.api == LEGACY else without_users(by_name(scenario, CATALOG))
    return {name: expected.get(str(value), value) for name, value in options.items()}


def successor(bench: Workbench) -> str | None:
    """The thumbprint of a CA certificate that is not the active one."""
    [tenant] = [each for each in bench.look().document["tenants"] if each["id"] == TENANT_ID]
    return next((str(each["thumbprint"]) for each in tenant["certificates"] if not each["active"]), None)


@on_both(WRITING)
def test_check_mode_predicts_the_real_run(bench: Workbench, scenario: Scenario) -> None:
    options = prepare(bench, scenario)

    def act(check: bool) -> Answer:
        return bench.run(scenario.module, options, check=check)

    before = bench.look()
    prove(bench, act, changes=scenario.effect != NOTHING, again=scenario.again, waits=scenario.waits)
    check_expected_state(scenario.module, options, before, bench.look())


_GROUP = {"product": "Kettle", "device_group": "Shelf"}
_FAILING = [{"id": device, **_GROUP} for device in (FOREIGN, UNCLAIMED[0])]


@pytest.mark.parametrize(("most", "place"), [(None, "Kettle/Shelf"), (0, "no group")], ids=["all", "until_one_fails"])
@pytest.mark.parametrize(
    ("module", "options"),
    [("device", {"devices": _FAILING}), ("blueprint", {"blueprint": {"devices": _FAILING}})],
    ids=["device", "blueprint"],
)
def test_diff_shows_outcomes_of_failed_devices(
    bench: Workbench, module: str, options: dict[str, Any], most: int | None, place: str
) -> None:
    """Which no check run can know. Once `max_failures` is passed, nothing more is done with the others."""
    bench.simulator.load(fleet())
    limits = {} if most is None else {"max_failures": most}
    answer = bench.run(module, {**options, "claim": True, **limits})
    assert (answer.values["failed"], answer.changed) == (True, True)
    before, after = (answer.diff[0][side].splitlines() for side in ("before", "after"))
    assert before[0] == "2 devices: not claimed"
    assert after[:2] == [f"1 device: {place}", "1 device: not claimed"]


@on_both(READING)
def test_read_scenarios_send_no_writes(bench: Workbench, scenario: Scenario) -> None:
    options = prepare(bench, scenario)
    before = bench.look()
    reported = []
    for check in (True, False):
        answer = bench.run(scenario.module, options, check=check)
        assert not answer.values.get("failed"), answer.values.get("msg")
        assert answer.changed is False
        # One that reads is sent as a POST: FACTS has no other way to ask for component IDs.
        assert [write for write in answer.writes if check or not write.endswith("componentIdsForImages")] == []
        assert "diff" not in answer.values
        assert bench.look() == before
        # A signed address holds the moment at which it ends, so the next one is another.
        reported.append(re.sub(r'\?[^"]*\bsig=[^"]*', "?signed", json.dumps(answer.reported)))
    assert reported[0] == reported[1]


@on_both(REFUSALS)
def test_rejected_scenarios_are_rejected_in_check_mode(bench: Workbench, scenario: Scenario) -> None:
    """Neither run changes anything. Errors before the first write have the same message in both."""
    options = prepare(bench, scenario)
    before = bench.look()
    predicted = bench.run(scenario.module, options, check=True)
    assert (predicted.values.get("failed"), predicted.writes) == (True, ())
    assert bench.look() == before
    real = bench.run(scenario.module, options)
    assert real.values.get("failed")
    assert bench.look() == before
    if not real.writes:
        assert predicted.values["error"] == real.values["error"]


@on_both(WRITING)
def test_read_only_session_rejects_writes_without_the_overlay(
    bench: Workbench, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = prepare(bench, scenario)
    before = bench.look()
    monkeypatch.setattr(Task, "_open_service", lambda task: task._connect().service)
    answer = bench.run(scenario.module, options, check=True)
    assert answer.writes == ()
    assert bench.look() == before
    if answer.values.get("failed"):
        assert "a session that only reads" in answer.values["msg"]


LACKED = [
    pytest.param(api, each, id=f"{api}-{each.id}")
    for api, missing in ((LEGACY, OF_LEGACY), (INTEGRATED, OF_INTEGRATED))
    for each in ALL
    if lacking(each) in missing
]


@pytest.mark.parametrize(("bench", "scenario"), LACKED, indirect=["bench"])
def test_what_an_api_lacks_is_unsupported(bench: Workbench, scenario: Scenario) -> None:
    """Before the first write, in check and real runs alike, with the way to do it elsewhere."""
    prepare(bench, replace(scenario, first=()))
    options = {name: value for name, value in scenario.options.items() if name != "tenant"}
    before = bench.look()
    for check in (True, False):
        answer = bench.run(scenario.module, options, check=check)
        assert answer.values["error"]["code"] == "unsupported"
        assert answer.values["error"]["hint"]
        assert answer.writes == ()
    assert bench.look() == before


def states(module: str) -> list[str | None]:
    """The values that the option `state` of a module takes, None for one without."""
    spec = importlib.import_module(f"{PREFIX}.{module}").ARGUMENTS.spec
    return list(spec["state"]["choices"]) if "state" in spec else [None]


def state_of(scenario: Scenario) -> str | None:
    spec = importlib.import_module(f"{PREFIX}.{scenario.module}").ARGUMENTS.spec
    return scenario.options.get("state", spec["state"]["default"]) if "state" in spec else None


def effects_of(module: str, state: str | None) -> set[str]:
    """What a module can be asked for in a state."""
    if module.endswith("_info"):
        return {READ}
    if state == "absent":
        return {DELETE, NOTHING}
    possible = {CREATE, CHANGE, NOTHING} if state else {CREATE, CHANGE, NOTHING, DELETE}
    return {effect for effect in possible if (module, state, effect) not in IMPOSSIBLE}


def test_every_effect_of_every_state_of_every_module_has_a_scenario() -> None:
    asked = [(module, state) for module in MODULES if module not in ELSEWHERE for state in states(module)]
    wanted = {(module, state, effect) for module, state in asked for effect in effects_of(module, state)}
    there = {(scenario.module, state_of(scenario), scenario.effect) for scenario in ALL}
    assert wanted - there == set()


def asked_of(spec: dict[str, Any]) -> set[tuple[str, ...]]:
    """What can be asked of a module: its options, and of those that give a choice each value but the default."""
    asked: set[tuple[str, ...]] = set()
    for name, option in spec.items():
        choices = [True, False] if option["type"] == "bool" else option.get("choices", [None])
        asked |= {
            (name, *([] if choice is None else [str(choice)])) for choice in choices if choice != _default(option)
        }
        asked |= {(name, *below) for below in asked_of(option.get("options", {}))}
    return asked


def _default(option: dict[str, Any]) -> Any:
    return option.get("default", "(none)")


def given_in(value: Any, spec: dict[str, Any]) -> set[tuple[str, ...]]:
    """What of that some options ask for."""
    given: set[tuple[str, ...]] = set()
    for name, option in value.items():
        entries = option if isinstance(option, list) else [option]
        choice = "choices" in spec[name] or spec[name]["type"] == "bool"
        given |= {(name, str(entry)) for entry in entries} if choice else {(name,)}
        if "options" in spec[name]:
            given |= {(name, *below) for entry in entries for below in given_in(entry, spec[name]["options"])}
    return given


#: A saved plan is written in check mode too; tests/integration/test_plans tries these options.
OF_PLANS = {("expect_plan",), ("plan_file",)}


@pytest.mark.parametrize("module", [module for module in MODULES if module not in ELSEWHERE])
def test_every_option_of_every_module_has_a_scenario(module: str) -> None:
    """By a scenario in which it changes something, or reads."""
    spec = importlib.import_module(f"{PREFIX}.{module}").ARGUMENTS.spec
    scenarios = [each for each in ALL if each.module == module and each.effect not in (NOTHING, REFUSED)]
    connection = {name: {"type": "str"} for each in scenarios for name in each.options if name not in spec}
    given = {what for each in scenarios for what in given_in(each.options, {**spec, **connection})}
    assert asked_of(spec) - given - OF_PLANS == set()


@pytest.mark.parametrize("module", MODULES)
def test_documented_samples_match_return_values(module: str) -> None:
    assert sample_faults(module) == []


def test_every_blueprint_member_has_a_scenario() -> None:
    def paths(member: Member, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        below = [member.of] if member.of else []
        found = {(*path, choice) for choice in member.choices} or {path}
        return found.union(
            *(paths(each, path) for each in below),
            *(paths(each, (*path, name)) for name, each in member.members.items()),
        )

    def said(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(value, dict):
            return {path}.union(*(said(each, (*path, name)) for name, each in value.items()))
        if isinstance(value, list):
            return {path}.union(*(said(each, path) for each in value))
        return {path, (*path, str(value))}

    assert paths(blueprint_input.DOCUMENT) - said(DOCUMENT) - said(EVERYTHING) == set()


def test_scenarios_name_modules_of_this_collection() -> None:
    assert {scenario.module for scenario in ALL} <= set(MODULES)
    assert {scenario.effect for scenario in ALL} <= set(EFFECTS)
    assert len({scenario.id for scenario in ALL}) == len(ALL)
    assert {module for module, _state, _effect in IMPOSSIBLE} <= set(MODULES)
    assert {module for module in MODULES if module not in ELSEWHERE and not module.endswith("_info")} <= {
        scenario.module for scenario in REFUSALS
    }
