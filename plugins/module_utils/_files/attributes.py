# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Attributes of files as tasks ask for them: Ansible's common file options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidInput

#: The largest mode as a number. YAML reads 0644 as octal, but 644 as decimal, which is larger than any sensible mode.
LARGEST_NUMBER = 0o777
#: The largest mode as text: permission bits, set-user-ID, set-group-ID and sticky bit.
LARGEST_TEXT = 0o7777
MODE_FORMS = 'use an octal number in quotes, such as "0640", or a symbolic mode, such as u=rw,g=r.'
#: Flags that lsattr shows and chattr cannot change.
FIXED_FLAGS = frozenset("eEINV")
SELINUX = ("seuser", "serole", "setype", "selevel")


@dataclass(frozen=True)
class Attributes:
    """What a task asks for. None leaves an attribute as it is.

    `mode` is a number of permission bits or a symbolic mode. `new_mode` is the mode of a new file, to which a symbolic
    mode is applied. `flags` is in the form of chattr. `selinux` maps the names of SELINUX to the parts of a context.
    """

    mode: int | str | None = None
    new_mode: int = 0o644
    owner: str | None = None
    group: str | None = None
    flags: str | None = None
    selinux: tuple[tuple[str, str], ...] = ()
    unsafe_writes: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], new_mode: str) -> Attributes:
        """Returns them from the options of a module; empty texts count as not given. Raises InvalidInput."""
        return cls(
            mode=_mode(params.get("mode")),
            new_mode=int(new_mode, 8),
            owner=params.get("owner") or None,
            group=params.get("group") or None,
            flags=params.get("attributes") or None,
            selinux=tuple((name, params[name]) for name in SELINUX if params.get(name)),
            unsafe_writes=bool(params.get("unsafe_writes")),
        )


def changed_flags(current: frozenset[str], wanted: str) -> frozenset[str]:
    """Returns the flags that result from applying flags in the form of chattr (`+i`, `-i`, `=i`, `i`) to others."""
    letters = frozenset(wanted.lstrip("+-=")) - FIXED_FLAGS
    if wanted.startswith("+"):
        return current | letters
    return current - letters if wanted.startswith("-") else letters


def invalid_mode(mode: object, hint: str) -> InvalidInput:
    """Returns the error for an invalid mode."""
    return InvalidInput(f'Invalid mode "{mode}": {hint}', code="invalid_mode")


def _mode(mode: Any) -> int | str | None:
    if mode is None or mode == "":
        return None
    if isinstance(mode, bool) or not isinstance(mode, (int, str)):
        raise invalid_mode(mode, MODE_FORMS)
    if isinstance(mode, int):
        if not 0 <= mode <= LARGEST_NUMBER:
            raise invalid_mode(mode, f'it is a decimal number. Quote the octal number, such as "0{mode}".')
        return mode
    try:
        bits = int(mode, 8)
    except ValueError:
        return mode
    if not 0 <= bits <= LARGEST_TEXT:
        raise invalid_mode(mode, MODE_FORMS)
    return bits
