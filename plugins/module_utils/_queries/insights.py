# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Events that devices reported, filtered here: the service cannot filter them (FACTS: error reporting)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from .._errors import InvalidInput
from .._model.moments import moment_of
from .._model.resources import Insight
from .._service import Service
from .._views.resources import Values, insight_values
from .devices import device_ids


@dataclass(frozen=True)
class InsightFilter:
    """Conditions on events. None, or no types or classes, matches every event. These are in folded case."""

    devices: frozenset[str] | None = None
    event_types: frozenset[str] = frozenset()
    event_classes: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def lets_through(self, insight: Insight) -> bool:
        """Returns whether an event is of such a device, type and class, and overlaps the period."""
        return (
            (self.devices is None or insight.device_id in self.devices)
            and (not self.event_types or (insight.type or "").casefold() in self.event_types)
            and (not self.event_classes or (insight.event_class or "").casefold() in self.event_classes)
            and (self.since is None or _reached(insight.end or insight.start, self.since))
            and (self.until is None or _begun(insight.start or insight.end, self.until))
        )


def insight_filter(
    ids: Sequence[str] | None, event_types: Sequence[str], since: str | None, until: str | None
) -> InsightFilter:
    """Returns the filter of the options; None as `ids` means all devices, an empty list none.

    Raises InvalidInput for a malformed ID or time, and if `since` is after `until`.
    """
    found = InsightFilter(
        devices=None if ids is None else frozenset(device_ids(ids)),
        event_types=frozenset(each.strip().casefold() for each in event_types),
        since=None if since is None else asked_moment(since, "since"),
        until=None if until is None else asked_moment(until, "until"),
    )
    if found.since is not None and found.until is not None and found.until < found.since:
        raise InvalidInput(
            f"Invalid since ({since}): it is after until ({until}).", hint="Give the earlier one as since."
        )
    return found


def insights(service: Service, wanted: InsightFilter, limit: int | None = None) -> list[Values]:
    """Returns the events that match the filter, newest first; with a limit, only the newest of them.

    Always reads all pages: the order in which the service lists events is unknown (FACTS: not known, 14).
    """
    if wanted.devices is not None and not wanted.devices:
        return []
    matching = (insight for insight in service.insights.list() if wanted.lets_through(insight))
    found = sorted(matching, key=_end, reverse=True) if limit is None else nlargest(limit, matching, key=_end)
    return [insight_values(insight) for insight in found]


def _end(insight: Insight) -> str:
    return insight.end or insight.start or ""


def _reached(text: str | None, since: datetime) -> bool:
    """Returns False for an event without a usable time."""
    moment = moment_of(text)
    return moment is not None and moment >= since


def _begun(text: str | None, until: datetime) -> bool:
    moment = moment_of(text)
    return moment is not None and moment <= until


def asked_moment(text: str, option: str) -> datetime:
    """Returns the time that an option gives. Raises InvalidInput."""
    moment = moment_of(text)
    if moment is None:
        raise InvalidInput(
            f'Invalid {option} "{text}": it is not a time in ISO 8601.',
            code="invalid_time",
            target=text,
            hint='Write it as "2026-05-06T07:08:09Z", or "2026-05-06" for the first moment of a day in UTC.',
        )
    return moment
