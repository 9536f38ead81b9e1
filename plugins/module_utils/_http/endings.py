# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Failures of the work with a service that are not a single reply, as one of the errors of `_errors`."""

from __future__ import annotations

from .._deadline import Deadline
from .._errors import AGAIN, AmbiguousWrite, DeadlineExceeded, FleetError, Unreachable, WriteState


def deadline_exceeded(doing: str, deadline: Deadline, state: str, target: str | None = None) -> DeadlineExceeded:
    """Returns the error for waiting that took too long, with the last state seen."""
    since = " without progress" if deadline.renewable else ""
    return DeadlineExceeded(
        f"While {doing}, the wait timed out after {deadline.seconds:g} s{since}; the last state seen was {state}.",
        code="deadline",
        target=target,
        retriable=True,
        hint="Raise wait_timeout, or run the task again: what is done already stays done.",
    )


def out_of_patience(seconds: float, doing: str, target: str | None, status: int = 429) -> Unreachable:
    """Returns the error for a pause that the service asked for and that is longer than the task may wait."""
    return Unreachable(
        f"While {doing}, the service asked for a pause of {seconds:.0f} s, longer than this task may wait.",
        code="throttled",
        status=status,
        target=target,
        retriable=True,
        hint="Raise retry_timeout, or try again after that time.",
    )


def session_closed(doing: str, target: str | None) -> Unreachable:
    """Returns the error for work that the session was closed on."""
    return Unreachable(
        f"While {doing}, the work was interrupted.", code="closed", target=target, hint="Run the task again."
    )


def ambiguous_write(error: FleetError) -> AmbiguousWrite:
    """Returns the error for a write that may have been executed, from what was seen of it."""
    return error.converted(AmbiguousWrite, _unknown(error), hint=AGAIN, retriable=True)


def leave_unknown(error: FleetError) -> None:
    """States that the outcome of a write is unknown, in the error that ended its attempts."""
    error.message, error.write_state = _unknown(error), WriteState.UNKNOWN


def _unknown(error: FleetError) -> str:
    return f"{error.message.rstrip('.')}; the outcome is unknown."
