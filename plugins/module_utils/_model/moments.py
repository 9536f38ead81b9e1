# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Times in ISO 8601, as the service and users write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_TIME = re.compile(
    r"\A(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(Z|[+-][01]\d(?::?[0-5]\d)?)?)?\Z", re.IGNORECASE
)


def moment_of(text: str | None) -> datetime | None:
    """Returns a time in ISO 8601, to the second; one without a zone is UTC. None if the text is not a time."""
    found = _TIME.match((text or "").strip())
    if found is None:
        return None
    day, time, zone = found.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{time or '00:00'}")
        return (local - _offset(zone)).replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone.upper() == "Z":
        return timedelta(0)
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].lstrip(":") or 0))
    return -size if zone[0] == "-" else size
