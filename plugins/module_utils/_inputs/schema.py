# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A schema for nested documents, and a check that reports every violation with its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import texts


@dataclass(frozen=True)
class Member:
    """What a value must be: a scalar (of `clean`), a list (of `of`) or a mapping (with `members`)."""

    kind: str
    clean: Callable[[Any], Any] = texts.text
    required: bool = False
    choices: tuple[str, ...] = ()
    of: Member | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    any_case: bool = False


def text(*choices: str, any_case: bool = False) -> Member:
    """Describe a text; with `any_case`, the choices may be written in upper or lower case."""
    return Member("text", choices=choices, any_case=any_case)


def name(*, required: bool = False) -> Member:
    """Describe a text that is trimmed and must not be empty."""
    return Member("text", texts.trimmed, required)


def filled() -> Member:
    """Describe a text that must not be blank, such as a path."""
    return Member("text", texts.filled)


def flag() -> Member:
    """Describe a truth value, also as one of the words that Ansible takes for it."""
    return Member("flag", texts.flag)


def list_of(of: Member) -> Member:
    """Describe a list."""
    return Member("list", of=of)


def mapping(**members: Member) -> Member:
    """Describe a mapping with these keys and no others."""
    return Member("mapping", members=members)


def clean(value: Any, member: Member) -> tuple[Any, list[str]]:
    """Return the value with names trimmed and flags as truth values, and every place where it does not fit, each with
    its path (`products[0].name: ...`).

    None counts as left out. With problems, the value must not be used.
    """
    problems: list[str] = []
    return _clean(value, member, "", problems), problems


def _clean(value: Any, member: Member, path: str, problems: list[str]) -> Any:
    if member.kind == "mapping":
        return _clean_mapping(value, member, path, problems)
    if member.kind == "list":
        return _clean_list(value, member, path, problems)
    try:
        found = member.clean(value)
    except texts.InvalidValue as error:
        problems.append(f"{path}: {error}".rstrip("."))
        return None
    if member.choices and _folded(found, member) not in {_folded(choice, member) for choice in member.choices}:
        problems.append(f"{path}: {texts.described(found)} is not one of {', '.join(member.choices)}")
    return found


def _clean_list(value: Any, member: Member, path: str, problems: list[str]) -> list[Any] | None:
    if not isinstance(value, (list, tuple)):
        problems.append(f"{path or 'the document'} must be a list, not {texts.described(value)}")
        return None
    of = member.of or Member("text")
    return [_clean(each, of, f"{path}[{number}]", problems) for number, each in enumerate(value)]


def _clean_mapping(value: Any, member: Member, path: str, problems: list[str]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        problems.append(f"{path or 'the document'} must be a mapping, not {texts.described(value)}")
        return None
    prefix = f"{path}." if path else ""
    known = ", ".join(member.members)
    problems += [f"{prefix}{key} is unknown (known: {known})" for key in value if key not in member.members]
    found = {}
    for key, inner in member.members.items():
        if value.get(key) is not None:
            found[key] = _clean(value[key], inner, f"{prefix}{key}", problems)
        elif inner.required:
            problems.append(f"{prefix}{key} is missing")
    return found


def _folded(value: str, member: Member) -> str:
    return value.strip().casefold() if member.any_case else value
