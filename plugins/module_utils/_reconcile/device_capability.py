# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a capability file of a device."""

from __future__ import annotations

from collections.abc import Sequence

from .._context import Context
from .._errors import InvalidInput
from .._model import is_device_id
from .._result import Result
from .file import bring_about_file, desired_file, plan
from .plan import Execution


def bring_about_capability(
    context: Context, device_id: str, capabilities: Sequence[str], dest: str, mode: object, force: bool
) -> Result:
    """Asks for a file and writes it, unless there is one: each is signed anew, so that none is like another.

    Raises InvalidInput for a malformed device ID, a wrong mode and a place at which no file can be.
    """
    if not is_device_id(device_id):
        raise InvalidInput(
            f'"{device_id[:20]}" is no device ID: 128 hexadecimal digits are needed.', code="invalid_device_id"
        )
    device_id = device_id.lower()
    desired = desired_file(dest, mode, f"a capability file for the device {device_id[:16]}…")

    def fetch(execution: Execution) -> None:
        content = execution.service.device_capability(device_id, capabilities)
        execution.files.write(desired.dest, content, desired.mode)

    return bring_about_file(context, lambda _service: plan(context.files, desired, lambda: not force, fetch))
