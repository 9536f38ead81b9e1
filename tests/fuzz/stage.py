# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Sets up a scenario, runs it once in this process with a deadline, and observes it from outside."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tests.gates.fleet import write_files
from tests.gates.returned import PREFIX
from tests.gates.scenarios.table import Scenario
from tests.gates.test_scenarios import prepare
from tests.gates.workbench import Snapshot, Workbench, run_module
from tests.simulator.harness import Simulator
from tests.support.apis import is_write

#: Seconds after which a run counts as hung. All timeouts of the run are far shorter.
DEADLINE = 20
#: Seconds: one request, all attempts of a request, and waiting for operations.
LIMITS = {"AZSPHERE_REQUEST_TIMEOUT": "1", "AZSPHERE_RETRY_TIMEOUT": "2"}
WAIT_TIMEOUT = 8


class Hung(BaseException):
    """The deadline passed. No handler of the code under test may catch it."""


@dataclass(frozen=True)
class Observed:
    """One run. `values` is None when the module ended without a result; `trace` says how, or where it hung."""

    check: bool
    before: Snapshot
    after: Snapshot
    values: dict[str, Any] | None
    trace: str
    hung: bool
    log: tuple[dict[str, Any], ...]

    @property
    def writes(self) -> tuple[dict[str, Any], ...]:
        """Log entries of the API requests that may have changed something."""
        return tuple(each for each in self.log if is_write(each))


class Stage:
    """A simulator, and a working directory that is recreated for each run."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self._simulator = simulator
        self._template = folder / "template"
        self._folder = folder / "work"
        self._tokens = folder / "tokens"
        self._template.mkdir()
        write_files(self._template)
        os.environ.update({**simulator.env(), **LIMITS, "AZSPHERE_TOKEN_CACHE": str(self._tokens)})

    def run(self, scenario: Scenario, *, check: bool, fault: Mapping[str, Any] | None, sign_in: bool) -> Observed:
        """Sets up and runs a scenario, with one fault ordered; `sign_in` runs it without a token to begin with."""
        simulator = self._simulator
        simulator.reset()
        self._clear()
        bench = Workbench(simulator, self._folder)
        options = _bounded(scenario.module, prepare(bench, scenario))
        if sign_in:
            shutil.rmtree(self._tokens, ignore_errors=True)
        before = bench.look()
        simulator.clear_log()
        if fault is not None:
            simulator.order("POST", "faults", fault)
        values, trace, hung = _run(scenario.module, options, check)
        simulator.clear_faults()
        log = tuple(simulator.log())
        bench.pass_time()
        if sign_in:
            # Data from a changed reply would affect the next run.
            shutil.rmtree(self._tokens, ignore_errors=True)
        return Observed(check, before, bench.look(), values, trace, hung, log)

    def _clear(self) -> None:
        os.chdir(self._template)
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._template, self._folder)
        os.chdir(self._folder)


def _bounded(module: str, options: dict[str, Any]) -> dict[str, Any]:
    """Returns the options, with a short timeout if the module waits."""
    spec = importlib.import_module(f"{PREFIX}.{module}").ARGUMENTS.spec
    return {**options, "wait_timeout": WAIT_TIMEOUT} if "wait_timeout" in spec else options


def _run(module: str, options: Mapping[str, Any], check: bool) -> tuple[dict[str, Any] | None, str, bool]:
    try:
        with _deadline():
            return run_module(module, options, check=check), "", False
    except Hung:
        return None, traceback.format_exc(), True
    except Exception:  # noqa: BLE001  # Any exception of the code under test is a finding.
        return None, traceback.format_exc(), False


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    """Raises Hung in the main thread when DEADLINE has passed."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    # Repeated each second, since the first may be raised where it is ignored.
    signal.setitimer(signal.ITIMER_REAL, DEADLINE, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
