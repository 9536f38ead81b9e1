# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Values of JSON replies that all backends read in the same way: members, texts, IDs, times, base64, and numbers."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from .._digits import whole_number
from .._errors import ServiceError
from .._model.resources import Deployment

#: Characters: twice as many as a device ID has.
LONGEST_ID = 256
NO_TENANT = "00000000-0000-0000-0000-000000000000"
_DATE = re.compile(r"\A(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?\Z", re.IGNORECASE)


def member(body: Mapping[str, Any], name: str) -> Any:
    """Returns a member by its name, in any case; None if it is missing."""
    if name in body:
        return body[name]
    wanted = name.lower()
    return next((value for key, value in body.items() if key.lower() == wanted), None)


def body_of(value: Any, doing: str) -> Mapping[str, Any]:
    """Returns the value. Raises ServiceError unless it is a JSON object."""
    if isinstance(value, dict):
        return value
    raise ServiceError(f"While {doing}, the reply of the service is not a JSON object.", code="unexpected")


def text_of(value: Any) -> str | None:
    """Returns text; None if it is missing or empty, or an object or a list."""
    return None if value in (None, "") or isinstance(value, (dict, list)) else str(value)


def id_of(value: Any) -> str | None:
    """Returns a GUID or device ID in lower case; None if it is missing, the GUID of zeros, or what cannot be an ID."""
    text = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    return None if text in ("", NO_TENANT) or len(text) > LONGEST_ID else text


def listed(value: Any, doing: str) -> list[Mapping[str, Any]]:
    """Returns a list of JSON objects, an empty one for null. Raises ServiceError for any other value."""
    if value is not None and not isinstance(value, list):
        raise ServiceError(f"While {doing}, the reply of the service is not a list.", code="unexpected")
    return [body_of(entry, doing) for entry in value or []]


def date_of(value: Any) -> str | None:
    """Returns a time as ISO 8601 in UTC with a Z. One without a zone is UTC; the year one means never."""
    text = text_of(value)
    if text is None or text.startswith("0001-01-01"):
        return None
    found = _DATE.match(text.strip())
    if found is None:
        return text
    day, time, fraction, zone = found.groups()
    if zone and zone.upper() != "Z":
        sign = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
        try:
            utc = datetime.fromisoformat(f"{day}T{time}{sign}").astimezone(timezone.utc)
        except (ValueError, OverflowError):  # An impossible time is returned unchanged.
            return text
        day, time = utc.isoformat()[:19].split("T")
    return f"{day}T{time}{fraction or ''}Z"


def count_of(value: Any) -> int:
    """Returns how many entries one stands for, 1 unless it says otherwise."""
    if isinstance(value, int):
        return value
    number = whole_number(str(value))
    return 1 if number is None else number


def bytes_of(value: Any, doing: str) -> bytes:
    """Decodes base64 in quotes, plain or as PEM (FACTS: not known, 5). Raises ServiceError."""
    text = str(value or "").strip().strip('"')
    text = re.sub(r"-----[A-Z0-9 ]+-----", "", text.replace("\\n", "").replace("\\r", ""))
    try:
        found = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise ServiceError(f"While {doing}, the reply of the service is not base64 text.")
    return found


def number_of(value: Any, doing: str) -> int:
    """Returns a bare number, or one in a member of an object. Raises ServiceError."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, str):
        value = whole_number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ServiceError(f"While {doing}, the reply of the service is not a number.")


def encoded(value: Any) -> bytes:
    """Returns JSON as it is sent."""
    return json.dumps(value, separators=(",", ":")).encode()


def given(members: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the members that change: those that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def newest_first(deployments: Iterable[Deployment]) -> list[Deployment]:
    """Sorts by date: the order of the service is undocumented. Dates differ in their number of digits."""
    return sorted(deployments, key=lambda entry: (entry.deployed_at or "").rstrip("Z"), reverse=True)
