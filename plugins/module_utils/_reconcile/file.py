# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Keeps content of the service in a file on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._context import Context, Params, Waiting
from .._files.attributes import Attributes
from .._files.owners import group_name, user_name
from .._files.port import Files, FileState
from .._service import Service
from .._views.result import Result
from .execution import Execution, Step
from .plan import Plan, Snapshot, execute

#: Attributes of files in results, with the names and forms of Ansible's own modules.
FILE_VALUES = ("dest", "checksum", "size", "mode", "uid", "gid", "owner", "group", "state")


@dataclass(frozen=True)
class DesiredFile:
    """The desired state of a file. `what` describes its content, such as "the image 1234"."""

    dest: str
    attributes: Attributes
    what: str


def desired_file(files: Files, params: Params, new_mode: str, what: str) -> DesiredFile:
    """Returns the file that the options `dest`, `mode`, `owner` … describe, as checked without the service.

    `new_mode` is the octal mode of a new file unless the options have another. Raises InvalidInput.
    """
    attributes = Attributes.of(params, new_mode)
    files.check_destination(params["dest"], attributes)
    return DesiredFile(params["dest"], attributes, what)


def plan(files: Files, desired: DesiredFile, fits: Callable[[], bool], fetch: Callable[[Execution], None]) -> Plan:
    """Plans the file.

    :param fits: whether the existing content is the desired one; only called when there is a file.
    :param fetch: writes the file through `Execution.files`, with the desired attributes.
    """
    dest, attributes = desired.dest, desired.attributes
    before = files.state(dest)
    steps: tuple[Step, ...] = ()
    if before is None or not fits():
        files.written(dest, attributes)  # Do not fetch content that cannot be written.
        steps = (Step("file", dest, "write", fetch),)
    elif files.settled(dest, attributes) != before.metadata:
        steps = (Step("file", dest, "set_attributes", lambda run: run.files.set_attributes(dest, attributes)),)

    def snapshot() -> Snapshot:
        state = files.state(dest)
        return Snapshot() if state is None else Snapshot(_values(dest, state), _shown(dest, state, attributes))

    return Plan(f"file {dest}", snapshot(), steps, lambda _after: snapshot())


def apply_file(context: Context, planner: Callable[[Service], Plan], about: Mapping[str, Any] | None = None) -> Result:
    """Plans, writes and reads back. The result includes `about`, which the planner may fill."""
    outcome = execute(context, planner, Waiting.of({}))
    values = outcome.after.values or dict.fromkeys(FILE_VALUES)
    return Result(outcome.changed, {**(about or {}), **values}, outcome.diff, outcome.error)


def _values(dest: str, state: FileState) -> dict[str, Any]:
    metadata = state.metadata
    context = {} if metadata.context is None else {"secontext": ":".join(metadata.context)}
    return {
        "dest": dest,
        "checksum": state.sha256,
        "size": state.size,
        "mode": f"{metadata.mode:04o}",
        "uid": metadata.uid,
        "gid": metadata.gid,
        "owner": user_name(metadata.uid),
        "group": group_name(metadata.gid),
        "state": "hard" if metadata.links > 1 else "file",
        **context,
    }


def _shown(dest: str, state: FileState, wanted: Attributes) -> dict[str, Any]:
    """Returns a file as diffs show it: without its content, which may be private."""
    found = _values(dest, state)
    flags = {} if wanted.flags is None else {"attributes": "".join(sorted(state.metadata.flags))}
    context = {"secontext": found["secontext"]} if wanted.selinux and "secontext" in found else {}
    owner = {name: found[name] for name in ("mode", "owner", "group")}
    return {"path": dest, **owner, **flags, **context, "size": state.size, "sha256": state.sha256}
