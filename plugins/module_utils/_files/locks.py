# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Locks against other processes that change the same file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from .._deadline import Deadline
from .._errors import InvalidInput
from .destination import os_problem, resolve, unusable

#: Seconds between two attempts: the first pause, and the longest.
PAUSES = (0.02, 0.5)


@contextmanager
def locked(path: str, until: Deadline) -> Iterator[None]:
    """Holds a lock against all other processes and threads that lock files in the same directory.

    The directory is locked, since the file itself is replaced. Raises InvalidInput when it cannot be locked, or not in
    time.
    """
    directory = os.path.dirname(resolve(path))
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise unusable("lock", path, os_problem(error)) from error
    try:
        _lock(handle, path, until)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: str, until: Deadline) -> None:
    pause, longest = PAUSES
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if until.passed:
                raise InvalidInput(
                    f"Cannot lock {path}: another process has locked its directory.",
                    code="file_locked",
                    target=path,
                    hint="Nothing was changed. Wait for the other task, or raise wait_timeout.",
                ) from error
            until.wait(pause)
            pause = min(2 * pause, longest)
        except OSError as error:
            hint = "Put the file on a file system with locks."
            raise unusable("lock", path, os_problem(error), hint) from error
        else:
            return
