# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Token buckets of Resource Manager: reads, writes and deletions, for each principal and for the subscription."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..settings import Settings
from ..world import World
from .access import Caller
from .errors import GATEWAY, ArmError

READS, WRITES, DELETES = "reads", "writes", "deletes"
#: All principals of a subscription together have buckets of this multiple.
_SUBSCRIPTION_FACTOR = 15
#: What the service reported when its limits were hourly; also reported without throttling.
_HOURLY = {READS: 11999, WRITES: 1199, DELETES: 14999}


@dataclass
class _Bucket:
    size: float
    refill: float
    level: float
    at: float

    def fill(self, now: float) -> float:
        self.level = min(self.size, self.level + max(0.0, now - self.at) * self.refill)
        self.at = now
        return self.level


def meter(method: str) -> str:
    """Return the bucket that a request is charged to. A POST that only reads is charged to the writes."""
    return {"GET": READS, "HEAD": READS, "DELETE": DELETES}.get(method, WRITES)


def charge(world: World, subscription: str, caller: Caller, kind: str) -> int:
    """Take a token, and return how many are left. Raises ArmError if there is none."""
    if not world.settings.arm_throttling:
        return _HOURLY[kind]
    size, refill = _limits(world.settings, kind)
    now = world.clock.timestamp()
    buckets = [
        _bucket(world, (subscription, caller.id, kind), size, refill, now),
        _bucket(world, (subscription, "", kind), size * _SUBSCRIPTION_FACTOR, refill * _SUBSCRIPTION_FACTOR, now),
    ]
    empty = [bucket for bucket in buckets if bucket.fill(now) < 1]
    if empty:
        wait = max(math.ceil((1 - bucket.level) / bucket.refill) if bucket.refill else 60 for bucket in empty)
        raise ArmError(
            429,
            "SubscriptionRequestsThrottled",
            f"Number of {kind} for subscription '{subscription}' exceeded the limit. Please try again after "
            f"'{wait}' seconds.",
            cause=GATEWAY,
            headers={"retry-after": str(wait)},
        )
    for bucket in buckets:
        bucket.level -= 1
    return int(buckets[0].level)


def _limits(settings: Settings, kind: str) -> tuple[float, float]:
    return {
        READS: (settings.arm_reads, settings.arm_reads_per_second),
        WRITES: (settings.arm_writes, settings.arm_writes_per_second),
        DELETES: (settings.arm_deletes, settings.arm_deletes_per_second),
    }[kind]


def _bucket(world: World, key: tuple[str, str, str], size: float, refill: float, now: float) -> _Bucket:
    """Return the bucket, full at first and when its limits change."""
    buckets: dict[tuple[str, str, str], _Bucket] = world.volatile.setdefault("buckets", {})
    found = buckets.get(key)
    if found is None or (found.size, found.refill) != (size, refill):
        found = buckets[key] = _Bucket(size, refill, size, now)
    return found
