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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

#: Requests per second: a learned rate is never lower, so that a few odd throttles cannot slow down a whole task.
SLOWEST = 10.0
#: How many more requests are under way each second while a learned pace grows. Where replies take longer, more requests
#: follow the one that finds the bucket empty, so the pace grows slower.
GROWTH = 2.0
#: Requests per second and second: a learned pace grows no faster.
FASTEST_GROWTH = 120.0
#: How much a learned rate may change between two rounds to count as the same.
SAME = 0.03
#: Part of a rate that was not the same with which the next round begins, and the seconds of growth that this may cost.
CONCESSION = 0.7
RECOVERY = 0.7
#: Part of the growth that remains with each further round of the same rate, and in the end.
SLOWER = 0.5
SLOWEST_GROWTH = 0.02
#: Rounds of the same rate after which a bucket counts as one with a single user, and the part of what it got in a pause
#: that is then used at once.
SINGLE_USER_ROUNDS = 3
BURST = 0.9
#: Seconds of growth that a learned pace begins with after a pause.
HEAD_START = 0.2
#: Seconds after a pause from which on a learned pace also doubles, and in which it then does.
CALM = 10.0
DOUBLING = 2.0
#: Seconds that a pace may be late and still catch up, as threads do not wake up on time.
CATCH_UP = 0.05
#: Requests that are left in a bucket, for those that arrive closer together than they were sent; a share of small ones.
SPARE = 5.0
SPARE_SHARE = 0.05
#: Part of a token that may be missing, and seconds.
LEAST = 1e-6


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

    def accepted(self, headers: Mapping[str, str], now: float, seconds: float) -> None:
        """Notes a request that was not throttled, with the headers of its reply and the seconds that it took."""

    def throttled(self, pause: float, now: float) -> int:
        """Notes that the bucket is empty, and that no request begins for so many seconds.

        Returns how many requests must be under way at a time to use the rate, 0 if that is not known.
        """


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

    From the end of one pause to that of the next, as many requests are accepted as the bucket is refilled with, if it
    is large enough: that is the rate. After each pause, the pace begins near it and grows until the bucket is empty
    again.

    Processes that share a bucket find it empty at about the same time. Where the rate differs from that of the round
    before, they begin with a part of it, and what they grow by depends on none of their rates: so each round makes
    their shares more equal. Where the rate stays the same for some rounds, the pace grows slower and slower, and the
    bucket counts as one with a single user: what it got in the pause is used at once.
    """

    def __init__(self) -> None:
        self._rate: float | None = None
        self._start_rate = SLOWEST
        #: When the last pause ended, or the first request began.
        self._opened: float | None = None
        self._next = 0.0
        self._accepted = 0
        self._reply_seconds = 0.0
        self._same_rounds = 0
        self._growth = FASTEST_GROWTH
        self._late = CATCH_UP

    def delay(self, now: float) -> float:
        if self._opened is None:
            self._opened = now
        # What is sent in a pause waits for nothing.
        if self._rate is None or now < self._opened:
            return 0.0
        self._next = max(self._next, now - self._late)
        # A clock need not advance by the time of a tiny part of a request.
        return self._next - now if self._next - now > LEAST else 0.0

    def begin(self) -> None:
        if self._rate is not None:
            self._next += 1 / self._speed(self._next)

    def end(self) -> None:
        pass

    def accepted(self, headers: Mapping[str, str], now: float, seconds: float) -> None:
        del headers, now
        self._accepted += 1
        self._reply_seconds += seconds

    def throttled(self, pause: float, now: float) -> int:
        opens = now + pause
        since = now if self._opened is None else self._opened
        rate = max(SLOWEST, self._accepted / max(opens - since, 1e-3))
        latency = self._reply_seconds / self._accepted if self._accepted else 0.0
        same = self._rate is not None and abs(rate - self._rate) <= SAME * self._rate
        self._same_rounds = self._same_rounds + 1 if same else 0
        if latency:
            part = max(SLOWEST_GROWTH, math.pow(SLOWER, self._same_rounds))
            self._growth = min(FASTEST_GROWTH, GROWTH / latency) * part
        self._late = max(CATCH_UP, BURST * pause) if self._same_rounds >= SINGLE_USER_ROUNDS else CATCH_UP
        concedes = self._rate is not None and not same
        self._start_rate = max(CONCESSION * rate, rate - RECOVERY * self._growth) if concedes else rate
        self._rate = rate
        self._opened = opens
        self._next = opens - self._late
        self._accepted, self._reply_seconds = 0, 0.0
        return math.ceil(self._rate * latency)

    def _speed(self, now: float) -> float:
        """Returns the requests per second that may begin at this time."""
        open_for = max(0.0, now - (self._opened or 0.0))
        doublings = min(64.0, max(0.0, open_for - CALM) / DOUBLING)
        return (self._start_rate + self._growth * (HEAD_START + open_for)) * math.pow(2, doublings)


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

    def accepted(self, headers: Mapping[str, str], now: float, seconds: float) -> None:
        del seconds
        left = headers.get(self._bucket.header, "").strip() if self._bucket.header else ""
        if left.isascii() and left.isdigit() and len(left) < 10:
            # Requests that are under way may not be counted yet.
            count = int(left) - self._under_way - _spare(self._bucket.capacity)
            self._tokens.most = max(self._bucket.capacity, count)
            self._tokens.set(count, now)

    def throttled(self, pause: float, now: float) -> int:
        refilled = min(self._bucket.capacity, self._bucket.refill * pause)
        self._tokens.most = self._bucket.capacity
        self._tokens.set(refilled - _spare(refilled), now + pause)
        return 0


def _spare(tokens: float) -> float:
    return min(SPARE, SPARE_SHARE * tokens)
