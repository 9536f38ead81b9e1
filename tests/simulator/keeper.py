# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Saves the state to a file, so that a later run of the simulator can continue with it."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

from .documents import canonical, dump
from .files import write_private
from .world import World

_INTERVAL = 0.25


class Keeper:
    """Writes the state to `path` shortly after each change and at the end. Without a path, it does nothing."""

    def __init__(self, world: World, path: Path | None) -> None:
        self._world = world
        self._path = path
        self._written = -1

    async def run(self) -> None:
        while self._path is not None:
            self._world.settle()
            self.write()
            await asyncio.sleep(_INTERVAL)

    def finish(self) -> None:
        """Complete pending operations, and write the state. Raises OSError."""
        if self._world.operations.settle(math.inf):
            self._world.changes += 1
        self.write()

    def write(self) -> None:
        """Write the state if it changed since the last call. Raises OSError."""
        if self._path is not None and self._written != self._world.changes:
            write_private(self._path, canonical(dump(self._world.state)))
            self._written = self._world.changes
