# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Run parts of the build (make's targets) side by side, and say how each ended: `python -m tools.test PART ...`.

A part's output goes to .build/logs/PART.log, and is shown if the part failed. The last line counts tests as pytest
does: a part that is not pytest's counts as one.
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
SIDE_BY_SIDE = 2
CLOSING_LINE = re.compile(r"^=+ (.*\b(?:passed|failed|errors?|skipped|no tests ran)\b.*) in [\d.]+s.*=+$", re.M)
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


@dataclass(frozen=True)
class Outcome:
    """How a part ended: make's exit code, wall time in seconds, and its tests."""

    part: str
    code: int
    seconds: float
    passed: int
    failed: int
    skipped: int

    def line(self) -> str:
        """For a person: the part, the outcome, the seconds, the tests where there were more than one."""
        tests = [f"{self.passed} passed", f"{self.failed} failed", f"{self.skipped} skipped"]
        shown = ", ".join(test for test in tests if not test.startswith("0 ")) if self.total > 1 else ""
        return f"{self.part:<16}{'FAILED' if self.code else 'ok':<8}{self.seconds:6.1f} s  {shown}".rstrip()

    @property
    def total(self) -> int:
        """Tests of this part."""
        return self.passed + self.failed + self.skipped


def count(part: str, code: int, seconds: float, output: str) -> Outcome:
    """Read pytest's closing line out of a part's output; a part without one is a test in itself.

    A part that failed without a failed test (it broke down) counts as one that failed.
    """
    counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
    closing = CLOSING_LINE.findall(output)
    if closing:
        for number, kind in COUNT.findall(closing[-1]):
            counts[kind.removesuffix("s") if kind == "errors" else kind] += int(number)
    elif not code:
        counts["passed"] = 1
    failed = counts["failed"] + counts["error"]
    return Outcome(part, code, seconds, counts["passed"], failed or int(bool(code)), counts["skipped"])


def run(part: str) -> Outcome:
    """Make one part, its output in its log."""
    log = LOGS / f"{part}.log"
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    begin = time.monotonic()
    command = [os.environ.get("MAKE", "make"), "--no-print-directory", part]
    with log.open("wb") as sink:
        made = subprocess.run(
            command, check=False, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    return count(part, made.returncode, time.monotonic() - begin, read(log))


def read(log: Path) -> str:
    """What a part printed."""
    return log.read_text(encoding="utf-8", errors="replace")


def main(parts: list[str]) -> int:
    """Run the parts, print each outcome as it comes and the logs of those that failed; returns an exit code."""
    begin = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    print(f"Running {', '.join(parts)}: {SIDE_BY_SIDE} at a time, logs in {LOGS}/", flush=True)
    outcomes = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done in as_completed([pool.submit(run, part) for part in parts]):
            outcomes.append(done.result())
            print(outcomes[-1].line(), flush=True)
    broken = [outcome for outcome in outcomes if outcome.code]
    for outcome in broken:
        print(f"\n--- {outcome.part} ---\n{read(LOGS / f'{outcome.part}.log')}")
    if broken:
        print(f"\nFailed: {', '.join(outcome.part for outcome in broken)}. Run one alone with `make PART`.")
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(outcome.failed for outcome in outcomes)
    print(f"\n===== {passed} passed, {failed} failed in {time.monotonic() - begin:.2f}s =====")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
