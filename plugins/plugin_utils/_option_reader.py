# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options of roles, as surveys and command lines leave them: blank, or text in place of other types."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.apart import Named, overlaps
from ansible_collections.azsphere.fleet.plugins.module_utils._options import Found, blank, flag, text

from ._plain import plain

_OMITTED = "__omit_place_holder__"
Check = Callable[[Found, Environment], Any]


class OptionReader:
    """Reads options one by one and collects what is wrong with them in `problems`, as sentences.

    What is null, blank or omitted counts as not given. `prefix` is what the names of options begin with in messages.
    """

    def __init__(self, given: Mapping[str, Any], prefix: str, environment: Environment) -> None:
        self._given = {name: value for name, value in plain(given).items() if not missing(value)}
        self._prefix = prefix
        self._environment = environment
        self.problems: list[str] = []

    def path(self, name: str, start: str) -> str | None:
        """Returns a whole path."""
        found = self.checked(name, text)
        return None if found is None else self._whole(found, start)

    def paths(self, name: str, start: str) -> list[str]:
        return [self._whole(each, start) for each in self.words(name)]

    def flag(self, name: str, default: bool = False) -> bool:
        found = self.checked(name, flag)
        return default if found is None else bool(found)

    def number(self, name: str) -> int | None:
        """Returns a whole number of at least 0."""
        found: int | None = self.checked(name, _number)
        return found

    def words(self, name: str, choices: Sequence[str] = ()) -> list[str]:
        """Returns a list of texts; one text has them between commas, or is a list in YAML."""
        found: list[str] = self.checked(name, words) or []
        for each in found:
            if choices and each not in choices:
                self.problems.append(f'Invalid {self._prefix}{name} "{each}". Available: {", ".join(choices)}.')
        return found

    def require_apart(self, written: Iterable[Named], read: Iterable[Named]) -> None:
        """Requires that no file to be written is one that is read. All are named by options, without the prefix."""
        outputs, sources = ([(f"{self._prefix}{name}", path) for name, path in files] for files in (written, read))
        self.problems += overlaps(outputs, sources, self._environment)

    def checked(self, name: str, check: Check) -> Any:
        """Returns what the check returns; None if the option is not given or wrong."""
        if name not in self._given:
            return None
        try:
            return check(Found(self._given[name], f"{self._prefix}{name}"), self._environment)
        except InvalidInput as problem:
            self.problems.append(str(problem))
            return None

    def directory(self, path: str) -> str:
        """Returns the whole path of a directory that no option gives."""
        return self._whole(path, "")

    def _whole(self, path: str, start: str) -> str:
        return os.path.realpath(os.path.join(start, self._environment.expand(path)))


def missing(value: Any) -> bool:
    """Returns whether a value counts as not given."""
    return blank(value) or (isinstance(value, str) and value.startswith(_OMITTED))


def words(found: Found, environment: Environment) -> list[str]:
    """Returns a list of texts, given as a list, as a list in YAML, or between commas. Raises InvalidInput."""
    value = found.value
    if isinstance(value, str) and value.strip().startswith("["):
        with contextlib.suppress(yaml.YAMLError, ValueError):  # A pattern of files may begin with a bracket.
            value = yaml.safe_load(value)
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(f"Invalid {found.name}: not a list.", hint="Use a list, or text with commas between.")
    return [text(Found(each, found.name), environment) for each in value if not blank(each)]


def number(least: float, most: float) -> Check:
    """Returns the check of a number, or of text that is one."""
    return _between(texts.number, "number", least, most)


def whole_number(least: int, most: int) -> Check:
    """Returns the check of a whole number, or of text that is one."""
    return _between(texts.integer, "whole number", least, most)


def _between(convert: Callable[[Any], float], what: str, least: float, most: float) -> Check:
    def check(found: Found, _environment: Environment) -> float:
        with contextlib.suppress(texts.InvalidValue):
            given = convert(found.value)
            if least <= given <= most:
                return given
        raise InvalidInput(
            f'Invalid {found.name} "{found.value}": not a {what} from {least:g} to {most:g}.', hint="Use such a number."
        )

    return check


def _number(found: Found, _environment: Environment) -> int:
    word = str(found.value).strip()
    if isinstance(found.value, (int, str)) and not isinstance(found.value, bool) and word.isascii() and word.isdigit():
        return int(word) if len(word) < 10 else 10**9
    raise InvalidInput(f'Invalid {found.name} "{found.value}": not a whole number.', hint="Use a number such as 10.")
