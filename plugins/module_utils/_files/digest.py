# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Checksums of content that comes in pieces."""

from __future__ import annotations

import hashlib

from .._model.values import Placeholder, PlannedBytes
from .port import FileState, Metadata


class Digest:
    """Takes content piece by piece and computes its size and checksum."""

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

    def state(self, metadata: Metadata) -> FileState:
        return FileState(self._size if self._known else Placeholder("size"), self.sha256, metadata)
