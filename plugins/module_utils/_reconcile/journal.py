# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The journal of a task: one line of JSON for each claim or move of a device, as soon as its outcome is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .._context import Params
from .._errors import FleetError, WriteState
from .._files.port import Files, Log
from .._service import DeviceOutcome

DONE, FAILED, UNKNOWN, NOT_TRIED = "done", "failed", "unknown", "not_tried"


@dataclass
class Journal:
    """Where the lines go: nowhere without a path, or while it is not open.

    `error` is why a line could not be written; no further device may be started then.
    """

    path: str | None = None
    tenant: str | None = None
    error: FleetError | None = None
    _files: Files | None = field(default=None, repr=False)
    _log: Log | None = field(default=None, repr=False)

    @classmethod
    def of(cls, params: Params) -> Journal:
        """Returns the journal of the options `journal` and `tenant`."""
        return cls(params["journal"], params["tenant"])

    @contextmanager
    def kept(self, files: Files) -> Iterator[None]:
        """Keeps the journal in these files: checks it, and closes it in the end. Raises InvalidInput."""
        if self.path is not None:
            files.check_log(self.path)
            self._files = files
        try:
            yield
        finally:
            self._files = None
            self._close()

    def open(self) -> None:
        """Opens the file, which creates it, before the first write. Raises InvalidInput."""
        if self.path is not None and self._files is not None and self._log is None:
            self._log = self._files.log(self.path)

    def _close(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            try:
                log.close()
            except FleetError as error:
                self.error = self.error or error

    def note(self, action: str, group: str | None, outcome: DeviceOutcome) -> bool:
        """Appends a line; returns False if that is not possible."""
        if self._log is None or self.error is not None:
            return self.error is None
        error = outcome.error
        entry = {
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "device_id": outcome.id,
            "action": action,
            "group": group,
            "outcome": kind_of(outcome),
            "message": None if error is None else str(error),
            "code": None if error is None else error.code,
            "operation": outcome.operation,
            "tenant": self.tenant,
        }
        try:
            self._log.append(json.dumps(entry))
        except FleetError as failed:
            failed.hint = "No further device was started. Fix the cause and run the task again."
            self.error = failed
        return self.error is None


def kind_of(outcome: DeviceOutcome) -> str:
    """Returns how a claim or move ended: DONE, FAILED, UNKNOWN or NOT_TRIED."""
    if outcome.error is None:
        return DONE
    if not outcome.tried:
        return NOT_TRIED
    return FAILED if outcome.error.write_state is WriteState.NOT_SENT else UNKNOWN
