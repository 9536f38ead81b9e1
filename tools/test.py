# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Run make targets in parallel and report their results: `python -m tools.test TARGET ...`.

The output of a target goes to .build/logs/TARGET.log, and is shown if the target failed. The last line counts tests as
pytest does: a target that does not run pytest counts as one test.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

LOGS = Path(".build/logs")
PARALLEL = 2
CLOSING_LINE = re.compile(r"^=+ (.*\b(?:passed|failed|errors?|skipped|no tests ran)\b.*) in [\d.]+s.*=+$", re.M)
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] \S+: (.*)$", re.M)
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


@dataclass(frozen=True)
class Outcome:
    """The result of a target: exit code of make, wall time in seconds, and number of tests."""

    target: str
    code: int
    seconds: float
    passed: int
    failed: int
    skipped: int

    def line(self) -> str:
        """Return a line with the target, its result and duration, and the number of tests if there are several."""
        tests = [f"{self.passed} passed", f"{self.failed} failed", f"{self.skipped} skipped"]
        shown = ", ".join(test for test in tests if not test.startswith("0 ")) if self.total > 1 else ""
        return f"{self.target:<16}{'FAILED' if self.code else 'ok':<8}{self.seconds:6.1f} s  {shown}".rstrip()

    @property
    def total(self) -> int:
        """Number of tests of this target."""
        return self.passed + self.failed + self.skipped


def count(target: str, code: int, seconds: float, output: str) -> Outcome:
    """Count tests by the last line of pytest in the output; a target without such a line is one test.

    A target that failed without a failed test counts as one failed test.
    """
    counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
    closing = CLOSING_LINE.findall(output)
    if closing:
        for number, kind in COUNT.findall(closing[-1]):
            counts[kind.removesuffix("s") if kind == "errors" else kind] += int(number)
    elif not code:
        counts["passed"] = 1
    failed = counts["failed"] + counts["error"]
    return Outcome(target, code, seconds, counts["passed"], failed or int(bool(code)), counts["skipped"])


def run(target: str) -> Outcome:
    """Run one target, with its output in its log."""
    log = LOGS / f"{target}.log"
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    begin = time.monotonic()
    command = [os.environ.get("MAKE", "make"), "--no-print-directory", target]
    with log.open("wb") as sink:
        made = subprocess.run(
            command, check=False, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    return count(target, made.returncode, time.monotonic() - begin, read(log))


def skips(target: str) -> list[str]:
    """Return a line for each reason for which tests of the target were skipped."""
    found = [
        f"{target:<16}skipped {number}: {reason}" for number, reason in SKIPPED.findall(read(LOGS / f"{target}.log"))
    ]
    return list(dict.fromkeys(found))


def read(log: Path) -> str:
    """Return the output of a target."""
    return log.read_text(encoding="utf-8", errors="replace")


def main(targets: list[str]) -> int:
    """Run the targets, and print their results and the logs of failed ones; returns an exit code."""
    begin = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    print(f"Running {', '.join(targets)}: {PARALLEL} at a time, logs in {LOGS}/", flush=True)
    outcomes = []
    with ThreadPoolExecutor(PARALLEL) as pool:
        for done in as_completed([pool.submit(run, target) for target in targets]):
            outcomes.append(done.result())
            print("\n".join([outcomes[-1].line(), *skips(outcomes[-1].target)]), flush=True)
    broken = [outcome for outcome in outcomes if outcome.code]
    for outcome in broken:
        print(f"\n--- {outcome.target} ---\n{read(LOGS / f'{outcome.target}.log')}")
    if broken:
        print(f"\nFailed: {', '.join(outcome.target for outcome in broken)}. Run a single target with `make TARGET`.")
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(outcome.failed for outcome in outcomes)
    print(f"\n===== {passed} passed, {failed} failed in {time.monotonic() - begin:.2f}s =====")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
