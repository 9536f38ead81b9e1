# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How work with the service ends when it does not end well, as one of the errors of `_errors`."""

from __future__ import annotations

from .._deadline import Deadline
from .._errors import AGAIN, AmbiguousWrite, DeadlineExceeded, FleetError, Unreachable


def deadline_exceeded(doing: str, deadline: Deadline, state: str, target: str | None = None) -> DeadlineExceeded:
    """The error for waiting that took too long, with the last state seen."""
    return DeadlineExceeded(
        f"While {doing}, {deadline.seconds:g} s went by without an end; the last state seen was {state}.",
        code="deadline",
        target=target,
        retriable=True,
        hint="Raise wait_timeout, or run the task again: what is done already stays done.",
    )


def out_of_patience(seconds: float, doing: str, target: str | None) -> Unreachable:
    """The error for a pause that the service asked for and that nobody can wait for."""
    return Unreachable(
        f"While {doing}, the service asked for a pause of {seconds:.0f} s, longer than this task may wait.",
        code="throttled",
        status=429,
        target=target,
        retriable=True,
        hint="Raise retry_timeout, or try again after that time.",
    )


def ended(doing: str, target: str | None) -> Unreachable:
    """The error for work that the session no longer does."""
    return Unreachable(
        f"While {doing}, the work was broken off.", code="closed", target=target, hint="Run the task again."
    )


def ambiguous_write(error: FleetError) -> AmbiguousWrite:
    """The error for a write that may have been carried out, made of what was seen of it."""
    message = f"{error.message.rstrip('.')}; whether it was carried out all the same is not known."
    return error.retold(AmbiguousWrite, message, hint=AGAIN, retriable=True)
