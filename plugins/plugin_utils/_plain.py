# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Values without the types that Ansible gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN = (str, bool, int, float, Mapping, type(None))


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values without Ansible's own types: text of a vault is decrypted, undefined values raise.

    This includes the entries of lists, and not of mappings.
    """
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, _PLAIN) else str(value)
