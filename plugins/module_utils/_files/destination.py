# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Where a file goes: what a path names once links are followed, and how a file there can be written."""

from __future__ import annotations

import os
import re
import stat
from enum import Enum

from .._errors import InvalidInput

#: Linux; see proc_pid_mountinfo(5).
MOUNTS = "/proc/self/mountinfo"


class Placement(Enum):
    """How a file gets its new content: by renaming a complete file to its name, or by writing into it."""

    RENAME = "rename"
    IN_PLACE = "in place"


def unusable(verb: str, path: str, problem: str, hint: str | None = None, code: str = "file") -> InvalidInput:
    """Returns the error for a path at which something cannot be done."""
    return InvalidInput(f"Cannot {verb} {path}: {problem}.", code=code, target=path, hint=hint)


def os_problem(error: OSError) -> str:
    """Returns why a system call failed, without the path, which may be that of a temporary file."""
    return error.strerror or type(error).__name__


def resolve(path: str) -> str:
    """Returns the path of the file that a path names, links followed, whether or not the file exists.

    Raises InvalidInput for what is not a regular file.
    """
    if not path or "\0" in path:
        raise unusable("write", path, "the path is empty or has a null character", "Give another path.")
    real = os.path.realpath(path)
    if os.path.isdir(real) or os.path.basename(path) in ("", ".", ".."):
        raise unusable("write", path, "it is a directory", "Give the path of a file in it.")
    if os.path.islink(real):
        raise unusable("write", path, "it is a symbolic link to itself", "Remove the link, or give another path.")
    try:
        kind = os.stat(real).st_mode
    except FileNotFoundError:
        return real
    except OSError as error:
        raise unusable("write", path, os_problem(error)) from error
    if not stat.S_ISREG(kind):
        raise unusable("write", path, "it is not a regular file", "Give another path.")
    return real


def missing_directory(path: str, real: str) -> str | None:
    """Returns the directory of the file `real` if it does not exist. Raises InvalidInput if nobody can create it."""
    directory = os.path.dirname(real)
    if os.path.isdir(directory):
        return None
    ancestor = directory
    while not os.path.lexists(ancestor):
        ancestor = os.path.dirname(ancestor)
    if not os.path.isdir(ancestor):
        raise unusable("write", path, f"{ancestor} is not a directory", "Give another path.")
    return directory


def is_mount_point(real: str) -> bool:
    """Returns whether something is mounted at the path, such as a single file into a container. False without /proc.

    `os.path.ismount` does not see a mount from the same file system.
    """
    try:
        with open(MOUNTS, "rb") as mounts:
            points = [line.split(b" ")[4] for line in mounts]
    except OSError:
        return False
    return os.fsencode(real) in [_unescaped(point) for point in points]


def _unescaped(point: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), point)


def writable(path: str) -> bool:
    """Whether this user can write the file, or in the directory. False for what is immutable or read-only."""
    mode = os.W_OK | os.X_OK if os.path.isdir(path) else os.W_OK
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def is_sticky_for(real: str, owner: object) -> bool:
    """Whether a file of the owner is in a directory such as /tmp, in which this user can replace only own files."""
    around = os.stat(os.path.dirname(real))
    return bool(around.st_mode & stat.S_ISVTX) and os.geteuid() not in (0, owner, around.st_uid)
