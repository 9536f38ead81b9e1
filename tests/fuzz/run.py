# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Cases run one after the other, each judged."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gates.scenarios import ALL
from tests.simulator.harness import start_simulator

from .cases import SIGN_IN, Case, Cases, Normal, Recorded, Target, chosen_case, record
from .judge import Finding, judge
from .stage import Stage

#: Every n-th scenario, from one on.
Part = tuple[int, int]
#: ID of a scenario, operation, and the fault at its first request.
Chosen = tuple[str, str, dict[str, Any]]
WHOLE: Part = (0, 1)


@dataclass(frozen=True)
class Judged:
    """A completed case. `note` says what the simulator changed; None if the request was never sent."""

    number: int
    title: str
    operation: str
    note: str | None
    findings: tuple[Finding, ...]
    seconds: float
    message: str


def record_part(part: Part) -> Recorded:
    """Records the scenarios of a part; for a process of a pool."""
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as folder,
        start_simulator(operation_seconds=0) as simulator,
    ):
        return record(Stage(simulator, Path(folder)), ALL[part[0] :: part[1]])


def run_cases(numbers: Sequence[int], seed: int, recorded: Recorded) -> Iterator[Judged]:
    """Runs cases of a seed against a simulator of their own."""
    cases = Cases(recorded, seed)
    left = list(numbers)
    while left:
        # A new one after each run that hung, whose threads may still send requests.
        with (
            tempfile.TemporaryDirectory(prefix="fuzz-") as folder,
            start_simulator(operation_seconds=0) as simulator,
        ):
            stage = Stage(simulator, Path(folder))
            hung = False
            while left and not hung:
                judged, hung = _run_one(stage, cases, left.pop(0))
                yield judged


def _run_one(stage: Stage, cases: Cases, number: int) -> tuple[Judged, bool]:
    """Runs a case; returns the findings and whether it hung."""
    case = cases.case(number)
    return _judged(stage, case, cases.normal[case.target.scenario.id])


def _judged(stage: Stage, case: Case, normal: Normal) -> tuple[Judged, bool]:
    begin, target = time.monotonic(), case.target
    seen = stage.run(target.scenario, check=target.check, fault=case.fault, sign_in=target.name == SIGN_IN)
    found = judge(target.scenario.module, seen, normal)
    note = next((entry["note"] for entry in seen.log if (entry["note"] or "").startswith("fault ")), None)
    message = str((seen.values or {}).get("msg", ""))[:300]
    seconds = time.monotonic() - begin
    return Judged(case.number, case.title, target.name, note, tuple(found), seconds, message), seen.hung


def run_all(numbers: Sequence[int], seed: int, recorded: Recorded) -> list[Judged]:
    """Runs cases as `run_cases` does; for a process of a pool."""
    return list(run_cases(numbers, seed, recorded))


def record_and_run(numbers: Sequence[int], seed: int, part: Part) -> list[Judged]:
    """Records a part of the scenarios and runs cases drawn from it; for a process of a pool."""
    return run_all(numbers, seed, record_part(part))


def run_chosen(chosen: Sequence[Chosen]) -> list[Judged]:
    """Runs scenarios with a chosen fault each; for a process of a pool."""
    scenarios = {scenario.id: scenario for scenario in ALL}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, start_simulator(operation_seconds=0) as simulator:
        stage = Stage(simulator, Path(folder))
        found = []
        for number, (name, operation, fault) in enumerate(chosen):
            normal = record(stage, [scenarios[name]]).normal[name]
            target = Target(operation, scenarios[name], False, 0)
            found.append(_judged(stage, chosen_case(number, target, fault), normal)[0])
    return found
