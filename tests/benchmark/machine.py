# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Where and with what a benchmark ran."""

from __future__ import annotations

import os
import platform
import re
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("ansible-core", "requests", "urllib3", "aiohttp", "uvicorn")


def describe(runs: int) -> dict[str, str]:
    """Returns facts about the machine, the software and the load of others, by heading."""
    processor = re.search(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _read("/proc/meminfo"))
    size = f", {int(memory.group(1)) / 2**20:.0f} GiB of memory" if memory else ""
    name = processor.group(1) if processor else platform.machine()
    libraries = ", ".join(f"{library} {version(library)}" for library in _LIBRARIES)
    return {
        "Machine": f"{len(os.sched_getaffinity(0))} cores ({name}){size}",
        "Software": f"Python {platform.python_version()}, {libraries}",
        "Load average at the start": f"{os.getloadavg()[0]:.1f}",
        "Measured": f"{datetime.now(timezone.utc):%Y-%m-%d}, {runs} run{'s' if runs > 1 else ''} of each",
    }


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
