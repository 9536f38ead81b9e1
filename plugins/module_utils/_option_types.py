# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Types of module options that are stricter than Ansible's own, which make texts of numbers and truth values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ansible.module_utils.common.validation import check_type_list, check_type_path

from ._inputs import texts


class OptionType(str):
    """A type for an argument spec: named as Ansible's own type, checked by a function of ours.

    Ansible calls types that are callable. That it also equals the name of Ansible's type keeps everything else working
    that reads the spec: suboptions, elements, and the comparison with the documentation in validate-modules.
    """

    def __new__(cls, name: str, check: Callable[[Any], Any]) -> OptionType:
        made = super().__new__(cls, name)
        made.check = check
        # Ansible shows it in errors, and hands its own "str" more than the value.
        made.__name__ = "text" if name == "str" else name
        return made

    check: Callable[[Any], Any]
    __name__: str

    def __call__(self, value: Any) -> Any:
        return self.check(value)


def _path(value: Any) -> str:
    return str(check_type_path(texts.filled(value)))


def _list(value: Any) -> list[Any]:
    """As Ansible, but that a single number makes no list of texts."""
    return list(check_type_list(value if isinstance(value, list) else texts.text(value)))


def _time(value: Any) -> str:
    # YAML reads a date that is not in quotes; it says the same.
    return value.isoformat() if isinstance(value, date) else texts.trimmed(value)


def _plan(value: Any) -> Any:
    return value if isinstance(value, Mapping) else texts.text(value)


def _anything(value: Any) -> Any:
    return value


#: Any text, also an empty one.
TEXT = OptionType("str", texts.text)
#: A text without the blanks around it, which may not be empty: names, IDs, users.
NAME = OptionType("str", texts.trimmed)
#: A text that is not blank, exactly as it is: tenant names.
EXACT = OptionType("str", texts.filled)
TIME = OptionType("str", _time)
PATH = OptionType("path", _path)
LIST = OptionType("list", _list)
#: Entries of device lists. They are checked with the list, which reports all that are wrong, by row.
DEVICE_ID = OptionType("str", _anything)
DEVICE_ROW = OptionType("dict", _anything)
#: A saved plan, its path, or its digest.
PLAN = OptionType("raw", _plan)
INTEGER = OptionType("int", texts.integer)
NUMBER = OptionType("float", texts.number)


def as_given(name: str) -> OptionType:
    """Returns the type of a connection option: documented by its name, and checked where it is resolved."""
    return OptionType(name, _anything)
