# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Copy the checkout to the path that Ansible's tools expect: DEST/ansible_collections/azsphere/fleet.

All files that git does not ignore are copied, including uncommitted ones; with --committed, for archives, exactly the
files of the last commit, so that nothing that lies around in the checkout is published; with --shipped, only files that
archives contain, and the configuration of ansible-test. A link is not enough: ansible-test resolves it, and
ansible-galaxy packs ignored files as well.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections", "azsphere", "fleet")
SETTINGS_OF_ANSIBLE_TEST = Path("tests", "config.yml")


def listed(root: Path) -> list[Path]:
    """Return the tracked and untracked files of the checkout that exist and are not ignored, relative to `root`."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(git, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return sorted({Path(name) for name in names if name and (root / name).is_file()})


def shipped(names: list[Path], root: Path = ROOT) -> list[Path]:
    """Return those of the files that an archive contains, and the configuration of ansible-test."""
    ignored: list[str] = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]

    def left_out(name: Path) -> bool:
        # As ansible-galaxy does: a pattern is for names and for paths, and a directory is left out with its content.
        places = [name, *name.parents][:-1]
        return any(
            fnmatch.fnmatch(str(form), each) for place in places for form in (place, place.name) for each in ignored
        )

    return [name for name in names if name == SETTINGS_OF_ANSIBLE_TEST or not left_out(name)]


def extract_commit(tree: Path, root: Path = ROOT) -> None:
    """Write the files of the last commit to `tree`; says when the checkout has others."""
    status = ["git", "status", "--porcelain", "--untracked-files=normal"]
    if subprocess.run(status, cwd=root, check=True, stdout=subprocess.PIPE).stdout:
        print("Uncommitted changes and untracked files are left out.", file=sys.stderr)
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=root, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tree, filter="data")


def stage(dest: Path, root: Path = ROOT, committed: bool = False, only_shipped: bool = False) -> Path:
    """Recreate the copy under `dest`; returns the directory of the collection.

    `committed` copies the last commit, `only_shipped` the files that `shipped` returns.

    Exits if git considers the copy a part of the checkout, since several tools would then check no files. The Makefile
    sets GIT_CEILING_DIRECTORIES to hide the copy from git.
    """
    tree = dest / COLLECTION
    shutil.rmtree(dest, ignore_errors=True)
    tree.mkdir(parents=True)
    inside = ["git", "rev-parse", "--is-inside-work-tree"]
    if (
        subprocess.run(inside, cwd=tree, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        == 0
    ):
        sys.exit(
            f"Cannot stage {tree}: it is in a git work tree. Set GIT_CEILING_DIRECTORIES to a directory between them."
        )
    if committed:
        extract_commit(tree, root)
        return tree
    for name in shipped(listed(root), root) if only_shipped else listed(root):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name, follow_symlinks=False)
    return tree


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dest", type=Path, metavar="DEST")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--committed", action="store_true", help="copy the files of the last commit only")
    chosen.add_argument("--shipped", action="store_true", help="copy only files that archives contain")
    arguments = parser.parse_args()
    stage(arguments.dest, committed=arguments.committed, only_shipped=arguments.shipped)
