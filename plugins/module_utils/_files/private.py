# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that a task writes for the person who runs it, in check mode too: a plan to be approved."""

from __future__ import annotations

import os

from .destination import missing_directory, os_problem, resolve, unusable, writable
from .temporary import TemporaryFile


def check_private(path: str) -> str:
    """Returns the path of the file with links followed. Raises InvalidInput if it cannot be written."""
    real = resolve(path)
    directory = missing_directory(path, real)
    if directory is not None:
        raise unusable("write", path, f"there is no directory {directory}", "Create the directory first.")
    if not writable(os.path.dirname(real)):
        raise unusable("write", path, "permission denied", "Give another path, or change its permissions.")
    return real


def write_private(path: str, content: bytes) -> None:
    """Writes a file that only this user can read, whole or not at all. Raises InvalidInput.

    The files port does not contain it, since that port discards the writes of a check run.
    """
    real = check_private(path)
    try:
        temporary = TemporaryFile(os.path.dirname(real))
        try:
            temporary.fill(lambda write: write(content))
            os.replace(temporary.path, real)
        finally:
            temporary.remove()
    except OSError as error:
        raise unusable("write", path, os_problem(error)) from error
