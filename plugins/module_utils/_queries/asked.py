# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What somebody asks for, checked before anything is sent, and the error when it is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._errors import InvalidInput
from .._inputs.device_rows import rows_from_ids
from .._model import is_guid
from .._reconcile.refs import listed


def guid(text: str, what: str) -> str:
    """A GUID in lower case. Raises InvalidInput saying what it should have been the ID of."""
    if not is_guid(text):
        raise InvalidInput(f'"{text}" is no {what} ID (a GUID).', code="invalid_guid", target=text)
    return text.lower()


def device_ids(ids: Sequence[str]) -> list[str]:
    """Device IDs in lower case, each once. Raises one InvalidInput that tells of each malformed one."""
    return [row.id for row in rows_from_ids(ids, None, None)]


def unknown(what: str, asked: str, names: Iterable[str]) -> InvalidInput:
    """The error that names what there is."""
    there = listed(names)
    return InvalidInput(
        f'There is no {what} "{asked}" in the tenant.',
        code=f"unknown_{what.replace(' ', '_')}",
        target=asked,
        hint=f"There are: {there}." if there else "There are none yet.",
    )
