# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A folder of private files: mode 0700, files 0600, owned by this user, or not used at all."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .._deadline import Deadline
from .._http.backoff import Backoff
from .._http.clock import Clock

#: Bytes; whatever is longer was not written here, and is read no further.
_LARGEST = 2**20
_NOFOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
#: Seconds between attempts to get a lock.
LOCK_POLLS = Backoff(0.01, 1.5, 0.25)


class StoreUnusable(Exception):
    """Tokens cannot be kept safely in this folder or file; says why."""


class StoreBusy(StoreUnusable):
    """Somebody else held a lock for too long; says which."""


class PrivateFolder:
    """Files by name in one folder, reached through the open folder so that nobody can swap it meanwhile."""

    def __init__(self, path: str) -> None:
        """Creates the folder if needed. Raises StoreUnusable when it is a link, another user's, or open to others."""
        self.path = path
        self._clock = Clock()
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with suppress(FileExistsError):
                os.mkdir(path, 0o700)
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW)
            # Tests and lookups open many in one process; a folder is not to stay open after whoever used it.
            self.close = weakref.finalize(self, os.close, self._fd)
        except OSError as error:
            if os.path.islink(path):
                raise StoreUnusable(f"{path} is a symbolic link") from None
            raise StoreUnusable(f"{path}: {error.strerror}") from None
        except ValueError:
            raise StoreUnusable(f"{path} is not a valid path") from None
        try:
            _check(os.fstat(self._fd), path)
        except StoreUnusable:
            self.close()
            raise

    def read(self, name: str) -> bytes | None:
        """Returns the content; None when there is no such file. Raises StoreUnusable."""

        def inside(path: str, flags: int) -> int:
            return os.open(path, flags | os.O_NONBLOCK | _NOFOLLOW, dir_fd=self._fd)

        try:
            with open(name, "rb", opener=inside) as file:
                _check(os.fstat(file.fileno()), self._at(name), regular=True)
                return file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnusable(f"{self._at(name)}: {error.strerror}") from None

    def read_object(self, name: str) -> dict[str, Any] | None:
        """Returns the JSON object in the file; None when there is none or it is damaged. Raises StoreUnusable."""
        try:
            found = json.loads(self.read(name) or b"")
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, name: str, content: bytes) -> None:
        """Replaces the file as a whole; to be called with a lock held. Raises StoreUnusable."""
        # Always the same name, so that the next run overwrites what one that was killed has left.
        temporary = f"{name}.tmp"
        try:
            with self._removed_on_failure(temporary):
                self._create(temporary, content)
                os.replace(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            raise StoreUnusable(f"{self._at(name)}: {error.strerror}") from None

    def write_first(self, name: str, content: bytes) -> None:
        """As `write`, but a file that exists is kept."""
        temporary = f"{name}.{secrets.token_hex(4)}.tmp"
        try:
            with self._removed_on_failure(temporary):
                self._create(temporary, content)
                with suppress(FileExistsError):
                    os.link(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
            os.unlink(temporary, dir_fd=self._fd)
        except OSError as error:
            raise StoreUnusable(f"{self._at(name)}: {error.strerror}") from None

    @contextmanager
    def _removed_on_failure(self, name: str) -> Iterator[None]:
        """Removes a temporary file that could not be completed, as on a full disk."""
        try:
            yield
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=self._fd)
            raise

    def remove(self, name: str) -> bool:
        """Removes the file and returns whether there was one. Raises StoreUnusable."""
        try:
            os.unlink(name, dir_fd=self._fd)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreUnusable(f"{self._at(name)}: {error.strerror}") from None
        return True

    @contextmanager
    def locked(self, name: str, patience: float) -> Iterator[None]:
        """Holds the lock of this name against every other process and thread.

        Raises StoreBusy when it is not free within `patience` seconds, StoreUnusable when it cannot be used.
        """
        try:
            fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | _NOFOLLOW, 0o600, dir_fd=self._fd)
        except OSError as error:
            raise StoreUnusable(f"{self._at(name)}: {error.strerror}") from None
        try:
            _check(os.fstat(fd), self._at(name), regular=True)
            self._lock(fd, name, patience)
            yield
        finally:
            os.close(fd)

    def _lock(self, fd: int, name: str, patience: float) -> None:
        deadline, pauses = Deadline(patience), LOCK_POLLS.pauses()
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if deadline.passed:
                    raise StoreBusy(f"{self._at(name)} has been locked by another process for {patience:g} s") from None
                self._clock.sleep(min(next(pauses), deadline.remaining()))
            except OSError as error:
                raise StoreUnusable(f"{self._at(name)} cannot be locked: {error.strerror}") from None
            else:
                return

    def _create(self, name: str, content: bytes) -> None:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | _NOFOLLOW, 0o600, dir_fd=self._fd)
        with os.fdopen(fd, "wb") as file:
            _check(os.fstat(fd), self._at(name), regular=True)
            file.truncate()
            file.write(content)

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)


def _check(found: os.stat_result, path: str, regular: bool = False) -> None:
    if regular and not stat.S_ISREG(found.st_mode):
        raise StoreUnusable(f"{path} is not a regular file")
    if found.st_uid != os.geteuid():
        raise StoreUnusable(f"{path} belongs to another user")
    if found.st_mode & 0o077:
        raise StoreUnusable(f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):04o})")
