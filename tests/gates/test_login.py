# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The gate for `login`, in whose scenarios a person has to enter a code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulator.harness import Simulator

from .proof import agree
from .scenarios.table import CHANGE, CREATE, DELETE, NOTHING
from .workbench import Answer, Workbench

ADA, SAM = "ada@contoso.example", "sam@contoso.example"
#: The environment also has credentials of an application, whose client is not that of people.
PERSON = {"token_cache": "tokens"}


@pytest.fixture
def tokens(bench: Workbench) -> Path:
    return bench.folder / "tokens"


@dataclass(frozen=True)
class Scenario:
    """A state to ask for after steps before it: `ADA` or `SAM` enters the code that waits, all else is a state."""

    state: str
    effect: str
    steps: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return (
            f"{self.state}-{self.effect}-after-{'-'.join(step.partition('@')[0] for step in self.steps) or 'nothing'}"
        )


SCENARIOS = (
    Scenario("started", CREATE),
    Scenario("started", NOTHING, ("started",)),
    Scenario("started", CHANGE, ("started", ADA, "present")),
    Scenario("present", CREATE, ("started", ADA)),
    Scenario("present", CHANGE, ("started", ADA, "present", "started", SAM)),
    Scenario("present", NOTHING, ("started", ADA, "present")),
    Scenario("absent", DELETE, ("started",)),
    Scenario("absent", DELETE, ("started", ADA, "present")),
    Scenario("absent", NOTHING),
    Scenario("absent", NOTHING, ("started", "absent")),
)


def run(bench: Workbench, state: str, check: bool = False) -> Answer:
    answer = bench.run("login", {**PERSON, "state": state}, check=check)
    assert not answer.values.get("failed"), answer.values.get("msg")
    return answer


def enter(simulator: Simulator, username: str) -> None:
    """Somebody enters the code that waits."""
    codes = simulator.order("GET", "signin")["device_codes"]
    [waiting] = [code["user_code"] for code in codes if code["state"] == "pending"]
    simulator.order("POST", "signin/approve", {"user_code": waiting, "username": username})


@pytest.fixture
def prepare(bench: Workbench) -> Callable[[Scenario], None]:
    """Creates the initial state of a scenario."""

    def prepare_now(scenario: Scenario) -> None:
        bench.simulator.reset()
        for step in scenario.steps:
            if "@" in step:
                enter(bench.simulator, step)
            else:
                run(bench, step)

    return prepare_now


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_check_mode_predicts_the_real_run(
    bench: Workbench, prepare: Callable[[Scenario], None], scenario: Scenario
) -> None:
    prepare(scenario)
    before = bench.look()
    predicted = run(bench, scenario.state, check=True)
    assert bench.look() == before, "the check run changed something"
    assert bench.simulator.log() == [], "the check run asked somebody"
    real = run(bench, scenario.state)
    assert real.changed == (scenario.effect != NOTHING)
    agree(predicted, real)
    assert [each["before"] for each in predicted.diff] == [each["before"] for each in real.diff]
    assert (bench.look().files != before.files) == real.changed
    after = bench.look()
    for check in (False, True):
        second = run(bench, scenario.state, check=check)
        assert (second.changed, second.diff) == (False, [])
        assert bench.simulator.log() == []
        assert bench.look() == after


def test_all_states_have_scenarios() -> None:
    assert {(scenario.state, scenario.effect) for scenario in SCENARIOS} == {
        *(("started", effect) for effect in (CREATE, CHANGE, NOTHING)),
        *(("present", effect) for effect in (CREATE, CHANGE, NOTHING)),
        *(("absent", effect) for effect in (DELETE, NOTHING)),
    }
