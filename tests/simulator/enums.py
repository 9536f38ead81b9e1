# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Enumerations by name, for the setting `enum_form: names`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Members of requests and replies with the value of an enumeration, and its name in the API description. The
#: deprecated ImageType of an image is a plain number.
_MEMBERS = {
    "OsFeedType": "OsFeedType",
    "OSFeedType": "OsFeedType",
    "UpdatePolicy": "UpdatePolicy",
    "ChipSku": "ChipSku",
    "State": "OperationState",
    "OperationType": "OperationType",
    "Code": "OperationErrorCode",
    "Type": "ImageType",
    "Capabilities": "DeviceCapabilityType",
}


class Enums:
    """The enumerations of the API description."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._numbers: dict[str, dict[str, int]] = {
            member: schemas[name]["x-enum-values"] for member, name in _MEMBERS.items()
        }
        self._names = {
            member: {number: name for name, number in values.items()} for member, values in self._numbers.items()
        }

    def named(self, document: Any) -> Any:
        """Replace numbers with names."""
        return _replaced(document, self._names)

    def numbered(self, document: Any) -> Any:
        """Replace known names with numbers."""
        return _replaced(document, self._numbers)


def _replaced(document: Any, values: Mapping[str, Mapping[Any, Any]]) -> Any:
    if isinstance(document, list):
        return [_replaced(entry, values) for entry in document]
    if not isinstance(document, dict):
        return document
    return {
        name: _value(value, values[name]) if name in values else _replaced(value, values)
        for name, value in document.items()
    }


def _value(value: Any, values: Mapping[Any, Any]) -> Any:
    if isinstance(value, list):
        return [_value(entry, values) for entry in value]
    return values.get(value, value) if isinstance(value, (int, str)) and not isinstance(value, bool) else value
