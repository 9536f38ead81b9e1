# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Invariants under a changed reply, checked against the state of the simulator before and after, not the collection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.gates.returned import faults as misfits
from tests.support.apis import is_write
from tests.support.portable import placement, portable

from .cases import Normal
from .stage import Observed

LONGEST_MESSAGE = 1500
#: Codes of errors that the last nets made of an exception that nothing expected.
DEFECTS = ("defect",)
#: How a result says that nobody can know whether a write had its effect.
UNKNOWN = re.compile(r"\bunknown\b|not known|may (or may not )?have been", re.I)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FRAME = re.compile(r'File "[^"]*/(plugins/[^"]+)", line (\d+), in')
#: Replies like the documented confirmation of a block, 200 without a body; no read shows the block.
_CONFIRMATIONS = ("fault empty", "fault old_body")
#: A status that says that the write was rejected. If it was executed all the same, no client can know.
_REFUSAL = re.compile(r"fault mutate status 4(?!08)\d\d")


@dataclass(frozen=True)
class Finding:
    """A violated rule. Findings with the same cause have the same `rule` and `detail`."""

    rule: str
    detail: str


def judge(module: str, seen: Observed, normal: Normal) -> list[Finding]:
    """Returns the violations in a run."""
    if seen.hung or seen.values is None:
        return [Finding("hangs" if seen.hung else "traceback", _last_frame(seen.trace))]
    values = seen.values
    found = [*_of_message(values), *(Finding("undocumented result", fault) for fault in misfits(module, values))]
    if seen.check:
        found += _of_check(seen)
    else:
        found += _of_changes(seen, values, normal)
    return found


def _of_message(values: Mapping[str, Any]) -> Iterator[Finding]:
    if not values.get("failed"):
        return
    message = values.get("msg")
    if not isinstance(message, str) or "Traceback" in message or "exception" in values:
        yield Finding("not a sentence", repr(message)[:120])
    elif _CONTROL.search(message):
        yield Finding("control characters in the message", repr(message)[:120])
    elif len(message) > LONGEST_MESSAGE:
        yield Finding("message too long", f"{len(message) // 1000 * 1000} characters")
    elif not message.rstrip().endswith((".", "?")):
        yield Finding("not a sentence", message[-60:])
    if not isinstance(values.get("error"), dict):
        yield Finding("no structured error", repr(message)[:120])
    elif values["error"].get("code") in DEFECTS:
        yield Finding("unexpected error", str(message)[:120])


def _of_check(seen: Observed) -> Iterator[Finding]:
    for entry in seen.writes:
        yield Finding("check run wrote", f"{entry['method']} {entry['operation']}")
    if (seen.before.state, seen.before.files) != (seen.after.state, seen.after.files):
        yield Finding("check run changed something", "")


def _of_changes(seen: Observed, values: Mapping[str, Any], normal: Normal) -> Iterator[Finding]:
    changed, failed = bool(values.get("changed")), bool(values.get("failed"))
    misled = _misled(seen)
    if misled:
        return
    unknown = failed and UNKNOWN.search(str(values.get("msg"))) is not None
    happened = (
        portable(seen.before.state) != portable(seen.after.state)
        or seen.before.files != seen.after.files
        or any(map(_invited, seen.log))
    )
    if happened and not changed and not unknown:
        yield Finding("silent change", "failed" if failed else "ok")
    if changed and not happened and not unknown:
        yield Finding("change reported that did not happen", "failed" if failed else "ok")
    if not failed and not normal.failed and portable(seen.after.state) != normal.state:
        yield Finding("success reported in another state", "changed" if changed else "unchanged")
    yield from _of_devices(seen, values, unknown)
    if _deployments(seen.after.state) > max(_deployments_of(normal.state), _deployments(seen.before.state)):
        yield Finding("deployed more than once", "failed" if failed else "ok")


def _invited(entry: Mapping[str, Any]) -> bool:
    """Whether an invitation was sent, which the state does not show if it was not the first."""
    return entry["operation"] == "AccessControl_InviteUser" and entry["status"] == 200 and not entry["note"]


def _misled(seen: Observed) -> bool:
    """Returns whether no client can detect that the reply was changed.

    This applies to reads before the first write, to the rejection of a write that was executed, and to the
    confirmation of a block.
    """
    written = False
    for entry in seen.log:
        note, write = entry["note"] or "", is_write(entry)
        if entry["operation"] == "Tenants_BlockLegacy" and note in _CONFIRMATIONS:
            return True
        if note.startswith("fault "):
            return _REFUSAL.match(note) is not None if write else not written
        written = written or write
    return False


def _of_devices(seen: Observed, values: Mapping[str, Any], unknown: bool) -> Iterator[Finding]:
    """Compare each device in a result with its place before and after."""
    if "outcomes" not in values and "changes" not in values:
        return
    before, after = placement(seen.before.state), placement(seen.after.state)
    changed = {each for each in {*before, *after} if before.get(each) != after.get(each)}
    reported = {each["id"] for each in values.get("outcomes", ()) if each["changed"]}
    reported |= {each["name"] for each in values.get("changes", ()) if each["kind"] == "device"}
    doubtful = {
        each["id"]
        for each in (*values.get("outcomes", ()), *values.get("failures", ()))
        if UNKNOWN.search(str(each.get("msg")))
    }
    if any("failed unexpectedly" in str(each.get("msg")) for each in values.get("failures", ())):
        yield Finding("unexpected error", "of a device")
    # `outcomes: failures` leaves out those that succeeded.
    listed = {each["id"] for each in values.get("outcomes", ())} if "outcomes" in values else changed
    if not unknown and (changed & listed) - reported - doubtful:
        yield Finding("change of a device is not reported", "failed" if values.get("failed") else "ok")
    if not unknown and reported - changed - doubtful:
        yield Finding("change of a device is reported that did not happen", "failed" if values.get("failed") else "ok")


def _deployments(state: bytes) -> int:
    return _deployments_of(portable(state))


def _deployments_of(state: Mapping[str, Any]) -> int:
    return sum(
        len(group["deployments"])
        for tenant in state["tenants"].values()
        for product in tenant["products"].values()
        for group in product["device_groups"].values()
    )


def _last_frame(trace: str) -> str:
    """Returns the last line of a traceback with its location in the collection."""
    frames = [f"{name}:{line}" for name, line in _FRAME.findall(trace)]
    last = trace.strip().splitlines()[-1] if trace.strip() else ""
    return f"{frames[-1] if frames else '?'}: {re.sub(r'[0-9a-f-]{20,}', '…', last)[:160]}"
