# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How many requests may be under way at a time: more while the service keeps up, fewer when it does not."""

from __future__ import annotations

#: Requests under way at a time in the beginning.
FIRST = 4
#: Seconds that a reply may take longer than at best, and the factor, before the number stops growing, or shrinks.
TOLERANCE = 0.001
STEADY = 1.5
SLOWER = 2.5
#: Rounds without growth after which the best time of a reply is measured anew: the first time, and at most, as it
#: doubles each time. A round with growth makes up for one without.
STALE = 6
STALE_AT_MOST = 48
#: Rounds that this takes.
MEASURING = 4


class Width:
    """Adapts the number of requests under way, from FIRST up to `most`.

    Replies are judged in rounds of as many as may be under way. While they take about as long as at best, the number
    grows by an eighth; after a throttle, by one. When they take much longer, they wait for their turn in the service or
    in this process, and the number shrinks. A throttle halves it, but leaves as many as the learned rate needs. Rounds
    in which fewer requests were under way than allowed do not count, nor do replies while more are, since the number
    has shrunk.
    """

    def __init__(self, most: int) -> None:
        self.most = max(1, most)
        self.limit = min(FIRST, self.most)
        self._throttled = False
        self._best = float("inf")
        self._without_growth = 0
        self._stale = STALE
        self._measuring = 0
        self._restored = self.limit
        self._count = 0
        self._seconds = 0.0
        self._peak = 0

    def replied(self, seconds: float, under_way: int) -> bool:
        """Notes how long a reply took, and how many requests were under way; returns whether more may be now."""
        if under_way > self.limit:
            return False
        self._count += 1
        self._seconds += seconds
        self._peak = max(self._peak, under_way)
        if self._count < self.limit:
            return False
        average, full, before = self._seconds / self._count, self._peak >= self.limit, self.limit
        self._begin_round()
        if full:
            self._judge(average)
        return self.limit > before

    def throttle(self, needed: int = 0) -> None:
        """Halves the number, but leaves as many as are needed."""
        self._throttled = True
        if self._measuring:
            self._measuring, self.limit = 0, self._restored
        self.limit = max(1, self.limit // 2, min(self.limit, needed))
        self._begin_round()

    def _begin_round(self) -> None:
        self._count = 0
        self._seconds = 0.0
        self._peak = 0

    def _judge(self, average: float) -> None:
        if self._measuring:
            # Replies of the first round waited for those that were under way before.
            self._best = float("inf") if self._measuring == MEASURING else min(self._best, average)
            self._measuring -= 1
            if not self._measuring:
                self.limit = self._restored
            return
        self._best = min(self._best, average)
        if average <= self._best * STEADY + TOLERANCE:
            self._without_growth = max(0, self._without_growth - 1)
            self.limit = min(self.most, self.limit + (1 if self._throttled else max(1, self.limit // 8)))
            return
        self._without_growth += 1
        if average > self._best * SLOWER + TOLERANCE:
            self.limit = max(min(FIRST, self.most), self.limit - max(1, self.limit // 8))
        if self._without_growth >= self._stale:
            # A few requests at a time show how long a reply takes that waits for no other.
            self._without_growth, self._stale = 0, min(STALE_AT_MOST, 2 * self._stale)
            self._measuring, self._restored = MEASURING, self.limit
            self.limit = max(min(FIRST, self.most), self.limit // 4)
