# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port for files: what a task reads and writes, on disk or only planned."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from .._deadline import Deadline
from .._model.values import Placeholder
from .attributes import Attributes

#: Takes a piece of a file's content.
Write = Callable[[bytes], object]
#: Writes the content of a file, piece by piece.
Produce = Callable[[Write], object]


@dataclass(frozen=True)
class Metadata:
    """A file without its content: permission bits, numeric owner and group, number of hard links.

    `flags` are the letters that lsattr shows and chattr can set. `context` is the SELinux context, None without
    SELinux. Owner and group are placeholders while the user or group does not exist yet.
    """

    mode: int
    uid: int | Placeholder
    gid: int | Placeholder
    links: int = 1
    flags: frozenset[str] = frozenset()
    context: tuple[str, ...] | None = None


@dataclass(frozen=True)
class FileState:
    """A file as results and differences show it: size in bytes, SHA-256 in hexadecimal."""

    size: int | Placeholder
    sha256: str
    metadata: Metadata


class Prepared(Protocol):
    """Content that is complete on disk, and does not yet replace the file."""

    def commit(self) -> None:
        """Replaces the file by the content and sets its attributes. Raises InvalidInput."""

    def discard(self) -> None:
        """Removes the content. Does nothing after `commit`."""


class Log(Protocol):
    """A file to which lines are appended, from any thread."""

    def append(self, line: str) -> None:
        """Appends one line. It survives the end of the process, however that ends. Raises InvalidInput."""

    def close(self) -> None:
        """Ends the file: it then survives a loss of power too. Raises InvalidInput."""


class Files(Protocol):
    """What a task does with files. A check run gets one that keeps every write to itself.

    Symbolic links are followed. Every method raises InvalidInput for what this user cannot do.
    """

    def read(self, path: str) -> bytes | None:
        """Returns the content, or None when there is no file."""

    def state(self, path: str) -> FileState | None:
        """Returns the state, or None when there is no file. Never holds the whole file in memory."""

    def check_destination(self, path: str, wanted: Attributes) -> None:
        """Raises InvalidInput unless a regular file can be at the path and the attributes are valid."""

    def settled(self, path: str, wanted: Attributes) -> Metadata:
        """Returns the metadata that an existing file gets from the attributes."""

    def written(self, path: str, wanted: Attributes) -> Metadata:
        """Returns the metadata that the file has once it is written. Raises what writing it would raise."""

    def applied(self, path: str, current: Metadata, wanted: Attributes) -> Metadata:
        """Returns the metadata that the attributes make of other metadata."""

    def prepare(self, path: str, produce: Produce, wanted: Attributes) -> Prepared:
        """Writes the content to a temporary file, readable by this user only."""

    def locked(self, path: str, until: Deadline) -> AbstractContextManager[None]:
        """Makes other tasks that change this file wait. Raises InvalidInput if the lock is not free in time."""

    def check_log(self, path: str) -> None:
        """Raises what `log` would raise, and creates nothing."""

    def log(self, path: str) -> Log:
        """Opens a file to append lines to, and creates it if it is missing, readable by this user only."""

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        """Changes the attributes of an existing file."""


def write_pieces(files: Files, path: str, produce: Produce, wanted: Attributes) -> None:
    """Writes a file whose content comes in pieces. Until it is complete, the file keeps its former content."""
    files.prepare(path, produce, wanted).commit()


def write_file(files: Files, path: str, content: bytes, wanted: Attributes) -> None:
    """Writes a file. Until it is complete, the file keeps its former content."""
    write_pieces(files, path, lambda write: write(content), wanted)
