# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""New content of a file, in a temporary file until it replaces the former content."""

from __future__ import annotations

import contextlib
import os
import stat

from .._errors import InvalidInput, WriteState
from .attributes import Attributes
from .destination import Placement, os_problem, unusable
from .means import Means
from .port import Metadata
from .temporary import TemporaryFile, overwrite


class PreparedFile:
    """Content in a temporary file, for the file `real`, which gets the metadata `after`."""

    def __init__(
        self,
        means: Means,
        temporary: TemporaryFile,
        real: str,
        placement: Placement,
        after: Metadata,
        wanted: Attributes,
    ) -> None:
        self._means = means
        self._temporary = temporary
        self._real = real
        self._placement = placement
        self._after = after
        self._wanted = wanted

    def commit(self) -> None:
        try:
            self._narrow()
            if self._placement is Placement.IN_PLACE:
                overwrite(self._temporary.path, self._real)
            else:
                self._means.move(self._temporary.path, self._real, self._wanted)
        except OSError as error:
            raise unusable("write", self._real, os_problem(error)) from error
        finally:
            self._temporary.remove()
        try:
            self._means.apply(self._real, self._after, self._wanted)
        except InvalidInput as error:
            error.write_state = WriteState.ACCEPTED  # The file has its new content.
            raise

    def discard(self) -> None:
        self._temporary.remove()

    def _narrow(self) -> None:
        """Removes permissions from the former file: it, or what inherits its mode, must not expose the new content."""
        with contextlib.suppress(FileNotFoundError, PermissionError):
            mode = stat.S_IMODE(os.stat(self._real).st_mode)
            narrowed = mode & (self._after.mode | stat.S_IRWXU)
            if narrowed != mode:
                os.chmod(self._real, narrowed)
