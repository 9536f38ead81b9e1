# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads files of bounded size."""

from __future__ import annotations

import errno

from .._files.opened import opened


def read_at_most(path: str, most: int) -> bytes:
    """Return the content of a file. Raises OSError, also for one of more than `most` bytes, such as /dev/zero."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most // 2**10} KiB"
        raise OSError(errno.EFBIG, f"it has more than {size}")
    return content
