# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What users ask for, checked before anything is sent, and the error when it does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._errors import InvalidInput
from .._inputs.device_rows import rows_from_ids
from .._model import PADDING, is_guid
from .._reconcile.refs import listed


def guid(text: str, what: str) -> str:
    """Return a GUID in lower case. Raises InvalidInput that names `what` it is the ID of."""
    found = text.strip(PADDING)
    if not is_guid(found):
        raise InvalidInput(
            f'Invalid {what} ID "{text}": it is not a GUID.',
            code="invalid_guid",
            target=text,
            hint="A GUID has 32 hexadecimal digits, such as a1000000-0000-4000-8000-000000000001.",
        )
    return found.lower()


def device_ids(ids: Sequence[str]) -> list[str]:
    """Return device IDs in lower case, each once. Raises one InvalidInput that reports each malformed one."""
    return [row.id for row in rows_from_ids(ids, None, None)]


def unknown(what: str, asked: str, names: Iterable[str]) -> InvalidInput:
    """Return the error that lists what exists."""
    there = listed(names)
    return InvalidInput(
        f'There is no {what} "{asked}" in the tenant.',
        code=f"unknown_{what.replace(' ', '_')}",
        target=asked,
        hint=f"Available: {there}." if there else "There are none yet.",
    )
