# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A small description of nested documents, and a check that names every place where one does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: Characters of a value that an error shows.
MOST = 60


@dataclass(frozen=True)
class Member:
    """What a value has to be: `text`, `flag`, `list` (of `of`) or `mapping` (with `members`)."""

    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    of: Member | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    any_case: bool = False


def text(*choices: str, required: bool = False, any_case: bool = False) -> Member:
    """`any_case`: the choices may be written in upper or lower case."""
    return Member("text", required, choices, any_case=any_case)


def flag() -> Member:
    return Member("flag")


def list_of(of: Member) -> Member:
    return Member("list", of=of)


def mapping(**members: Member) -> Member:
    return Member("mapping", members=members)


_WORDS = {"text": "a text", "flag": "true or false", "list": "a list", "mapping": "a mapping"}
_TYPES: dict[str, type[Any]] = {"text": str, "flag": bool, "list": list, "mapping": dict}


def problems(value: Any, member: Member, path: str = "") -> list[str]:
    """Every place where the value does not fit, each with its path (`products[0].name: ...`).

    None counts as left out.
    """
    where = path or "the document"
    if not isinstance(value, _TYPES[member.kind]):
        return [f"{where} has to be {_WORDS[member.kind]} and is {_told(value, member.kind)}"]
    if member.choices and _folded(value, member) not in {_folded(choice, member) for choice in member.choices}:
        return [f'{where}: "{value}" is none of {", ".join(member.choices)}']
    if member.kind == "list" and member.of is not None:
        found = (problems(each, member.of, f"{path}[{number}]") for number, each in enumerate(value))
        return [problem for each in found for problem in each]
    if member.kind == "mapping":
        return _mapping_problems(value, member, path)
    return []


def _folded(value: str, member: Member) -> str:
    return value.strip().casefold() if member.any_case else value


def _told(value: Any, wanted: str) -> str:
    """The value, cut when it is long. YAML makes numbers, truth values and dates of names that stand without quotes."""
    plain = isinstance(value, (int, float, date))
    shown = str(value) if plain else repr(value)
    shown = shown.lower() if isinstance(value, bool) else shown
    shown = shown if len(shown) <= MOST else shown[:MOST] + "…"
    return f"{shown} (put it in quotes)" if plain and wanted == "text" else shown


def _mapping_problems(value: Mapping[Any, Any], member: Member, path: str) -> list[str]:
    found = []
    prefix = f"{path}." if path else ""
    for key in value:
        if key not in member.members:
            found.append(f"{prefix}{key} is not known here (known: {', '.join(member.members)})")
    for key, inner in member.members.items():
        given = value.get(key)
        if given is not None:
            found += problems(given, inner, f"{prefix}{key}")
        elif inner.required:
            found.append(f"{prefix}{key} is missing")
    return found
