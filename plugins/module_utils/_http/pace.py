# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How fast requests may begin: rate limits that a service publishes, and those that are learned from throttled requests.

A backend describes published limits as buckets, and says in `Settings.bucket_of` which bucket a request takes from:

    READS = Bucket("reads", capacity=250, refill=25, header="x-ms-ratelimit-remaining-subscription-reads")
    WRITES = Bucket("writes", capacity=200, refill=10, header="x-ms-ratelimit-remaining-subscription-writes")

    def bucket_of(method: str, path: str) -> Bucket | None:
        return READS if method == "GET" else WRITES

    Settings(api_url, ..., bucket_of=bucket_of)

Requests without a bucket share one whose size and refill are learned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


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
    """Returns None for every request: the service publishes no limits."""
    return None
