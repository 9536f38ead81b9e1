# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that are only planned."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from .._deadline import Deadline
from .._model.values import PlannedBytes
from .attributes import Attributes
from .digest import Digest
from .log import PlannedLog
from .port import Files, FileState, Metadata, Produce

#: Bytes of planned content that are kept to be read again.
LARGEST_KEPT = 1024 * 1024


class PlannedFiles:
    """Files over other files: reads go through, writes stay here and fail where the other files would fail."""

    def __init__(self, base: Files) -> None:
        self._base = base
        self._contents: dict[str, bytes] = {}
        self._states: dict[str, FileState] = {}

    def read(self, path: str) -> bytes | None:
        key = os.path.realpath(path)
        return self._contents[key] if key in self._contents else self._base.read(path)

    def state(self, path: str) -> FileState | None:
        return self._states.get(os.path.realpath(path)) or self._base.state(path)

    def check_destination(self, path: str, wanted: Attributes) -> None:
        self._base.check_destination(path, wanted)

    def settled(self, path: str, wanted: Attributes) -> Metadata:
        planned = self._states.get(os.path.realpath(path))
        return self._base.settled(path, wanted) if planned is None else self.applied(path, planned.metadata, wanted)

    def written(self, path: str, wanted: Attributes) -> Metadata:
        planned = self._states.get(os.path.realpath(path))
        return self._base.written(path, wanted) if planned is None else self.applied(path, planned.metadata, wanted)

    def applied(self, path: str, current: Metadata, wanted: Attributes) -> Metadata:
        return self._base.applied(path, current, wanted)

    def prepare(self, path: str, produce: Produce, wanted: Attributes) -> PlannedFile:
        self.check_destination(path, wanted)
        after = self.written(path, wanted)
        content = _Content()
        produce(content.write)
        return PlannedFile(self, path, content.kept, content.digest.state(after))

    def locked(self, path: str, until: Deadline) -> AbstractContextManager[None]:
        """Locks nothing: nothing is changed on disk."""
        return nullcontext()

    def place(self, path: str, content: bytes, state: FileState) -> None:
        """Keeps a file that was prepared."""
        key = os.path.realpath(path)
        self._contents[key] = content
        self._states[key] = state

    def log(self, path: str) -> PlannedLog:
        self._base.check_log(path)
        return PlannedLog()

    def check_log(self, path: str) -> None:
        self._base.check_log(path)

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        after, state = self.settled(path, wanted), self.state(path)
        if state is not None:
            self._states[os.path.realpath(path)] = replace(state, metadata=after)


class PlannedFile:
    """Content that was prepared for a planned file."""

    def __init__(self, files: PlannedFiles, path: str, content: bytes, state: FileState) -> None:
        self._files = files
        self._path = path
        self._content = content
        self._state = state

    def commit(self) -> None:
        self._files.place(self._path, self._content, self._state)

    def discard(self) -> None:
        pass


class _Content:
    """Collects content piece by piece; keeps it if it is small and known."""

    def __init__(self) -> None:
        self.digest = Digest()
        self.kept = b""

    def write(self, piece: bytes) -> None:
        self.digest.write(piece)
        unknown = isinstance(piece, PlannedBytes) or isinstance(self.kept, PlannedBytes)
        large = len(self.kept) + len(piece) > LARGEST_KEPT
        self.kept = PlannedBytes() if unknown or large else self.kept + piece
