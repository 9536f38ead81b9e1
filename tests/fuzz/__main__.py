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

from .judge import Finding
from .run import WHOLE, Judged, Part, run_all


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="number of cases (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one (default: 0)")
    parser.add_argument("--workers", type=int, default=2, help="number of parallel processes (default: 2)")
    parser.add_argument("--part", type=_part, default=WHOLE, metavar="K/N", help="every N-th scenario from K on")
    parser.add_argument("--all", action="store_true", help="print every finding, not one for each kind")
    options = parser.parse_args(arguments)
    every = range(options.first, options.first + options.count)
    begin = time.monotonic()
    judged: list[Judged] = []
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        parts = [every[worker :: options.workers] for worker in range(options.workers)]
        for done in as_completed(
            [pool.submit(run_all, numbers, options.seed, options.part) for numbers in parts if numbers]
        ):
            judged += done.result()
    _report(judged, options.seed, show_all=options.all)
    print(f"{len(judged)} cases in {time.monotonic() - begin:.0f} s, {_struck(judged)} replies changed.")
    return 1 if any(each.findings for each in judged) else 0


def _part(text: str) -> Part:
    first, _slash, count = text.partition("/")
    if not first.isdecimal() or not count.isdecimal() or int(first) >= int(count):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part; use K/N, as in 0/4")
    return int(first), int(count)


def _struck(judged: Sequence[Judged]) -> int:
    return sum(each.note is not None for each in judged)


def _report(judged: Sequence[Judged], seed: int, *, show_all: bool) -> None:
    counted = Counter(finding for each in judged for finding in set(each.findings))
    shown: set[Finding] = set()
    for each in sorted(judged, key=lambda one: one.number):
        for finding in each.findings:
            if show_all or finding not in shown:
                shown.add(finding)
                print(f"[{counted[finding]}x] {finding.rule}: {finding.detail}")
                print(f"    {each.title}\n    changed: {each.note}\n    said: {each.message}")
                print(f"    again: python -m tests.fuzz --seed {seed} --first {each.number} --count 1")


if __name__ == "__main__":
    sys.exit(main())
