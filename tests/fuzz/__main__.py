# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs many cases, and prints each kind of finding once with a case that reproduces it."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from .cases import merge
from .judge import Finding
from .run import WHOLE, Judged, Part, record_part, run_all

#: Cases that a process runs against one simulator.
CHUNK = 100


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="number of cases (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one (default: 0)")
    parser.add_argument("--workers", type=int, default=2, help="number of parallel processes (default: 2)")
    parser.add_argument("--part", type=_part, default=WHOLE, metavar="K/N", help="every N-th scenario from K on")
    parser.add_argument("--all", action="store_true", help="print every finding, not one for each kind")
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    report = Report(options.seed, show_all=options.all)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        first, count = options.part
        parts = [(first + count * worker, count * options.workers) for worker in range(options.workers)]
        recorded = merge(list(pool.map(record_part, parts)))
        every = range(options.first, options.first + options.count)
        chunks = [every[at : at + CHUNK] for at in range(0, len(every), CHUNK)]
        for done in as_completed([pool.submit(run_all, chunk, options.seed, recorded) for chunk in chunks]):
            report.add(done.result())
            print(f"{report.cases} of {len(every)} cases, {report.findings} findings", file=sys.stderr, flush=True)
    report.print_summary(time.monotonic() - begin)
    return 1 if report.findings else 0


def _part(text: str) -> Part:
    first, _slash, count = text.partition("/")
    if not first.isdecimal() or not count.isdecimal() or int(first) >= int(count):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part; use K/N, as in 0/4")
    return int(first), int(count)


class Report:
    """Prints each kind of finding once, as soon as it is found, and counts what was changed."""

    def __init__(self, seed: int, *, show_all: bool) -> None:
        self.cases = 0
        self.findings = 0
        self._seed = seed
        self._show_all = show_all
        self._shown: Counter[Finding] = Counter()
        self._operations: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()

    def add(self, judged: Sequence[Judged]) -> None:
        """Prints the new findings of some cases."""
        for each in judged:
            self.cases += 1
            if each.note is not None:
                self._operations[each.operation] += 1
                self._changes[" ".join(each.note.split()[1:3])] += 1
            for finding in each.findings:
                self.findings += 1
                if self._show_all or not self._shown[finding]:
                    self._print(each, finding)
                self._shown[finding] += 1

    def _print(self, each: Judged, finding: Finding) -> None:
        print(f"{finding.rule}: {finding.detail}")
        print(f"    {each.title}\n    changed: {each.note}\n    said: {each.message}")
        print(f"    again: python -m tests.fuzz --seed {self._seed} --first {each.number} --count 1", flush=True)

    def print_summary(self, seconds: float) -> None:
        """Prints the number of cases, findings and changed replies."""
        for finding, count in self._shown.most_common():
            print(f"[{count}x] {finding.rule}: {finding.detail}")
        struck = self._operations.total()
        print(f"{self.cases} cases in {seconds:.0f} s, {struck} replies changed, {self.findings} findings.")
        for what, counted in (("operations", self._operations), ("changes", self._changes)):
            rare = min(counted.values(), default=0)
            print(f"{len(counted)} {what}, each {rare} to {max(counted.values(), default=0)} times.")


if __name__ == "__main__":
    sys.exit(main())
