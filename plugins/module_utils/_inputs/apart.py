# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that a task writes, none of which may be one that it reads: it would overwrite its own input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from .._environment import Environment
from .._errors import InvalidInput
from .._model.values import digest_in
from .._options import OPTIONS, WRITTEN_FILES

#: Options of modules that name files to read.
READ = ("src", "path", "packages", "expect_plan", *(name for name, option in OPTIONS.items() if option.file))
_HINT = "Use another file."
#: The name of an option, or what else names a file, and the path as it was given.
Named = tuple[str, str]


def require_apart(params: Mapping[str, Any], environment: Environment, more: Iterable[Named] = ()) -> None:
    """Checks the options of a module, which also reads the files `more`. Raises InvalidInput."""
    written = list(named(params, WRITTEN_FILES))
    for problem in _problems(written, [*named(params, READ), *more], environment) if written else ():
        raise InvalidInput(problem, hint=_HINT)


def named(params: Mapping[str, Any], options: Iterable[str]) -> Iterator[Named]:
    """Yields the files that these options name, if they are given."""
    for option in options:
        given = params.get(option)
        for path in given if isinstance(given, (list, tuple)) else [given]:
            if isinstance(path, str) and (option != "expect_plan" or is_path(path)):
                yield option, path


def is_path(expected: Any) -> bool:
    """Returns whether the option `expect_plan` is the path of a plan, not a digest or a plan."""
    text = expected.strip() if isinstance(expected, str) else ""
    return bool(text) and digest_in(text) is None and not text.startswith("{")


def overlaps(written: Sequence[Named], read: Iterable[Named], environment: Environment) -> list[str]:
    """Returns a sentence for each file that is both written and read, or written for two purposes."""
    return [f"{problem} {_HINT}" for problem in _problems(written, read, environment)]


def _problems(written: Sequence[Named], read: Iterable[Named], environment: Environment) -> Iterator[str]:
    pairs = [(output, source, "the task would overwrite it") for output in written for source in read]
    pairs += [(second, first, "the task writes both") for first, second in combinations(written, 2)]
    for (option, path), (other, other_path), why in pairs:
        if _same(_whole(path, environment), _whole(other_path, environment)):
            yield f"Invalid {option} {path}: it is the file in {other}, and {why}."


def _whole(path: str, environment: Environment) -> str:
    return environment.absolute(environment.expand(path.strip()))


def _same(one: str, other: str) -> bool:
    """Returns whether two paths lead to one file, by links of either kind too."""
    try:
        return os.path.realpath(one) == os.path.realpath(other) or os.path.samefile(one, other)
    except (OSError, ValueError):  # One of them does not exist, or cannot.
        return False
