# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The outcome of each device of a task, and what they amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from .._errors import EffectMissing, FleetError, WriteState
from .execution import Execution


class Planned(Protocol):
    """What is planned for one device: the actions, and the place where it is afterwards."""

    @property
    def id(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def actions(self) -> tuple[str, ...]: ...
    @property
    def after(self) -> str: ...


def device_outcomes(
    planned: Iterable[Planned], execution: Execution, places: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yields the outcome of each device, in this order. `places`: the place of each afterwards."""
    return (_outcome(change, execution, (places or {}).get(change.id)) for change in planned)


def _outcome(change: Planned, execution: Execution, place: str | None) -> dict[str, Any]:
    done: Sequence[str] = execution.done.get(change.id, ())
    error = execution.failures.get(change.id)
    state = error.write_state if error is not None else WriteState.NOT_SENT
    if state is not WriteState.NOT_SENT and place == change.after:
        # It took effect after the failure and before the read that the diff shows.
        done, error = change.actions, None
    message = "" if error is None else str(error)
    if error is None and len(done) < len(change.actions):
        left = " and ".join(action for action in change.actions if action not in done)
        why = execution.skipped.get(change.id)
        message = f"Skipped: {left}" + (f": {why}" if why is not None else ".")
    return {
        "id": change.id,
        "row": change.row,
        "actions": list(done),
        "changed": bool(done) or (state is not WriteState.NOT_SENT and not isinstance(error, EffectMissing)),
        "failed": error is not None,
        "unknown": error is not None and state is not WriteState.NOT_SENT,
        "msg": message,
    }


class Tally:
    """Counts outcomes of devices, and keeps those of devices that failed or were skipped."""

    def __init__(self) -> None:
        self.changed = False
        self._counts: Counter[str] = Counter()
        self._failed: list[Mapping[str, Any]] = []
        self._skipped: list[Mapping[str, Any]] = []

    def counted(self, outcomes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yields these outcomes of `device_outcomes` and counts each. What is returned below is known at the end."""
        counts = self._counts
        for outcome in outcomes:
            counts["total"] += 1
            for action in outcome["actions"]:
                counts[action] += 1
            self.changed = self.changed or outcome["changed"]
            if outcome["failed"]:
                self._failed.append(outcome)
            elif outcome["msg"]:
                self._skipped.append(outcome)
            elif not outcome["changed"]:
                counts["unchanged"] += 1
            yield outcome

    @property
    def summary(self) -> dict[str, int]:
        """The numbers of devices, as results show them."""
        counts = self._counts
        return {
            "total": counts["total"],
            "claimed": counts["claim"],
            "moved": counts["move"],
            "unchanged": counts["unchanged"],
            "failed": len(self._failed),
            "not_tried": len(self._skipped),
        }

    @property
    def failure(self) -> FleetError | None:
        """One error for all devices that failed or were skipped, naming the first."""
        failed, skipped, total = self._failed, self._skipped, self._counts["total"]
        if not failed and not skipped:
            return None
        if failed:
            counted = f"{len(failed)} of {total} devices failed"
            unknown = sum(outcome["unknown"] for outcome in failed)
            counted += f" ({unknown} with an unknown outcome)" if unknown else ""
            left = len(skipped)
            counted += f", {left} {'was' if left == 1 else 'were'} skipped" if left else ""
        else:
            counted = f"{len(skipped)} of {total} devices were skipped"
        first = (failed or skipped)[0]
        return FleetError(
            f"{counted}. First, row {first['row']}, device {first['id'][:16]}…: {first['msg']}",
            code="devices_failed",
            hint="The other changes remain. Fix the cause and run the task again: it does only what is left.",
        )

    def first_error(self, stopped: FleetError | None) -> FleetError | None:
        """Returns the error of failed devices, or the one that stopped the task, or that of skipped devices."""
        return self.failure if stopped is None or self._failed else stopped
