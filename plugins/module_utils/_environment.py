# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Environment variables and working directory of a task, handed in by whoever runs it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]*)\})", re.ASCII)


@dataclass(frozen=True)
class Environment:
    """The variables by name, which may hold secrets, and the directory that relative paths start from."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    working_directory: str = "."

    def get(self, name: str) -> str | None:
        """Returns the value of a variable; None when it is not set, empty or blank."""
        value = self.variables.get(name, "")
        return value if value.strip() else None

    def expand(self, path: str) -> str:
        """Returns the path with `$NAME`, `${NAME}`, `~` and `~user` filled in; what is not known stays as written."""
        filled = _VARIABLE.sub(lambda found: self.variables.get(found[1] or found[2], found[0]), path)
        home = self.get("HOME")
        if home is not None and (filled == "~" or filled.startswith("~/")):
            return home.rstrip("/") + filled[1:] or "/"
        return os.path.expanduser(filled)

    def absolute(self, path: str) -> str:
        """Returns the whole path, without `.` and `..`."""
        return os.path.abspath(os.path.join(self.working_directory, path))

    def is_empty_file(self, path: str) -> bool:
        """Returns whether the path is that of a regular file without content, or the null device.

        Pipes are never empty: nobody knows before they are read.
        """
        try:
            found = os.stat(self.absolute(self.expand(path)))
        except (OSError, ValueError):
            return False
        return (stat.S_ISREG(found.st_mode) and found.st_size == 0) or path == os.devnull
