# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Finds receptor, the program of the mesh on which AWX runs jobs.

PyPI's `receptor` is another program. Debian has it from trixie on; the package needs only libc, so it is unpacked into
`.build` without being installed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".build" / "receptor"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "trixie"
SECONDS = 60


class Unavailable(Exception):
    """This machine cannot have receptor; the message says why."""


def find_receptor() -> Path:
    """Returns the program: the installed one, or one unpacked from Debian's package. Raises Unavailable."""
    installed = shutil.which("receptor")
    if installed and _is_the_mesh(Path(installed)):
        return Path(installed)
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Unavailable("receptor is not installed, and this is not a Debian system")
    CACHE.mkdir(parents=True, exist_ok=True)
    program = CACHE / "unpacked" / "usr" / "bin" / "receptor"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _unpack(CACHE)
    if not _is_the_mesh(program):
        raise Unavailable(f"{program} does not run on this machine")
    return program


def _is_the_mesh(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(re.search(r"\d+\.\d+", done.stdout))


def _unpack(folder: Path) -> None:
    """Downloads the package with indexes of its own, since those of the system may not know it."""
    for inner in ("lists/partial", "cache/archives/partial"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n", encoding="utf-8")
    # apt reads paths with spaces only relative to a directory.
    (folder / "apt.conf").write_text(
        'Dir::Etc::sourcelist "./sources.list";\nDir::Etc::sourceparts "-";\nDir::State::lists "./lists";\n'
        'Dir::Cache "./cache";\nAPT::Sandbox::User "root";\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "APT_CONFIG": "apt.conf"}
    for command in (["apt-get", "update"], ["apt-get", "download", "receptor"]):
        _run(command, folder, environment)
    for package in folder.glob("receptor_*.deb"):
        _run(["dpkg", "-x", package.name, "unpacked.new"], folder, environment)
        (folder / "unpacked.new").rename(folder / "unpacked")
        return
    raise Unavailable(f"apt-get did not download receptor to {folder}")


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout).strip().splitlines() or [f"exit code {error.returncode}"]
        raise Unavailable(f"receptor cannot be downloaded: {lines[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"receptor cannot be downloaded: {error}") from error


def _mirror() -> str:
    """Returns the address of the Debian mirror that this system uses."""
    for sources in SOURCES:
        if sources.exists():
            found = re.search(
                r"^(?:URIs:|deb(?: \[[^]]*\])?) (https?://\S+)", sources.read_text(encoding="utf-8"), re.M
            )
            if found:
                return found[1]
    raise Unavailable("no Debian mirror is configured on this machine")
