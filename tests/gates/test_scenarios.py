# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every module, every state, every effect: the check tells the truth, and a second run does nothing."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils import _ansible

from .proof import prove
from .scenarios import ALL, ELSEWHERE, IMPOSSIBLE
from .scenarios.table import CHANGE, CREATE, DELETE, EFFECTS, NOTHING, OPERATION, READ, Scenario
from .workbench import PREFIX, Answer, Workbench

MODULES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "plugins" / "modules").glob("*.py") if path.stem != "__init__"
)
WRITING = [scenario for scenario in ALL if scenario.effect != READ]
READING = [scenario for scenario in ALL if scenario.effect == READ]


def prepare(bench: Workbench, scenario: Scenario) -> dict[str, Any]:
    """Brings about the start of a scenario, and answers its options."""
    bench.simulator.load(scenario.seed)
    operation = None
    for module, options in scenario.first:
        done = bench.run(module, options)
        assert not done.values.get("failed"), done.values.get("msg")
        operation = (done.values.get("operation") or {}).get("id")
    return {name: operation if value == OPERATION else value for name, value in scenario.options.items()}


@pytest.mark.parametrize("scenario", WRITING, ids=lambda scenario: scenario.id)
def test_the_check_tells_what_is_done(bench: Workbench, scenario: Scenario) -> None:
    options = prepare(bench, scenario)

    def act(check: bool) -> Answer:
        return bench.run(scenario.module, options, check=check)

    prove(bench, act, changes=scenario.effect != NOTHING, again=scenario.again)


@pytest.mark.parametrize("scenario", READING, ids=lambda scenario: scenario.id)
def test_what_reads_writes_nothing(bench: Workbench, scenario: Scenario) -> None:
    options = prepare(bench, scenario)
    before = bench.look()
    for check in (True, False):
        answer = bench.run(scenario.module, options, check=check)
        assert not answer.values.get("failed"), answer.values.get("msg")
        assert (answer.changed, answer.writes) == (False, ())
        assert "diff" not in answer.values
        assert bench.look() == before


@pytest.mark.parametrize("scenario", WRITING, ids=lambda scenario: scenario.id)
def test_without_the_overlay_the_session_still_refuses(
    bench: Workbench, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = prepare(bench, scenario)
    before = bench.look()
    monkeypatch.setattr(_ansible, "Overlay", lambda service: service)
    answer = bench.run(scenario.module, options, check=True)
    assert answer.writes == ()
    assert bench.look() == before
    if answer.values.get("failed"):
        assert "a session that only reads" in answer.values["msg"]


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


def test_the_table_is_one_of_this_collection() -> None:
    assert {scenario.module for scenario in ALL} <= set(MODULES)
    assert {scenario.effect for scenario in ALL} <= set(EFFECTS)
    assert len({scenario.id for scenario in ALL}) == len(ALL)
    assert {module for module, _state, _effect in IMPOSSIBLE} <= set(MODULES)
