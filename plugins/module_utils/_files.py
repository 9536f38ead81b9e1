# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that tasks read and write, on disk or only planned."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ._errors import InvalidInput
from ._model.values import Placeholder, PlannedBytes

#: Takes a piece of a file's content.
Write = Callable[[bytes], object]
#: Gives the content of a file, piece by piece.
Produce = Callable[[Write], object]
#: Bytes that are read at a time where a file is not needed as a whole.
PIECE = 1024 * 1024


@dataclass(frozen=True)
class FileState:
    """What can be told of a file without its content: size in bytes, SHA-256 in hexadecimal, permission bits."""

    size: int | Placeholder
    sha256: str
    mode: int


class Files(Protocol):
    """What a task does with files. A check run gets one that keeps every write to itself."""

    def read(self, path: str) -> bytes | None:
        """The content, or None when there is no file."""

    def state(self, path: str) -> FileState | None:
        """Size, checksum and mode, or None when there is no file. Never holds the whole file in memory."""

    def write(self, path: str, content: bytes, mode: int) -> None:
        """Whole or not at all: a reader never sees half a file."""

    def receive(self, path: str, produce: Produce, mode: int) -> None:
        """As `write`, for content that comes in pieces and may be large."""

    def try_place(self, path: str) -> None:
        """Raises what writing this file would raise, as far as it shows before; leaves nothing behind."""

    def set_mode(self, path: str, mode: int) -> None:
        """Changes the permission bits of a file that is there."""


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

    def state(self, path: str) -> FileState | None:
        digest = Digest()
        try:
            with open(path, "rb") as file:
                while piece := file.read(PIECE):
                    digest.write(piece)
                return digest.state(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable("read", path, error) from error

    def write(self, path: str, content: bytes, mode: int) -> None:
        self.receive(path, lambda write: write(content), mode)

    def receive(self, path: str, produce: Produce, mode: int) -> None:
        try:
            handle, temporary = tempfile.mkstemp(prefix=".azsphere-", dir=os.path.dirname(os.path.abspath(path)))
            try:
                with os.fdopen(handle, "wb") as file:
                    produce(file.write)
                    file.flush()
                    os.fsync(file.fileno())
                os.chmod(temporary, mode)
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise _unusable("write", path, error) from error

    def try_place(self, path: str) -> None:
        try:
            with tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(path))):
                pass
        except OSError as error:
            raise _unusable("write", path, error) from error

    def set_mode(self, path: str, mode: int) -> None:
        try:
            os.chmod(path, mode)
        except OSError as error:
            raise _unusable("change the mode of", path, error) from error


class PlannedFiles:
    """Files over other files: reads go through, writes stay here.

    What would be refused to this user (by default whoever runs this) is refused here too.
    """

    def __init__(self, base: Files, user: int | None = None) -> None:
        self._base = base
        self._user = os.geteuid() if user is None else user
        self._contents: dict[str, bytes] = {}
        self._states: dict[str, FileState] = {}

    def read(self, path: str) -> bytes | None:
        return self._contents[path] if path in self._contents else self._base.read(path)

    def state(self, path: str) -> FileState | None:
        return self._states[path] if path in self._states else self._base.state(path)

    def write(self, path: str, content: bytes, mode: int) -> None:
        self.receive(path, lambda write: write(content), mode)
        self._contents[path] = content

    def receive(self, path: str, produce: Produce, mode: int) -> None:
        """Lets the content come and keeps what can be told of it."""
        self.try_place(path)
        digest = Digest()
        produce(digest.write)
        self._states[path] = digest.state(mode)
        self._contents[path] = PlannedBytes()

    def try_place(self, path: str) -> None:
        folder = os.path.dirname(os.path.abspath(path))
        if not os.access(folder, os.W_OK | os.X_OK):
            problem = "there is no such folder" if not os.path.isdir(folder) else "the folder is not writable"
            raise InvalidInput(f"Cannot write {path}: {problem}.", code="file", target=path)
        around = os.stat(folder)
        if around.st_mode & stat.S_ISVTX and os.path.lexists(path):
            self._require_owner("write", path, os.lstat(path).st_uid, around.st_uid)

    def set_mode(self, path: str, mode: int) -> None:
        state = self.state(path)
        if state is not None:
            if path not in self._states:
                self._require_owner("change the mode of", path, os.stat(path).st_uid)
            self._states[path] = replace(state, mode=mode)

    def _require_owner(self, verb: str, path: str, *owners: int) -> None:
        if self._user not in (0, *owners):
            raise _unusable(verb, path, PermissionError(errno.EPERM, os.strerror(errno.EPERM)))


class Digest:
    """Takes content piece by piece and tells its size and checksum."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0
        self._known = True

    def write(self, piece: bytes) -> None:
        self._known = self._known and not isinstance(piece, PlannedBytes)
        self._hash.update(piece)
        self._size += len(piece)

    @property
    def sha256(self) -> str:
        """In hexadecimal; a placeholder for content that is only planned."""
        return self._hash.hexdigest() if self._known else Placeholder("checksum")

    def state(self, mode: int) -> FileState:
        return FileState(self._size if self._known else Placeholder("size"), self.sha256, mode)


def check_place(path: str) -> None:
    """Raises InvalidInput unless a file can be at the path: it names one, no folder, and the folder around is there."""
    if not path or "\0" in path:
        raise InvalidInput("A file needs a path, which is empty or holds a null character.", code="file")
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.basename(path):
        problem, hint = "it is a folder", "Give the path of a file in it."
    elif not os.path.isdir(folder):
        problem, hint = f"there is no folder {folder}", "Make the folder first."
    elif os.path.exists(path) and not os.path.isfile(path):
        problem, hint = "it is there and no ordinary file", "Give another path."
    else:
        return
    raise InvalidInput(f"Cannot keep a file at {path}: {problem}.", code="file", target=path, hint=hint)


def _unusable(verb: str, path: str, error: OSError) -> InvalidInput:
    return InvalidInput(f"Cannot {verb} {path}: {error.strerror or type(error).__name__}.", code="file", target=path)
