# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Copy the checkout to where Ansible's tools want a collection: DEST/ansible_collections/azsphere/fleet.

What git lists is copied, uncommitted work too; what it ignores is not. A link would not do: ansible-test takes the real
path, and ansible-galaxy packs whatever lies about.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections", "azsphere", "fleet")


def listed(root: Path) -> list[Path]:
    """The files of the checkout that git knows or would add, as paths relative to `root`; deleted ones are left out."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(git, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return sorted({Path(name) for name in names if name and (root / name).is_file()})


def stage(dest: Path, root: Path = ROOT) -> Path:
    """Make the copy anew under `dest`; returns the folder of the collection.

    Ends the program if git sees the copy as a part of the checkout: several tools would then look at no file and be
    content. GIT_CEILING_DIRECTORIES, which the Makefile sets, hides it.
    """
    tree = dest / COLLECTION
    shutil.rmtree(dest, ignore_errors=True)
    tree.mkdir(parents=True)
    inside = ["git", "rev-parse", "--is-inside-work-tree"]
    if (
        subprocess.run(inside, cwd=tree, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        == 0
    ):
        sys.exit(f"{tree} lies in a git work tree: set GIT_CEILING_DIRECTORIES to a folder between the two.")
    for name in listed(root):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name, follow_symlinks=False)
    return tree


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dest", type=Path, metavar="DEST")
    stage(parser.parse_args().dest)
