# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Provisions the demo fleet under every kind of fault, under all together, and with kills; prints a table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tests.simulator.harness import start_simulator
from tests.support.fork_server import fork_server

from .faults import KINDS
from .provisioning import Provisioning
from .trials import HEADING, Described, Trial, describe, endure, interrupt

#: A trial by its name: a label of KINDS, or one of these.
ALL_TOGETHER, RECOVERABLE, KILL = "all together", "all recoverable together", "kill"
MIXES = {ALL_TOGETHER: KINDS, RECOVERABLE: {label: kind for label, kind in KINDS.items() if kind.recoverable}}
Named = tuple[str, int]


class Bench:
    """Simulators with a folder each, used by one trial at a time."""

    def __init__(self, stack: ExitStack, workers: int, devices: int) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        (folder / "fork-server").mkdir()
        interpreter = stack.enter_context(fork_server(folder / "fork-server"))
        self._free: SimpleQueue[tuple[Provisioning, Provisioning]] = SimpleQueue()
        for number in range(workers):
            simulator = stack.enter_context(start_simulator(operation_seconds=0.05))
            homes = [folder / f"{number}-{name}" for name in ("faults", "kills")]
            for home in homes:
                home.mkdir()
            # A fork of the fork server would survive the kill of the process that Ansible started.
            pair = Provisioning(simulator, homes[0], devices, interpreter), Provisioning(simulator, homes[1], devices)
            self._free.put(pair)
        first = self._free.get()
        self._described: Described = describe(first[0])
        self._free.put(first)

    def try_one(self, named: Named) -> Trial:
        """Runs a trial; waits until a simulator is free."""
        name, seed = named
        pair = self._free.get()
        try:
            if name == KILL:
                return interrupt(pair[1], self._described, seed)
            return endure(pair[0], self._described, name, MIXES.get(name) or {name: KINDS[name]}, seed)
        finally:
            self._free.put(pair)


def soak(trials: Sequence[Named], *, workers: int, devices: int) -> Iterator[Trial]:
    """Runs trials, `workers` at a time, and yields each in order."""
    with ExitStack() as stack:
        bench = Bench(stack, workers, devices)
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(bench.try_one, trials)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="number of trials under faults together (default: 11)")
    parser.add_argument("--kills", type=int, default=30, help="number of killed trials (default: 30)")
    parser.add_argument("--devices", type=int, default=500, help="number of devices, up to 500 (default: 500)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--only", metavar="FAULT", choices=[*KINDS, *MIXES, KILL], help="one kind of trial")
    parser.add_argument("--workers", type=int, default=2, help="number of parallel trials (default: 2)")
    options = parser.parse_args(arguments)
    counts = {**dict.fromkeys(KINDS, 1), **dict.fromkeys(MIXES, options.runs), KILL: options.kills}
    if options.only in KINDS:
        counts[options.only] = options.runs
    trials = [
        (name, options.seed + number)
        for name, count in counts.items()
        if options.only in (None, name)
        for number in range(count)
    ]
    print(HEADING, flush=True)
    failed = 0
    for trial in soak(trials, workers=options.workers, devices=options.devices):
        failed += bool(trial.problems)
        print(trial.line(), *(f"    {each}" for each in trial.messages), sep="\n", flush=True)
    print(f"{len(trials) - failed} of {len(trials)} trials passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
