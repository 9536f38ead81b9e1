# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The forms of single values: GUIDs, device IDs, names, and stand-ins for what only the service can give."""

from __future__ import annotations

import re

_GUID = re.compile(r"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DEVICE_ID = re.compile(r"\A[0-9a-fA-F]{128}\Z")


class Placeholder(str):
    """Stands for a value that only the service can give, in a state that is planned and not yet made.

    Results show it as null and name its path in `unknown`. It never addresses anything.
    """

    def __new__(cls, what: str, *names: str) -> Placeholder:
        return super().__new__(cls, f"(not yet known: {' '.join((what, *names))})")


class PlannedBytes(bytes):
    """Stands for the content of a file that only the service can give, in a state that is planned and not yet made."""


def is_guid(text: object) -> bool:
    """Returns whether the text has the form of a GUID, in any case."""
    return isinstance(text, str) and _GUID.match(text) is not None


def is_device_id(text: object) -> bool:
    """Returns whether the text is a device ID: 128 hexadecimal digits, in any case (FACTS: devices)."""
    return isinstance(text, str) and _DEVICE_ID.match(text) is not None


def same_name(one: str, other: str) -> bool:
    """Returns whether two names of products, device groups or users are the same, whatever their case.

    Source: FACTS, products and device groups.
    """
    return one.casefold() == other.casefold()
