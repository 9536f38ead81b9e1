# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The progress of a task: whoever works notes it, and a thread beside the task shows it."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ._service import DeviceOutcome, Report

#: Seconds over which a rate is averaged: it has to follow a service that begins to throttle.
WINDOW = 30.0
_PAST = {"claim": "claimed", "move": "moved"}
_DEVICE_ID = re.compile(r"\b([0-9a-fA-F]{16})[0-9a-fA-F]{112}\b")


class Described(Protocol):
    """A step of a plan: what it does to which resource, and to how many devices (0: it is not about devices)."""

    @property
    def kind(self) -> str:
        """The kind of the resource."""

    @property
    def target(self) -> str:
        """The name of the resource."""

    @property
    def action(self) -> str:
        """What is done to it."""

    @property
    def devices(self) -> int:
        """The number of devices."""


class Spending(NamedTuple):
    """What the connection reports: the number of requests, the seconds throttled, what it last began, and when."""

    requests: int = 0
    throttled_seconds: float = 0.0
    doing: str = ""
    since: float = 0.0


class Watched:
    """A report of devices that also counts them."""

    def __init__(self, progress: Progress, report: Report) -> None:
        self._progress = progress
        self._report = report

    def __call__(self, outcome: DeviceOutcome) -> bool:
        self._progress.count(outcome.error is not None)
        return self._report(outcome)

    def accepted(self) -> None:
        """Notes that the service has accepted the write for a device whose outcome is still to come."""
        self._progress.count_accepted()


class Progress:
    """What a task is at. Any thread may note or read it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._note = ("", self._began)
        self._steps: Sequence[Described] = ()
        self._number = 0
        #: Devices of completed steps by action, those of the current step, and how many of these have come how far.
        self._before: Counter[str] = Counter()
        self._expected = self._reported = self._accepted = self._failed = 0
        #: Moments, and how many devices were done then: at the start of the step, and over the last WINDOW.
        self._first = (self._began, 0)
        self._samples: deque[tuple[float, int]] = deque()

    def doing(self, text: str) -> None:
        """Notes what the task waits for from now on, where it is not a request to the service."""
        with self._lock:
            self._note = (text, self._clock())

    def begin(self, steps: Sequence[Described]) -> None:
        """Notes the steps that follow."""
        with self._lock:
            self._steps = steps
            self._number = 0

    def step(self, number: int) -> None:
        """Notes that the step of this number, from 1 on, begins."""
        with self._lock:
            step = self._steps[number - 1]
            self._number = number
            self._expected, self._reported, self._accepted, self._failed = step.devices, 0, 0, 0
            self._first = (self._clock(), self._before[step.action])
            self._samples = deque([self._first])

    def step_ended(self) -> None:
        """Notes that the current step has ended."""
        with self._lock:
            self._before[self._steps[self._number - 1].action] += self._reported
            self._number = 0

    def watched(self, devices: int, report: Report) -> Watched:
        """Returns the report of a step that works on so many devices, to be used in place of the given one."""
        with self._lock:
            self._expected = devices
        return Watched(self, report)

    def count(self, failed: bool) -> None:
        """Counts a device whose outcome is known."""
        with self._lock:
            self._reported += 1
            self._failed += failed

    def count_accepted(self) -> None:
        """Counts a device whose write is accepted."""
        with self._lock:
            self._accepted += 1

    def line(self, spending: Spending, names: bool = True) -> str:
        """Returns one line about what the task is at.

        :param names: whether it may name resources.
        """
        with self._lock:
            now = self._clock()
            parts = [self._devices(now), self._of_steps(names), *self._waiting(now, spending, names)]
            if spending.throttled_seconds >= 1:
                parts.append(f"throttled for {duration(spending.throttled_seconds)}")
            said = ", ".join(part for part in parts if part)
        return f"after {duration(now - self._began)}: {said or 'preparing'}"

    def _of_steps(self, names: bool) -> str:
        if not self._number:
            return ""
        step = self._steps[self._number - 1]
        # The target of a step about devices is their number.
        words = [step.action, *([] if step.devices else [step.kind])]
        what = [word.replace("_", " ") for word in words] + ([step.target] if names or step.devices else [])
        return f"step {self._number} of {len(self._steps)} ({' '.join(what)})"

    def _devices(self, now: float) -> str:
        """Returns how many devices are done of all, how fast it goes, and how long it still takes."""
        if not self._number or not self._expected:
            return ""
        action = self._steps[self._number - 1].action
        later = [step.devices for step in self._steps[self._number :] if step.action == action]
        here = min(self._expected, max(self._reported, self._accepted + self._failed))
        done, total = self._before[action] + here, self._before[action] + self._expected + sum(later)
        parts = [f"{done:,} of {total:,} devices {_PAST.get(action, action)}"]
        if here > self._reported:
            ended = self._before[action] + self._reported
            parts[0] = f"{done:,} of {total:,} devices accepted, {ended:,} {_PAST.get(action, action)}"
        if self._failed:
            parts.append(f"{self._failed:,} failed")
        rate = self._rate(now, done)
        if rate and done < total:
            parts += [f"{rate:.{0 if rate >= 10 else 1}f} a second", f"about {duration((total - done) / rate)} left"]
        return ", ".join(parts)

    def _rate(self, now: float, done: int) -> float:
        """Returns devices a second over the last WINDOW; over the whole step if none was done in that time."""
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()
        since, before = self._samples[0] if self._samples[0][1] < done else self._first
        return (done - before) / (now - since) if now > since else 0.0

    def _waiting(self, now: float, spending: Spending, names: bool) -> list[str]:
        """Returns what is waited for and since when, unless there are devices to count."""
        if self._number and self._expected:
            return []
        text, since = self._note
        if spending.doing and (not text or spending.since > since):
            text, since = spending.doing, spending.since
        requests = [f"{spending.requests:,} requests"] if spending.requests else []
        if not text or not names:
            return requests
        text = _DEVICE_ID.sub(r"\1…", text)
        return [f"{text} for {duration(max(0.0, now - since))}", *requests]


def duration(seconds: float) -> str:
    """Returns a number of seconds as people say it, in at most two units."""
    whole = int(seconds + 0.5)
    if whole < 120:
        return f"{whole} s"
    minutes = int(seconds / 60 + 0.5)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
