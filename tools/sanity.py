# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Run `ansible-test sanity` in a staged copy (DEST of tools.stage), with no file host but PyPI at hand.

Options after DEST go to ansible-test; the Python to check for is this one unless `--python` is among them.
ansible-test's caches lie in HOME, which the Makefile has put into the clone.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

from ansible_test._internal import python_requirements

from tools.stage import COLLECTION

# ansible-test bootstraps pip in each venv it makes by a script from a file host of its own, which it looks for in its
# cache first. This one, under that name, takes the pip that comes with Python and fetches the wanted one from PyPI.
GET_PIP = """\
import ensurepip, os, subprocess, sys
env = {name: value for name, value in os.environ.items() if name != "GET_PIP"}
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], env=env, stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if "==" in argument]
subprocess.check_call([sys.executable, "-m", "pip", "install", "-qq", *wanted], env=env)
"""


def seed_get_pip(cache: Path) -> None:
    """Lay GET_PIP into ansible-test's cache under the name that this version of ansible-test asks for."""
    found = re.search(r"pip=.([\d.]+)", inspect.getsource(python_requirements.get_venv_packages))
    if not found:
        sys.exit("Cannot tell which pip this ansible-test bootstraps; look at get_venv_packages in its sources.")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{found[1].replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")


def search_path() -> str:
    """PATH with this venv first and without pyenv's shims: they exist for versions that are not there and then fail."""
    here = str(Path(sys.executable).parent)
    rest = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).name != "shims"]
    return os.pathsep.join([here, *rest])


def main(dest: str, *options: str) -> int:
    """Run it; returns ansible-test's own exit code, or 1 if it found nothing to test."""
    seed_get_pip(Path.home() / ".ansible/test/cache")
    if "--python" not in options:
        options = ("--python", f"{sys.version_info.major}.{sys.version_info.minor}", *options)
    command = [sys.executable, str(Path(sys.executable).with_name("ansible-test")), "sanity", "--color", "no", *options]
    tree = (Path(dest) / COLLECTION).resolve()
    # Without the content root, ansible-test climbs to the checkout's .git, which ignores the copy, and tests nothing.
    environment = {**os.environ, "PATH": search_path(), "ANSIBLE_TEST_CONTENT_ROOT": str(tree)}
    idle = False
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        for line in run.stdout or ():
            print(line, end="", flush=True)
            idle = idle or "All targets skipped" in line or "No tests applicable" in line
    return run.returncode or int(idle)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tools.sanity DEST [OPTION ...]")
    sys.exit(main(*sys.argv[1:]))
