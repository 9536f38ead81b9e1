# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Temporary files, whose content is moved or copied to its destination."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import shutil
import signal
import tempfile
import threading
from types import FrameType
from typing import NoReturn

from .port import Produce

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class TemporaryFile:
    """A file that only this user can read. It is removed when the process ends, also by SIGTERM or SIGHUP."""

    def __init__(self, directory: str) -> None:
        """Creates it. Raises OSError."""
        self._handlers = {}
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._handlers[number] = signal.signal(number, _exit)
        try:
            self._handle, self.path = tempfile.mkstemp(prefix=".azsphere-", dir=directory)
        except OSError:
            self._restore_signals()
            raise
        atexit.register(self.remove)

    def fill(self, produce: Produce) -> None:
        """Writes the content, safe on disk when it returns. Raises OSError and what `produce` raises."""
        with os.fdopen(self._handle, "wb") as file:
            produce(file.write)
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Removes the file unless it was moved away."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        atexit.unregister(self.remove)
        self._restore_signals()

    def _restore_signals(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()


def overwrite(source: str, destination: str) -> None:
    """Copies a file's content into another file, which stays the same file, with its owner and mode.

    Reserves the space first, so that a full disk leaves the former content. Raises OSError.
    """
    with open(source, "rb") as content, open(destination, "r+b") as file:
        before, size = os.fstat(file.fileno()).st_size, os.fstat(content.fileno()).st_size
        if size and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                file.truncate(before)
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
        shutil.copyfileobj(content, file)
        file.truncate(size)
        file.flush()
        os.fsync(file.fileno())


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
