# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Keeps a capability file of a device on disk."""

from __future__ import annotations

from collections.abc import Sequence

from .._context import Context, Params
from .._errors import NotFound
from .._files.port import write_file
from .._references import require_device_id
from .._views.result import Result
from .execution import Execution
from .file import apply_file, desired_file, plan

#: Anybody who has the file and the device can use it.
NEW_MODE = "0600"


def apply_capability(
    context: Context, device_id: str, capabilities: Sequence[str], params: Params, force: bool
) -> Result:
    """Requests a capability file and writes it, unless the file exists: each is signed again, so no two are equal.

    `params` are the file options. Raises InvalidInput for a malformed device ID, mode or destination.
    """
    device_id = require_device_id(device_id)
    desired = desired_file(context.files, params, NEW_MODE, f"a capability file for the device {device_id[:16]}…")

    def fetch(execution: Execution) -> None:
        try:
            content = execution.service.devices.capability_file(device_id, capabilities)
        except NotFound as error:
            error.hint = "Claim the device into this tenant first, with azsphere.fleet.device."
            raise
        write_file(execution.files, desired.dest, content, desired.attributes)

    return apply_file(context, lambda _service: plan(context.files, desired, lambda: not force, fetch))
