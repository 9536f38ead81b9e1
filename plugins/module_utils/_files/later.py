# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that are opened on first use: most tasks use none, and importing what works on disk takes time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .port import Files


def files_later(open_files: Callable[[], Files]) -> Files:
    """Returns the files that the function gives, which is called when they are used first."""
    return cast("Files", _Later(open_files))


class _Later:
    def __init__(self, open_files: Callable[[], Files]) -> None:
        self._open = open_files

    @cached_property
    def _files(self) -> Files:
        return self._open()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)
