# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One trial: runs under a fault, or one that is killed and repeated, compared with the desired state."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Kind
from .provisioning import DEADLINE, Ended, Provisioning, process_tree, try_signal, wait_until

PROBABILITY = 0.05
MOST_RUNS = 3
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass
class Trial:
    """`runs` under the fault or before the kill; `clean` says that a run without it was needed as well.

    `messages` are those of the runs that failed.
    """

    label: str
    seed: int
    runs: int = 0
    clean: bool = False
    struck: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def line(self) -> str:
        outcome = "; ".join(self.problems) or ("desired state, after a clean run" if self.clean else "desired state")
        return f"{self.label:<44} {self.seed:>4} {self.runs:>4} {self.struck:>6} {self.seconds:>7.1f}  {outcome}"


HEADING = f"{'fault':<44} {'seed':>4} {'runs':>4} {'faults':>6} {'seconds':>7}  ended in"


@dataclass(frozen=True)
class Described:
    """The state, and the number of API requests and of claims among them, of a run without faults."""

    state: dict[str, Any]
    requests: int
    claims: int


def describe(provisioning: Provisioning) -> Described:
    """Runs once without faults. Raises RuntimeError if that fails."""
    provisioning.simulator.reset()
    ended = provisioning.run()
    if ended.code != 0:
        raise RuntimeError(f"The fleet cannot be provisioned without faults:\n{ended.output}")
    counts = provisioning.simulator.counts()
    return Described(provisioning.state(), counts["requests"], _claims(counts))


def endure(provisioning: Provisioning, described: Described, label: str, kinds: Mapping[str, Kind], seed: int) -> Trial:
    """Provisions an empty tenant under faults of some kinds, up to MOST_RUNS times, then once without if need be."""
    trial, begin, simulator = Trial(label, seed), time.monotonic(), provisioning.simulator
    history = all(kind.truthful for kind in kinds.values())
    simulator.reset()
    simulator.rig({name: kind.order for name, kind in kinds.items()}, probability=PROBABILITY, seed=seed * 100)
    ended = Ended(1, "")
    while ended.code != 0 and trial.runs < MOST_RUNS:
        ended = provisioning.run()
        trial.runs += 1
        trial.messages += [_message(ended)] if ended.code else []
        trial.problems += _broken(ended, provisioning, described, history=history)
    trial.struck = sum(count for note, count in simulator.counts()["notes"].items() if note.startswith("fault "))
    simulator.clear_faults()
    if ended.code != 0:
        if all(kind.recoverable for kind in kinds.values()):
            trial.problems.append(f"failed {MOST_RUNS} times: {_message(ended)}")
        trial.clean = True
        ended = provisioning.run()
        trial.problems += _broken(ended, provisioning, described, history=history)
        if ended.code != 0:
            trial.problems.append(f"failed without faults: {_message(ended)}")
    trial.seconds = time.monotonic() - begin
    return trial


def interrupt(provisioning: Provisioning, described: Described, seed: int) -> Trial:
    """Kills a run at a drawn request by a drawn signal, and runs it again without faults.

    Half of the time the request was carried out and its reply is still on the way.
    """
    rng = random.Random(f"kill/{seed}")
    number, at, in_flight = rng.choice(SIGNALS), rng.randrange(described.requests), rng.random() < 0.5
    where = f"{'in' if in_flight else 'after'} request {at + 1}"
    trial, begin = Trial(f"{number.name} {where}", seed, runs=1), time.monotonic()
    simulator = provisioning.simulator
    simulator.reset()
    if in_flight:
        simulator.fault("delay_after", match={"kind": "api"}, skip=at, seconds=DEADLINE)

    def reached() -> bool:
        if in_flight:
            return any(fault["struck"] for fault in simulator.order("GET", "faults"))
        return bool(simulator.counts()["requests"] > at)

    process = provisioning.start()
    if wait_until(reached, process):
        trial.struck = 1
        _kill(process, number)
    first = provisioning.finish(process)
    simulator.clear_faults()
    if "Traceback" in first.output and number != signal.SIGKILL:
        trial.problems.append("traceback when killed")
    ended = provisioning.run()
    trial.problems += _broken(ended, provisioning, described, history=True)
    if ended.code != 0:
        trial.problems.append(f"failed when run again: {_message(ended)}")
    trial.problems += _repeated(simulator.log())
    if _claims(simulator.counts()) > described.claims + 1:
        trial.problems.append(f"{_claims(simulator.counts())} claims instead of {described.claims}")
    trial.seconds = time.monotonic() - begin
    return trial


def _kill(process: subprocess.Popen[str], number: int) -> None:
    """Signals and waits for all processes of the run.

    SIGTERM goes to ansible-playbook alone, as from a service manager; the others to all, as from a terminal or the
    kernel.
    """
    tree = process_tree(process.pid)
    for pid in tree[:1] if number == signal.SIGTERM else tree:
        try_signal(pid, number)
    wait_until(lambda: not any(try_signal(pid, 0) for pid in tree[1:]), process)


def _claims(counts: Mapping[str, Any]) -> int:
    return int(counts["operations"].get("Devices_BulkClaim", 0) + counts["operations"].get("Devices_Claim", 0))


def _broken(ended: Ended, provisioning: Provisioning, described: Described, *, history: bool) -> list[str]:
    """Checks that a run ends without a traceback, and succeeds only in the desired state."""
    if ended.code is None:
        return ["hung"]
    problems = ["traceback"] if "Traceback" in ended.output else []
    found = differences(provisioning.state(history=history), described.state)
    if ended.code == 0 and found:
        problems.append(f"success in another state: {', '.join(found[:3])}")
    return problems


def differences(found: Any, expected: Any, path: str = "") -> list[str]:
    """Paths at which two documents differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return [
            each
            for key in sorted({*found, *expected})
            for each in differences(found.get(key), expected.get(key), f"{path}/{key}")
        ]
    return [] if found == expected else [path]


def _message(ended: Ended) -> str:
    lines = [line for line in ended.output.splitlines() if "fatal:" in line or "[ERROR]" in line or '"msg"' in line]
    return (lines[0] if lines else ended.output.strip()[-300:])[:300]


def _repeated(log: list[dict[str, Any]]) -> list[str]:
    """Reports devices that were moved more than once."""
    done = [entry for entry in log if entry["status"] is not None and 200 <= entry["status"] < 300]
    moved = Counter(entry["path"] for entry in done if entry["operation"] == "Devices_Move")
    twice = sum(count > 1 for count in moved.values())
    return [f"{twice} devices moved twice"] if twice else []
