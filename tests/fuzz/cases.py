# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Draws the run and reply to change, uniformly over the operations, then over the runs that use the operation."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.gates.scenarios import ALL
from tests.gates.scenarios.table import Scenario
from tests.support.portable import portable

from .stage import Observed, Stage

#: Kinds of faults beside a mutation, which is drawn as often as all of them together.
OTHER_KINDS: tuple[dict[str, Any], ...] = (
    *(
        {"kind": kind, "executed": done}
        for kind in ("empty", "html", "error_object", "accepted")
        for done in (True, False)
    ),
    {"kind": "old_body"},
    {"kind": "status_after", "status": 503},
    {"kind": "status_after", "status": 503, "retry_after": "1"},
    {"kind": "status_after", "status": 500},
    {"kind": "status", "status": 429, "retry_after": "1"},
    {"kind": "status", "status": 401},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "truncate"},
    {"kind": "delay_after", "seconds": 2},
    {"kind": "trickle", "seconds": 0.2},
)
SIGN_IN = "signin"


@dataclass(frozen=True)
class Target:
    """The n-th request (from 0) of a run that asks for an operation. `name` is its operationId or a kind of the log."""

    name: str
    scenario: Scenario
    check: bool
    number: int


@dataclass(frozen=True)
class Normal:
    """How a scenario ends without a fault: whether it fails, the portable state after it, its number of deployments."""

    failed: bool
    state: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`fault` is the order to the simulator."""

    number: int
    target: Target
    fault: dict[str, Any]

    @property
    def title(self) -> str:
        how = "check" if self.target.check else "real"
        order = " ".join(f"{name}={value}" for name, value in self.fault.items() if name != "match")
        return f"{self.target.scenario.id} ({how}), {self.target.name} no. {self.target.number + 1}: {order}"


@dataclass(frozen=True)
class Recorded:
    """The targets of some scenarios by name, and how each scenario ends, by its ID."""

    targets: Mapping[str, Sequence[Target]]
    normal: Mapping[str, Normal]


def merge(parts: Sequence[Recorded]) -> Recorded:
    """Returns what was recorded in parts as one, the same however many there are."""
    names = {name for part in parts for name in part.targets}
    targets = {
        name: sorted((target for part in parts for target in part.targets.get(name, ())), key=_order) for name in names
    }
    return Recorded(targets, {name: normal for part in parts for name, normal in part.normal.items()})


def _order(target: Target) -> tuple[str, bool, int]:
    return target.scenario.id, target.check, target.number


class Cases:
    """All cases of one seed."""

    def __init__(self, recorded: Recorded, seed: int) -> None:
        self._targets = recorded.targets
        self._seed = seed
        self.normal = recorded.normal

    def case(self, number: int) -> Case:
        """Returns the case of a number; the same for the same seed."""
        rng = random.Random(f"{self._seed}/{number}")
        name = rng.choice(sorted(self._targets))
        target = rng.choice(self._targets[name])
        fault: dict[str, Any] = {"kind": "mutate", "seed": rng.randrange(1 << 32)}
        if rng.random() < 0.5:
            fault = dict(rng.choice(OTHER_KINDS))
        return chosen_case(number, target, fault)


def chosen_case(number: int, target: Target, fault: Mapping[str, Any]) -> Case:
    """Returns the case of this fault at the reply to this request, unless the fault names another request."""
    match = {"kind": target.name} if target.name in (SIGN_IN, "blob") else {"operationId": target.name}
    return Case(number, target, {"match": match, "skip": target.number, **fault})


def record(stage: Stage, scenarios: Sequence[Scenario] = ALL) -> Recorded:
    """Runs each scenario without a fault, as a check and for real, and returns its requests and how it ends."""
    targets: dict[str, list[Target]] = {}
    normal: dict[str, Normal] = {}
    for scenario in scenarios:
        for check in (True, False):
            # Every fifth run starts without a token, so that the sign-in is also a target.
            seen = stage.run(scenario, check=check, fault=None, sign_in=len(normal) % 5 == 0)
            counted: dict[str, int] = {}
            for entry in seen.log:
                name = entry["operation"] or entry["kind"]
                number = counted.get(name, 0)
                counted[name] = number + 1
                targets.setdefault(name, []).append(Target(name, scenario, check, number))
        normal[scenario.id] = normal_of(seen)
    return Recorded(targets, normal)


def normal_of(seen: Observed) -> Normal:
    return Normal(bool(seen.values is None or seen.values.get("failed")), portable(seen.after.state))
