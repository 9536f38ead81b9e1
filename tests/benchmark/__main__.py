# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Measure tasks of this collection beside a bare HTTP client and other modules, and write the page with the results.

All of it takes about ten minutes on two cores. The figures are only worth as much as the machine is idle.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import devices, tasks
from .figures import Results, Row
from .lab import Lab, RunFailed, open_lab
from .machine import describe
from .report import chart, page

DOCS = Path("docs")
QUICK_OUTPUT = Path(".build/benchmark")
PARTS = ("devices", "unchanged", "throttled", "buckets", "token", "tasks", "loops", "inventory")
LATENCIES = (0, 50)
#: Devices and runs of the longest measurement: one run takes minutes.
LONGEST, LONGEST_LATENCY, LONGEST_CONCURRENCY = 100_000, 50, 64


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts; the others stay")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement")
    parser.add_argument("--most", type=int, default=LONGEST, help="leave out measurements with more devices")
    parser.add_argument("--quick", action="store_true", help="a few devices, one run: to try the benchmark")
    parser.add_argument(
        "--output", type=Path, help="folder for the results; docs by default, .build/benchmark with --quick"
    )
    options = parser.parse_args()
    runs = 1 if options.quick else max(1, options.runs)
    output = options.output or (QUICK_OUTPUT if options.quick else DOCS)
    output.mkdir(parents=True, exist_ok=True)
    results = Results(describe(runs))
    kept = output / "benchmark.json"
    if kept.exists() and tuple(options.only) != PARTS:
        results.rows = Results.read(kept).rows
    with tempfile.TemporaryDirectory(prefix="azsphere-bench-") as folder, open_lab(Path(folder)) as lab:
        for part in options.only:
            measure = _quick if options.quick else _full
            try:
                results.replace(_announced(measure(part, runs, options.most), lab))
            except RunFailed as failure:
                print(failure, file=sys.stderr)
                return 1
            results.write(kept)
            (output / "benchmark.md").write_text(page(results), encoding="utf-8")
            (output / "benchmark.svg").write_text(chart(results), encoding="utf-8")
    print(f"The results are in {output}/benchmark.md.")
    return 0


Measure = Callable[[Lab], "Row | list[Row]"]


def _announced(measures: Iterator[Measure], lab: Lab) -> Iterator[Row]:
    """Measures, and prints each row."""
    for measure in measures:
        begun = time.monotonic()
        found = measure(lab)
        for row in found if isinstance(found, list) else [found]:
            shown = ", ".join(f"{metric} {row.shown(metric, 2)}" for metric in row.metrics)
            print(f"{row.group}: {row.name}: {shown}", flush=True)
            yield row
        print(f"  took {time.monotonic() - begun:.0f} s", flush=True)


def _full(part: str, runs: int, most: int) -> Iterator[Measure]:
    sizes = [count for count in (1000, 10_000, 100_000) if count <= most]
    if part in ("devices", "unchanged"):
        for latency in LATENCIES:
            for count in sizes:
                yield _of_devices(part, count, latency, runs)
    elif part == "throttled":
        yield lambda lab: devices.throttled(lab, 3000, runs)
    elif part == "buckets":
        yield lambda lab: devices.buckets(lab, 1000, runs)
    elif part == "token":
        yield lambda lab: devices.token(lab, min(10_000, most), runs)
    elif part == "tasks":
        yield lambda lab: tasks.small(lab, 50, runs)
    elif part == "loops":
        yield lambda lab: tasks.loops(lab, 100, runs)
    elif part == "inventory":
        yield lambda lab: tasks.inventory(lab, min(10_000, most), runs)


def _of_devices(part: str, count: int, latency: int, runs: int) -> Measure:
    if part == "unchanged":
        return lambda lab: devices.unchanged(lab, count, latency, runs)
    if (count, latency) != (LONGEST, LONGEST_LATENCY):
        return lambda lab: devices.cold(lab, count, latency, runs)

    def once(lab: Lab) -> Row:
        row = devices.cold(lab, count, latency, 1, LONGEST_CONCURRENCY)
        row.note = f"one run, concurrency {LONGEST_CONCURRENCY}"
        return row

    return once


def _quick(part: str, runs: int, _most: int) -> Iterator[Measure]:
    if part in ("devices", "unchanged"):
        for latency in LATENCIES:
            measure = devices.cold if part == "devices" else devices.unchanged
            yield partial(measure, count=100, latency=latency, runs=runs)
    elif part == "throttled":
        yield lambda lab: devices.throttled(lab, 150, runs)
    elif part == "buckets":
        yield lambda lab: devices.buckets(lab, 210, runs)
    elif part == "token":
        yield lambda lab: devices.token(lab, 100, runs)
    elif part == "tasks":
        yield lambda lab: tasks.small(lab, 2, runs)
    elif part == "loops":
        yield lambda lab: tasks.loops(lab, 2, runs)
    elif part == "inventory":
        yield lambda lab: tasks.inventory(lab, 100, runs)


if __name__ == "__main__":
    sys.exit(main())
