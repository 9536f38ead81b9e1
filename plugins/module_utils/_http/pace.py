# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How fast requests may begin: rate limits that a service publishes, and those that throttled requests reveal.

A backend describes published limits as buckets, and says in `Settings.bucket_of` which bucket a request takes from:

    READS = Bucket("reads", capacity=250, refill=25, header="x-ms-ratelimit-remaining-subscription-reads")
    WRITES = Bucket("writes", capacity=200, refill=10, header="x-ms-ratelimit-remaining-subscription-writes")

    def bucket_of(method: str, path: str) -> Bucket | None:
        return READS if method == "GET" else WRITES

    Settings(api_url, ..., bucket_of=bucket_of)

Requests without a bucket share one whose size and refill are learned.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

#: Requests per second: a learned rate is never lower, so that a few odd throttles cannot slow down a whole task.
SLOWEST = 10.0
#: Seconds of accepted requests that a first estimate is made from.
RECENT = 2.0
#: Requests that are left in a bucket, for those that arrive closer together than they were sent; a share of small ones.
SPARE = 5.0
SPARE_SHARE = 0.05
#: Part of a token that may be missing.
LEAST = 1e-6
#: Seconds without a throttle after which a learned rate begins to grow, and in which it then doubles.
CALM = 5.0
DOUBLING = 5.0
#: Seconds in which a first estimate doubles.
FIRST_DOUBLING = 1.0


@dataclass(frozen=True)
class Bucket:
    """A published rate limit: a token bucket of `capacity` requests that refills by `refill` requests per second.

    `header` is the response header with the number of requests left, None if there is none. The limit takes effect once
    the service shows that it applies it: by this header, or by throttling a request. The header is the truth where it
    differs from `capacity`.
    """

    name: str
    capacity: float
    refill: float
    header: str | None = None


#: Returns the bucket of a request from its method and path; None for one without a published limit.
BucketOf: TypeAlias = Callable[[str, str], "Bucket | None"]


def unpublished(_method: str, _path: str) -> Bucket | None:
    """Returns None: the service publishes no limits."""
    return None


class Pace(Protocol):
    """How fast requests of one bucket may begin. Times are in seconds on a monotonic clock. Callers hold a lock."""

    def delay(self, now: float) -> float:
        """Returns the seconds until the next request may begin, 0.0 for at once."""

    def begin(self) -> None:
        """Takes one request from the bucket."""

    def end(self) -> None:
        """Notes that the reply to a request has come, or will not come."""

    def accepted(self, headers: Mapping[str, str], now: float) -> None:
        """Notes a request that was not throttled, with the headers of its reply."""

    def throttled(self, pause: float, now: float) -> None:
        """Notes that the bucket is empty, and that no request begins for so many seconds."""


class Paces:
    """The pace of each bucket that a service has."""

    def __init__(self, bucket_of: BucketOf) -> None:
        self._bucket_of = bucket_of
        self._learned = LearnedPace()
        self._published: dict[str, PublishedPace] = {}

    def of(self, method: str, path: str) -> Pace:
        """Returns the pace of a request."""
        bucket = self._bucket_of(method, path)
        if bucket is None:
            return self._learned
        return self._published.setdefault(bucket.name, PublishedPace(bucket))


class _Tokens:
    """What a bucket is believed to hold: unlimited until it is set for the first time."""

    def __init__(self) -> None:
        self.count = math.inf
        self.most = math.inf
        self.updated = 0.0

    def set(self, count: float, now: float) -> None:
        self.count, self.updated = count, now

    def delay(self, rate: float, now: float) -> float:
        """Refills at this rate, and returns the seconds until there is a whole token."""
        if self.count == math.inf:
            return 0.0
        if now > self.updated:
            self.count = min(self.most, self.count + rate * (now - self.updated))
            self.updated = now
        missing = 1 - self.count
        # A clock need not advance by the time of a tiny part of a token.
        return missing / rate if missing > LEAST else 0.0


class LearnedPace:
    """The pace of a bucket of unknown size and rate.

    A throttled request shows that the bucket is empty. Between two such moments, as many requests were accepted as the
    bucket was refilled with: that is its rate. It grows again, a while after the last throttle, to find out whether the
    service allows more. What the bucket gets during a pause may be used at once after it.
    """

    def __init__(self) -> None:
        self._tokens = _Tokens()
        self._rate = math.inf
        self._grows_at = 0.0
        self._doubling = FIRST_DOUBLING
        self._emptied: float | None = None
        self._opened = 0.0
        self._accepted_since_emptied = 0
        self._accepted_since_opened = 0
        self._recent: deque[float] = deque(maxlen=2048)

    def delay(self, now: float) -> float:
        grown = max(0.0, now - self._grows_at) / self._doubling
        return self._tokens.delay(self._rate * 2.0 ** min(grown, 64.0), now)

    def begin(self) -> None:
        self._tokens.count -= 1

    def end(self) -> None:
        pass

    def accepted(self, headers: Mapping[str, str], now: float) -> None:
        del headers
        self._accepted_since_emptied += 1
        self._accepted_since_opened += 1
        if self._emptied is None:
            self._recent.append(now)

    def throttled(self, pause: float, now: float) -> None:
        opens = now + pause
        if self._emptied is None:
            late = [when for when in self._recent if when >= now - RECENT]
            self._recent.clear()
            # As a rule, a service asks for the pause in which its bucket fills again.
            rate = len(late) / max(opens - late[0], 1e-3) if len(late) > 1 else math.inf
            self._grows_at, self._doubling = opens, FIRST_DOUBLING
        else:
            rate = self._accepted_since_emptied / max(now - self._emptied, 1e-3)
            burst = self._accepted_since_opened - rate * (now - self._opened)
            self._tokens.most = min(self._tokens.most, max(1.0, burst))
            self._grows_at, self._doubling = opens + CALM, DOUBLING
        self._rate = max(SLOWEST, rate)
        self._emptied, self._accepted_since_emptied = now, 0
        self._opened, self._accepted_since_opened = opens, 0
        refilled = min(self._tokens.most, self._rate * pause)
        self._tokens.set(refilled - _spare(refilled) if refilled < math.inf else math.inf, opens)


class PublishedPace:
    """The pace of a bucket that the service publishes, once the service shows that it applies it."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._tokens = _Tokens()
        self._under_way = 0

    def delay(self, now: float) -> float:
        return self._tokens.delay(self._bucket.refill, now)

    def begin(self) -> None:
        self._tokens.count -= 1
        self._under_way += 1

    def end(self) -> None:
        self._under_way -= 1

    def accepted(self, headers: Mapping[str, str], now: float) -> None:
        left = headers.get(self._bucket.header, "").strip() if self._bucket.header else ""
        if left.isascii() and left.isdigit() and len(left) < 10:
            # Requests that are under way may not be counted yet.
            count = int(left) - self._under_way - _spare(self._bucket.capacity)
            self._tokens.most = max(self._bucket.capacity, count)
            self._tokens.set(count, now)

    def throttled(self, pause: float, now: float) -> None:
        refilled = min(self._bucket.capacity, self._bucket.refill * pause)
        self._tokens.most = self._bucket.capacity
        self._tokens.set(refilled - _spare(refilled), now + pause)


def _spare(tokens: float) -> float:
    return min(SPARE, SPARE_SHARE * tokens)
