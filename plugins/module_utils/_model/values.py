# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The forms of single values: GUIDs, device IDs, names, and stand-ins for what only the service can give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

_GUID = re.compile(r"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DEVICE_ID = re.compile(r"\A[0-9a-fA-F]{128}\Z")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.I)

#: Kinds of resources that a blueprint can prune. Here, since filters need it and would load the reconcilers otherwise.
PRUNABLE = ("products", "device_groups", "users")


class Placeholder(str):
    """A value that only the service can assign, in a state that is planned and not applied yet.

    Results show it as null and name its path in `unknown`. It never addresses anything. `names` say what it belongs to.
    """

    names: tuple[str, ...]

    def __new__(cls, what: str, *names: str) -> Placeholder:
        made = super().__new__(cls, f"(not yet known: {' '.join((what, *names))})")
        made.names = names
        return made


class PlannedBytes(bytes):
    """The content of a file that only the service can provide, in a state that is planned and not applied yet."""


def is_guid(text: object) -> bool:
    """Returns whether the text has the form of a GUID, in any case."""
    return isinstance(text, str) and _GUID.match(text) is not None


def is_device_id(text: object) -> bool:
    """Returns whether the text is a device ID: 128 hexadecimal digits, in any case (FACTS: devices)."""
    return isinstance(text, str) and _DEVICE_ID.match(text) is not None


def digest_in(text: str) -> str | None:
    """Returns the digest that the text is, in lower case and without the prefix `sha256:`; None for any other text."""
    found = _DIGEST.fullmatch(text.strip())
    return None if found is None else found[1].lower()


#: Blanks around a name that are ignored. Other blanks (no-break space, zero width) are part of the name.
PADDING = " \t\r\n\f\v"


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def name_key(name: str) -> str:
    """Returns what the names of products, device groups and users are compared by: neither case nor blanks around them
    count (FACTS: products and device groups).
    """
    return name.strip(PADDING).casefold()


def same_name(one: str, other: str) -> bool:
    """Returns whether two names of products, device groups or users are the same; see `name_key`."""
    return name_key(one) == name_key(other)


def all_named(there: Iterable[N], name: str) -> list[N]:
    """Returns those of this name. One that differs in case only comes before others with blanks around their names."""
    exact = name.casefold()
    found = [each for each in there if same_name(each.name, name)]
    return sorted(found, key=lambda each: each.name.casefold() != exact)
