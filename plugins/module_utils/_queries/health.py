# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How the devices of a device group do: their requests for updates, and the events that they reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from .._model.moments import moment_of
from .._model.resources import Device, Insight
from .._references import require_device_group
from .._service import Service
from .._views.resources import Values
from .insights import InsightFilter, asked_moment

#: The service may list no more events than this (FACTS: error reporting).
MOST_EVENTS = 1000


def device_group_health(
    service: Service,
    product: str | None,
    device_group: str,
    since: str,
    event_types: Sequence[str] = (),
    event_classes: Sequence[str] = (),
) -> Values:
    """Returns figures about the devices of a group since a time. No types or classes means events of all.

    Raises InvalidInput for a group that does not exist and a malformed time.
    """
    begin = asked_moment(since, "since")
    group = require_device_group(service, product, device_group)
    devices = service.devices.list(group.ref)
    wanted = InsightFilter(
        devices=frozenset(device.id for device in devices),
        event_types=frozenset(each.strip().casefold() for each in event_types),
        event_classes=frozenset(each.strip().casefold() for each in event_classes),
        since=begin,
    )
    events = list(service.insights.list()) if devices else []
    found = [event for event in events if wanted.lets_through(event)]
    requested = sum(_requested(device, begin) for device in devices)
    return {
        "product": group.ref.product.name,
        "device_group": group.name,
        "since": since,
        "devices": len(devices),
        "update_requested": requested,
        "update_percent": _per_hundred(requested, devices),
        "insights": len(found),
        "insights_per_hundred": _per_hundred(len(found), devices),
        "insights_by_class": dict(sorted(Counter(event.event_class or "" for event in found).items())),
        "insights_complete": _complete(events, begin),
    }


def _requested(device: Device, since: datetime) -> bool:
    moment = moment_of(device.last_update_request)
    return moment is not None and moment >= since


def _per_hundred(count: int, devices: Sequence[Device]) -> float | None:
    return round(100 * count / len(devices), 2) if devices else None


def _complete(events: Sequence[Insight], since: datetime) -> bool:
    """Returns whether the list is known to reach back to the time."""
    moments = [moment_of(event.start or event.end) for event in events]
    return len(events) < MOST_EVENTS or any(moment is not None and moment <= since for moment in moments)
