# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A simulator in a process of its own, and what running a program against it costs."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.play import ROOT, environment
from tests.simulator.harness import Simulator, start_simulator

TENANT = "Bench"
PRODUCT, GROUP = "Kettle", "Shelf"
#: Seconds between two counts of the open connections.
INTERVAL = 0.05


class RunFailed(Exception):
    """A program that is measured failed; the message has what it printed."""


@dataclass(frozen=True)
class Cost:
    """What one run cost.

    `connected` is the part of `seconds` from the first connection on. `memory` is the peak of the process in MiB,
    `busy` the share of a core that the simulator used.
    """

    seconds: float
    connected: float
    requests: int
    rejected: int
    tokens: int
    memory: float
    connections: int
    busy: float
    output: str


@dataclass(frozen=True)
class Lab:
    """A simulator, and a folder for files."""

    simulator: Simulator
    folder: Path

    def load(self, devices: Sequence[str] = (), *, within: str = GROUP, **settings: Any) -> None:
        """Resets the simulator: one product with one group, and the group in which these devices are."""
        self.simulator.reset()
        claimed = [{"id": device, "device_group": f"{PRODUCT}/{within}"} for device in devices]
        product = {"name": PRODUCT, "device_groups": [{"name": name} for name in dict.fromkeys((GROUP, within))]}
        self.simulator.load({"tenants": [{"name": TENANT, "products": [product], "devices": claimed}]})
        self.simulator.settings(**settings)
        for token in (self.folder / "tokens").glob("*"):
            token.unlink()

    def environment(self, **variables: str) -> dict[str, str]:
        """Returns the variables for programs: the simulator in place of the service."""
        more = {"PYTHONPATH": str(ROOT), "AZSPHERE_TENANT": TENANT, **variables}
        return environment(self.simulator, self.folder, more)

    def run(self, command: Sequence[str], *, given: str = "", variables: Mapping[str, str] | None = None) -> Cost:
        """Runs a program to its end. Raises RunFailed."""
        before, busy, begun = self.simulator.counts(), _processor_time(self.simulator.pid), time.monotonic()
        output = self.folder / "output"
        with output.open("w") as stream, contextlib.ExitStack() as stack:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(**(variables or {})),
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                text=True,
            )
            seen = stack.enter_context(_watched(process.pid))
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(given)
                process.stdin.close()
            process.wait()
        seconds = time.monotonic() - begun
        text = output.read_text(encoding="utf-8")
        if process.returncode:
            raise RunFailed(f"{' '.join(command[:4])} failed:\n{text[-2000:]}")
        after = self.simulator.counts()
        return Cost(
            seconds,
            seconds - (seen.first - begun if seen.first is not None else 0.0),
            after["requests"] - before["requests"],
            after["notes"].get("rate limit", 0) - before["notes"].get("rate limit", 0),
            after["tokens_issued"] - before["tokens_issued"],
            seen.memory,
            seen.connections,
            (_processor_time(self.simulator.pid) - busy) / seconds,
            text,
        )


@contextlib.contextmanager
def open_lab(folder: Path) -> Iterator[Lab]:
    """Starts the simulator, which is ready for the first measurement after `Lab.load`."""
    with start_simulator() as simulator:
        yield Lab(simulator, folder)


def python(*arguments: str) -> list[str]:
    """Returns a command that runs Python as the benchmark does."""
    return [sys.executable, *arguments]


def tool(name: str) -> str:
    """Returns the path of a program of the environment that the benchmark runs in."""
    return str(Path(sys.executable).with_name(name))


def device_ids(count: int, first: int = 1) -> list[str]:
    """Returns so many device IDs."""
    return [f"{number:0128x}" for number in range(first, first + count)]


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class _Seen:
    """The most memory of a process, in MiB, the most connections, and when the first one was there."""

    memory: float = 0.0
    connections: int = 0
    first: float | None = None


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[_Seen]:
    """Watches a process until the end."""
    seen = _Seen()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(INTERVAL):
            seen.connections = max(seen.connections, _sockets(pid))
            if seen.connections and seen.first is None:
                seen.first = time.monotonic()
            seen.memory = max(seen.memory, _peak_memory(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _sockets(pid: int) -> int:
    # The list of all connections of the machine would be right too, but reading it takes a tenth of a core.
    found = 0
    with contextlib.suppress(OSError):
        for file in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found += os.readlink(file.path).startswith("socket:")
    return found


def _peak_memory(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found.group(1)) / 1024 if found else 0.0
