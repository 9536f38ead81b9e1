# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that tasks read and write, on disk or only planned."""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import Protocol

from ._errors import InvalidInput
from ._model import PlannedBytes


class Files(Protocol):
    """What a task does with files. A check run gets one that keeps every write to itself."""

    def read(self, path: str) -> bytes | None:
        """The content, or None when there is no file."""

    def mode(self, path: str) -> int | None:
        """The permission bits, or None when there is no file."""

    def write(self, path: str, content: bytes, mode: int) -> None:
        """Whole or not at all: a reader never sees half a file."""


class Disk:
    """Files as they are."""

    def read(self, path: str) -> bytes | None:
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable("read", path, error) from error

    def mode(self, path: str) -> int | None:
        try:
            return os.stat(path).st_mode & 0o7777
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable("look at", path, error) from error

    def write(self, path: str, content: bytes, mode: int) -> None:
        folder = os.path.dirname(os.path.abspath(path))
        try:
            handle, temporary = tempfile.mkstemp(prefix=".azsphere-", dir=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.chmod(temporary, mode)
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise _unusable("write", path, error) from error


class PlannedFiles:
    """Files over other files: reads go through, writes stay here."""

    def __init__(self, base: Files) -> None:
        self._base = base
        self._written: dict[str, tuple[bytes, int]] = {}

    def read(self, path: str) -> bytes | None:
        return self._written[path][0] if path in self._written else self._base.read(path)

    def mode(self, path: str) -> int | None:
        return self._written[path][1] if path in self._written else self._base.mode(path)

    def write(self, path: str, content: bytes, mode: int) -> None:
        folder = os.path.dirname(os.path.abspath(path))
        if not os.access(folder, os.W_OK | os.X_OK):
            problem = "there is no such folder" if not os.path.isdir(folder) else "the folder is not writable"
            raise InvalidInput(f"Cannot write {path}: {problem}.", code="file", target=path)
        self._written[path] = (content, mode)


def checksum(content: bytes) -> str | None:
    """SHA-256 in hexadecimal; None for content that is not known yet."""
    return None if isinstance(content, PlannedBytes) else hashlib.sha256(content).hexdigest()


def _unusable(verb: str, path: str, error: OSError) -> InvalidInput:
    return InvalidInput(f"Cannot {verb} {path}: {error.strerror or type(error).__name__}.", code="file", target=path)
