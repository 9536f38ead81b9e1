# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files to which lines are appended, by any number of processes at the same time."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time

from .._deadline import Deadline
from .._errors import InvalidInput
from .destination import missing_directory, os_problem, resolve, unusable, writable

#: Seconds between two writes to the disk itself. Without it, lines survive the end of the process alone.
SYNC_INTERVAL = 1.0
#: Seconds for which the lock of another process is waited for: a line is one write, which needs it on few file systems.
LOCK_PATIENCE = 1.0
_MODE = 0o600
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EROFS)


def check_log(path: str) -> str:
    """Returns the path of the file with links followed. Raises InvalidInput if lines cannot be appended to it."""
    real = resolve(path)
    directory = missing_directory(path, real)
    if directory is not None:
        raise unusable("write", path, f"there is no directory {directory}", "Create the directory first.")
    if not writable(real if os.path.exists(real) else os.path.dirname(real)):
        raise unusable("write", path, "permission denied", "Give another path, or change its permissions.")
    return real


class LogFile:
    """A file on disk that is open for appending; created with mode 0600 if it is missing. For any number of threads."""

    def __init__(self, path: str) -> None:
        """Raises InvalidInput."""
        self._path = path
        self._lock = threading.Lock()
        real = check_log(path)
        try:
            self._file = os.open(real, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise self._unusable(error) from error
        self._synced = time.monotonic()
        self._whole = self._ends_with_line()

    def append(self, line: str) -> None:
        """Appends one line, without the line break at its end. Raises InvalidInput."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            locked = self._locked()
            try:
                data = data if self._whole else b"\n" + data
                written = os.write(self._file, data)
                self._whole = written == len(data)
                if not self._whole:
                    raise self._unusable(OSError(0, "the disk is full"))
                if time.monotonic() - self._synced >= SYNC_INTERVAL:
                    self._sync()
            except OSError as error:
                raise self._unusable(error) from error
            finally:
                if locked:
                    fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Writes everything to the disk itself, and closes the file. Raises InvalidInput."""
        with self._lock:
            try:
                self._sync()
            except OSError as error:
                raise self._unusable(error) from error
            finally:
                os.close(self._file)

    def _sync(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            # Some file systems have no such call; the lines are written anyway.
            if error.errno not in _NO_SYNC:
                raise
        self._synced = time.monotonic()

    def _locked(self) -> bool:
        until = Deadline(LOCK_PATIENCE)
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if until.passed:
                    return False
                until.wait(0.002)
            except OSError:
                return False
            else:
                return True

    def _ends_with_line(self) -> bool:
        """Returns whether a new line can follow: the last one may be incomplete after a full disk."""
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def _unusable(self, error: OSError) -> InvalidInput:
        return unusable("write", self._path, os_problem(error))


class PlannedLog:
    """A file to which nothing is appended."""

    def append(self, line: str) -> None:
        pass

    def close(self) -> None:
        pass
