# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The rules for texts, names, flags and numbers, whatever their source.

YAML turns words that are not in quotes into numbers, truth values and dates (`no`, `0755`, `1.0`), so none of these is
accepted as a text: the original spelling is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from .._errors import escaped
from .._model.values import PADDING

#: Characters of a value that an error shows.
MOST = 60
QUOTE = 'Put it in quotes, or add "| string" to a template'
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "f", "0"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class InvalidValue(ValueError):
    """A value of the wrong kind. `reason` says what it is, `advice` what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}. {advice}.")
        self.reason = reason
        self.advice = advice


def text(value: object) -> str:
    """Return a text as it is. Raises InvalidValue for everything else."""
    if isinstance(value, str):
        return value
    quotable = isinstance(value, (bool, int, float, date, time))
    advice = QUOTE if quotable else "Give a text"
    raise InvalidValue(f"{described(value)} is not a text", advice)


def trimmed(value: object) -> str:
    """Return a text without the blanks around it. Raises InvalidValue if nothing is left, or for no text."""
    found = text(value).strip(PADDING)
    if not found:
        raise InvalidValue("it is empty", "Give a value, or leave it out (in a template: default(omit))")
    return found


def filled(value: object) -> str:
    """Return a text that is not blank, exactly as it is. Raises InvalidValue."""
    trimmed(value)
    return text(value)


def flag(value: object) -> bool:
    """Return the truth value of the words and numbers that Ansible takes for one. Raises InvalidValue."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    word = {"1.0": "1", "0.0": "0"}.get(word, word)
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidValue(f"{described(value)} is neither true nor false", "Use true or false")


def integer(value: object) -> int:
    """Return a whole number, given as a number or as text. Raises InvalidValue, also for a truth value."""
    whole = isinstance(value, float) and value.is_integer()
    if (isinstance(value, int) and not isinstance(value, bool)) or whole:
        return int(value)  # type: ignore[call-overload,no-any-return]
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    raise InvalidValue(f"{described(value)} is not a whole number", "Give digits only")


def number(value: object) -> float:
    """Return a number, given as a number or as text. Raises InvalidValue, also for a truth value."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    raise InvalidValue(f"{described(value)} is not a number", "Give a number, such as 30 or 0.5")


def described(value: object) -> str:
    """Return how errors name a value: its kind, and the value itself as far as it is short and safe to show."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "the truth value " + str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {_cut(repr(value))}"
    if isinstance(value, (date, time)):
        return f"the date {value}"
    if isinstance(value, str):
        return f'"{_cut(escaped(value))}"'
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (bytes, bytearray)):
        return "binary data"
    return "a list" if isinstance(value, Sequence) else f"a {type(value).__name__}"


def _cut(shown: str) -> str:
    return shown if len(shown) <= MOST else shown[:MOST] + "…"


def strings_in(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return each text in nested lists and mappings with its path (`products[0].name`), keys included."""
    found: list[tuple[str, str]] = []
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else str(key)
            found += [(below, key)] if isinstance(key, str) and "{{" in key else []
            found += strings_in(inner, below)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        for number_, inner in enumerate(value):
            found += strings_in(inner, f"{path}[{number_}]")
    return found
