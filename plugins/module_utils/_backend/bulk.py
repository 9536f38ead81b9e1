# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Works on any number of devices concurrently, and reports the outcome of each once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .._deadline import Deadline
from .._errors import (
    Conflict,
    Defect,
    FleetError,
    MissingLibrary,
    ReadOnlyViolation,
    SignInError,
    Unreachable,
)
from .._http.endings import deadline_exceeded
from .._model.resources import Operation
from .._progress import Watched
from .._service import DeviceOutcome, Report
from .pool import Threads, for_each

#: Errors that do not concern a single device: they end the whole run.
DEFECTS = (ReadOnlyViolation, MissingLibrary)
#: Bulk claims in progress at the same time.
CHUNKS_AT_ONCE = 8


class Progress:
    """Reports each device once, one at a time, and remembers whether to go on."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self.going_on = True
        self.gone: FleetError | None = None
        self.last: Operation | None = None

    def report(self, device_id: str, error: FleetError | None = None, operation: str | None = None) -> bool:
        """Reports how a device ended: done, or with this error. Returns whether to go on."""
        self.note(error)
        return self._take(DeviceOutcome(device_id, error, error is None or error.tried, operation))

    def skip(self, device_id: str, reason: FleetError) -> bool:
        """Reports a device for which nothing was sent. Returns whether to go on."""
        return self._take(DeviceOutcome(device_id, reason, tried=False))

    def note(self, error: FleetError | None) -> None:
        """Ends the run if the service cannot be reached: each remaining device would wait for the same error."""
        if isinstance(error, SignInError) or (isinstance(error, Unreachable) and error.status is None):
            self.gone = self.gone or error

    def seen(self, operation: Operation) -> None:
        """Notes the last operation."""
        with self._lock:
            self.last = operation

    def accepted(self, operation: Operation) -> None:
        """Notes the operation of one device, whose outcome is still to come."""
        self.seen(operation)
        if isinstance(self._report, Watched):
            self._report.accepted()

    def _take(self, outcome: DeviceOutcome) -> bool:
        with self._lock:
            if not self._report(outcome):
                self.going_on = False
            return self.going_on


@contextmanager
def surprises_are_errors(doing: str, target: str | None = None) -> Iterator[None]:
    """Converts an unexpected exception inside, such as one of an odd reply, to a Defect with an unknown outcome.

    It then belongs to what is being done, and not to the whole run.
    """
    try:
        yield
    except FleetError:
        raise
    except Exception as error:
        raise Defect.of(error, doing, may_have_written=True, target=target) from error


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

    Starts no further device once `work` returns False, after the deadline, or when the service cannot be reached: those
    are skipped. Each device that is done renews the deadline, if it is renewable.
    """

    def alone(device_id: str) -> bool:
        if progress.gone is not None:
            return progress.skip(device_id, progress.gone)
        if deadline.passed:
            late = deadline_exceeded(f"waiting to start the device {device_id}", deadline, "not started", device_id)
            return progress.skip(device_id, late)
        try:
            with surprises_are_errors(f"changing the device {device_id}", device_id):
                going_on = work(device_id)
        except DEFECTS:
            raise
        except FleetError as error:
            return progress.report(device_id, error)
        deadline.progress()
        return going_on

    for_each(device_ids, alone, threads, abandon)


def not_claimable(device_id: str, cause: FleetError, owner: str, why: str | None = None) -> Conflict:
    """Returns the error for a device whose claim was rejected.

    :param owner: what can claim a device in this API: "tenant" or "catalog".
    :param why: the reason for this device, by default that of `cause`.
    """
    said = (why or cause.message).rstrip(". ")
    return Conflict(
        f"Device {device_id} cannot be claimed: it does not exist, or another {owner} has claimed it ({said}).",
        code=cause.code,
        status=cause.status,
        target=device_id,
        request_id=cause.request_id,
        hint=f"Check the device ID; a claim by another {owner} cannot be undone.",
    )
