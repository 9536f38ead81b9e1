# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Finds the collection awx.awx: that of PyPI's package `ansible`, which is unpacked into `.build`."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".build" / "awx"
#: The releases that have awx.awx, which needs no other collection.
RELEASES = "ansible>=11,<14"
PREFIX = "ansible_collections/awx/awx/"


class Unavailable(Exception):
    """The collection cannot be had; the message says why."""


def find_awx_collection() -> Path:
    """Returns the directory of collections that has awx.awx. Raises Unavailable."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / PREFIX / "MANIFEST.json").exists():
            _unpack()
    return CACHE


def _unpack() -> None:
    # Only unpacked, so this Python may be older than the package requires.
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    pip.append("--ignore-requires-python")
    done = subprocess.run([*pip, "--dest", CACHE, RELEASES], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip failed"]
        raise Unavailable(f"the package ansible cannot be downloaded: {lines[-1]}")
    wheel = next(CACHE.glob("ansible-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(CACHE, [name for name in archive.namelist() if name.startswith(PREFIX)])
    wheel.unlink()
