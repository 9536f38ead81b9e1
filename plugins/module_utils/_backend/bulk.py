# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Works on any number of devices concurrently, and reports the outcome of each once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from .._deadline import Deadline
from .._errors import FleetError, MissingLibrary, ReadOnlyViolation, SignInError, Unreachable
from .._http.endings import deadline_exceeded
from .._model.resources import Operation
from .._service import DeviceOutcome, Report
from .pool import Threads, for_each

#: Errors that do not concern a single device: they end the whole run.
DEFECTS = (ReadOnlyViolation, MissingLibrary)


class Progress:
    """Reports each device once, one at a time, and remembers whether to go on."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self.going_on = True
        self.gone: FleetError | None = None
        self.last: Operation | None = None

    def report(self, device_id: str, error: FleetError | None = None) -> bool:
        with self._lock:
            if isinstance(error, SignInError) or (isinstance(error, Unreachable) and error.status is None):
                # The service cannot be reached: each remaining device would wait for the same error.
                self.gone = self.gone or error
            if not self._report(DeviceOutcome(device_id, error)):
                self.going_on = False
            return self.going_on

    def seen(self, operation: Operation) -> None:
        with self._lock:
            self.last = operation


def for_each_device(
    device_ids: Sequence[str],
    work: Callable[[str], bool],
    deadline: Deadline,
    progress: Progress,
    threads: Threads,
    abandon: Callable[[], None],
) -> None:
    """Calls `work` for each device, in `threads` threads as of `for_each`; reports the error of a device and continues
    with the others.

    Starts no further device once `work` returns False, after the deadline, or when the service cannot be reached.
    """

    def alone(device_id: str) -> bool:
        try:
            if progress.gone is not None:
                raise progress.gone
            if deadline.passed:
                raise deadline_exceeded(f"waiting to start the device {device_id}", deadline, "not started", device_id)
            return work(device_id)
        except DEFECTS:
            raise
        except FleetError as error:
            return progress.report(device_id, error)

    for_each(device_ids, alone, threads, abandon)
