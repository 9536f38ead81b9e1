# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The members of a fault that configure the rig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .chance import Chance
from .mutations import PLACES, VALUES

#: Far more than any client may read, but still a finite number of chunks.
_MOST_MEGABYTES = 1_000_000
MEMBERS = {"executed", "probability", "seed", "burst", "place", "value", "megabytes", "with_items"}


@dataclass(frozen=True)
class RigOptions:
    """How the rig replaces a reply.

    `executed` is whether the request is executed first. `place` and `value` say what a mutation changes; None is
    drawn with the seed. `megabytes` is the decoded size of a gzip bomb and the most that an endless body sends.
    `with_items` is whether the pages of an endless list contain items.
    """

    executed: bool = True
    place: str | None = None
    value: str | None = None
    megabytes: float = 200.0
    with_items: bool = True


def read_options(order: Mapping[str, Any]) -> tuple[RigOptions, Chance]:
    """Returns the rig's members of a fault. Raises ValueError with a message for the user."""
    for name in ("executed", "with_items"):
        if not isinstance(order.get(name, True), bool):
            raise ValueError(f"A fault's {name} is true or false.")
    options = RigOptions(
        executed=order.get("executed", True),
        place=_known("place", order, PLACES),
        value=_known("value", order, VALUES),
        megabytes=float(_number("megabytes", order, RigOptions.megabytes, _MOST_MEGABYTES)),
        with_items=order.get("with_items", True),
    )
    chance = Chance(
        probability=float(_number("probability", order, 1.0, 1)),
        seed=_whole("seed", order, 0),
        burst=_whole("burst", order, 1),
    )
    return options, chance


def _known(name: str, order: Mapping[str, Any], known: frozenset[str]) -> str | None:
    text = order.get(name)
    if text is None:
        return None
    if isinstance(text, str) and (text in known or (name == "place" and text.startswith("/"))):
        return text
    raise ValueError(f"A fault's {name} is not {text!r}; use one of {', '.join(sorted(known))}.")


def _number(name: str, order: Mapping[str, Any], default: float, most: float) -> float:
    number = order.get(name, default)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= most:
        raise ValueError(f"A fault's {name} is a number from 0 to {most}.")
    return number


def _whole(name: str, order: Mapping[str, Any], least: int) -> int:
    number = order.get(name, least)
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise ValueError(f"A fault's {name} is a whole number from {least} up.")
    return number
