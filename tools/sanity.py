# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Run `ansible-test sanity` in a staged copy (DEST of tools.stage), with PyPI as the only file host.

Options after DEST go to ansible-test; the default of `--python` is the running version. ansible-test keeps its
caches in HOME, which the Makefile sets to a directory of the clone.
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

# ansible-test bootstraps pip in each venv with a script from its own file host, unless the script is in its cache. This
# script has the same name: it uses the pip bundled with Python, and installs the requested version from PyPI.
GET_PIP = """\
import ensurepip, os, subprocess, sys
env = {name: value for name, value in os.environ.items() if name != "GET_PIP"}
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], env=env, stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if "==" in argument]
subprocess.check_call([sys.executable, "-m", "pip", "install", "-qq", *wanted], env=env)
"""


def seed_get_pip(cache: Path) -> None:
    """Write GET_PIP to the cache of ansible-test, under the name that this version of ansible-test expects."""
    found = re.search(r"pip=.([\d.]+)", inspect.getsource(python_requirements.get_venv_packages))
    if not found:
        sys.exit("Cannot find ansible-test's version of pip: get_venv_packages has changed. Update tools/sanity.py.")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{found[1].replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")


def search_path() -> str:
    """Return PATH with this venv first and without pyenv's shims, which fail for versions that are not installed."""
    here = str(Path(sys.executable).parent)
    rest = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).name != "shims"]
    return os.pathsep.join([here, *rest])


def main(dest: str, *options: str) -> int:
    """Run ansible-test; returns its exit code, or 1 if there was nothing to test."""
    seed_get_pip(Path.home() / ".ansible/test/cache")
    if "--python" not in options:
        options = ("--python", f"{sys.version_info.major}.{sys.version_info.minor}", *options)
    command = [sys.executable, str(Path(sys.executable).with_name("ansible-test")), "sanity", "--color", "no", *options]
    tree = (Path(dest) / COLLECTION).resolve()
    # Without the content root, ansible-test uses the .git of the checkout, which ignores the copy, and tests nothing.
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
