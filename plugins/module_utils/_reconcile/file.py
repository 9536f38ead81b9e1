# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a file on disk whose content the service gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._context import Context, Waiting
from .._errors import InvalidInput
from .._files import Files, check_place
from .._service import Service
from .._views.result import Result
from .plan import Execution, Plan, Snapshot, Step, carry_out

#: Permission bits that make sense for a file of data.
MOST_MODE = 0o777


@dataclass(frozen=True)
class DesiredFile:
    """A file as it is to be. `what` names its content for people: "the image 1234"."""

    dest: str
    mode: int
    what: str


def desired_file(dest: str, mode: Any, what: str) -> DesiredFile:
    """Checks what can be checked without the service.

    Raises InvalidInput for a mode that is none, and for a place at which no file can be.
    """
    check_place(dest)
    return DesiredFile(dest, _mode_bits(mode), what)


def plan(files: Files, desired: DesiredFile, fits: Callable[[], bool], fetch: Callable[[Execution], None]) -> Plan:
    """Plans the file.

    :param fits: whether the content that is there is the wanted one; asked only when there is a file.
    :param fetch: writes the file through `Execution.files`, with the mode wanted.
    """
    before = snapshot(files, desired.dest)
    steps: tuple[Step, ...] = ()
    if before.values is None or not fits():
        steps = (Step("file", desired.dest, "write", fetch),)
    elif before.values["mode"] != _octal(desired.mode):
        steps = (Step("file", desired.dest, "set_mode", lambda run: run.files.set_mode(desired.dest, desired.mode)),)
    return Plan(f"file {desired.dest}", before, steps, lambda _after: snapshot(files, desired.dest))


def snapshot(files: Files, path: str) -> Snapshot:
    """A file as differences show it: never its content, which may be private."""
    state = files.state(path)
    if state is None:
        return Snapshot()
    shown = {"path": path, "mode": _octal(state.mode), "size": state.size, "sha256": state.sha256}
    return Snapshot(shown, shown)


def bring_about_file(
    context: Context, planner: Callable[[Service], Plan], about: Mapping[str, Any] | None = None
) -> Result:
    """Plans, writes and reads back; `about`, which the planner may fill, joins the result."""
    outcome = carry_out(context, planner, Waiting.of({}))
    found = outcome.after.values or {}
    # Ansible itself adds mode and size of what is on disk, which in a check run is not what is planned.
    values = {**(about or {}), "dest": found.get("path"), "checksum": found.get("sha256")}
    return Result(outcome.changed, values, outcome.diff, outcome.error)


def _mode_bits(mode: Any) -> int:
    """From `0644` as YAML reads it (a number) or as text."""
    try:
        bits = mode if isinstance(mode, int) and not isinstance(mode, bool) else int(str(mode), 8)
    except ValueError:
        bits = -1
    if not 0 <= bits <= MOST_MODE:
        raise InvalidInput(
            f'"{mode}" is no mode for this file.',
            code="invalid_mode",
            hint='Give an octal number in quotes, as in "0640".',
        )
    return bits


def _octal(mode: int) -> str:
    return f"{mode:04o}"
