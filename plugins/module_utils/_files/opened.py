# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Opens files that people name."""

from __future__ import annotations

import errno
from typing import BinaryIO


def opened(path: str) -> BinaryIO:
    """Opens a file to read. Raises OSError, also for what no path can be, such as a text with a null character."""
    try:
        return open(path, "rb")
    except ValueError as error:
        raise OSError(errno.EINVAL, "it is not a valid path") from error
