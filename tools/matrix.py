# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Test the collection on each supported ansible-core and Python: pytest, then ansible-test sanity.

A row is CORE/PYTHON, for example 2.19/3.11. The default is each core on its oldest Python here, and the newest core on
the newest Python. The row `lowest` is the oldest core with the oldest libraries that requirements.txt allows.
The environments stay in .build/matrix to make the next run faster.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.sanity import search_path
from tools.stage import stage

# Python versions that each ansible-core supports on the controller: its Requires-Python and its release notes.
CORES = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
    "2.22": ("3.13", "3.14", "3.15"),
}
# Sanity tests to skip. 2.16 requires boilerplate for Python 2 in every file; pylint of 2.22 installs an archive from
# a code host.
WITHOUT = {"2.16": ("future-import-boilerplate", "metaclass-boilerplate"), "2.22": ("pylint",)}
HOME = Path(".build/matrix")
LOWEST = "lowest"


def interpreters() -> dict[str, str]:
    """Return the Pythons on PATH and of pyenv: version to path."""
    pyenv = Path(os.environ.get("PYENV_ROOT", ""), "versions")
    folders = [search_path(), *(str(folder) for folder in sorted(pyenv.glob("3.*/bin")))]
    versions = sorted({version for pythons in CORES.values() for version in pythons})
    found = {version: shutil.which(f"python{version}", path=os.pathsep.join(folders)) for version in versions}
    return {version: path for version, path in found.items() if path}


def default_rows(found: dict[str, str]) -> list[str]:
    """Return one row for each core, and the newest core with the newest Python."""
    rows = []
    for core, pythons in CORES.items():
        here = [python for python in pythons if python in found]
        rows += [f"{core}/{here[0]}"] if here else []
    newest = [f"{core}/{python}" for core, pythons in CORES.items() for python in pythons if python in found]
    return [LOWEST, *dict.fromkeys([*rows, *newest[-1:]])]


def lower_bounds() -> list[str]:
    """Return requirements.txt with each lower bound as an exact version."""
    return re.findall(r"^[^#\s]+", Path("requirements.txt").read_text(encoding="utf-8").replace(">=", "=="), re.M)


def try_row(row: str, found: dict[str, str]) -> bool:
    """Create the venv of a row and run all tests in it, with the output in its log. Returns whether all passed."""
    core, version = (f"2.16/{CORES['2.16'][0]}" if row == LOWEST else row).split("/")
    folder = HOME / row.replace("/", "-")
    python, log = folder / "venv/bin/python", folder / "log"
    folder.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        subprocess.run([found[version], "-m", "venv", folder / "venv"], check=True)
    temporary = folder.resolve() / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PATH": f"{python.parent.resolve()}{os.pathsep}{search_path()}",
        # ansible-core before 2.19 cannot use an interpreter whose path has a space; tests create one there.
        "TMPDIR": str(temporary),
        # All scenarios run both ways, in-process and launched.
        "TEST_ALL_SCENARIOS": "true",
        # See tests/support/apis.py.
        "FLEET_TESTS_ON_BOTH_APIS": "true",
    }
    oldest = lower_bounds() if row == LOWEST else []
    major, minor = core.split(".")
    wanted = [f"ansible-core>={core}.0rc1,<{major}.{int(minor) + 1}.0.dev0", *oldest]
    without = [option for test in WITHOUT.get(core, ()) for option in ("--skip-test", test)]
    stage(folder / "stage")
    with log.open("wb") as sink:

        def ran(*arguments: str) -> bool:
            command = [str(python.absolute()), *arguments]
            return not subprocess.run(
                command, check=False, env=environment, stdout=sink, stderr=subprocess.STDOUT
            ).returncode

        installed = ran("-m", "pip", "install", "-qq", "--requirement", "tests/requirements.txt", *wanted)
        tested = installed and ran("-m", "pytest", "-n", "2")
        sane = installed and ran("-m", "tools.sanity", str(folder / "stage"), *without)
    return tested and sane


def main() -> int:
    """Test the rows one after the other; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    found = interpreters()
    rows = parser.parse_args().rows or default_rows(found)
    broken = 0
    for row in rows:
        begin = time.monotonic()
        passed = try_row(row, found)
        broken += not passed
        print(f"{row:<12}{'ok' if passed else 'FAILED':<8}{time.monotonic() - begin:6.0f} s", flush=True)
        if not passed:
            print(f"  see {HOME / row.replace('/', '-') / 'log'}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
