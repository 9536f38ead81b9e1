# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a capability file of a device."""

from __future__ import annotations

from collections.abc import Sequence

from .._context import Context
from .._errors import NotFound
from .._resolve import require_device_id
from .._views.result import Result
from .file import bring_about_file, desired_file, plan
from .plan import Execution


def bring_about_capability(
    context: Context, device_id: str, capabilities: Sequence[str], dest: str, mode: object, force: bool
) -> Result:
    """Asks for a file and writes it, unless there is one: each is signed anew, so that none is like another.

    Raises InvalidInput for a malformed device ID, a wrong mode and a place at which no file can be.
    """
    device_id = require_device_id(device_id)
    desired = desired_file(dest, mode, f"a capability file for the device {device_id[:16]}…")

    def fetch(execution: Execution) -> None:
        try:
            content = execution.service.devices.capability_file(device_id, capabilities)
        except NotFound as error:
            error.hint = "Claim the device into this tenant first, with azsphere.fleet.device."
            raise
        execution.files.write(desired.dest, content, desired.mode)

    return bring_about_file(context, lambda _service: plan(context.files, desired, lambda: not force, fetch))
