# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Faults: the next matching requests get an error, a late or truncated reply, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .log import KINDS
from .operations import Code
from .rig.apply import KINDS as RIG_KINDS
from .rig.chance import Chance
from .rig.options import MEMBERS as RIG_MEMBERS
from .rig.options import RigOptions, read_options

#: `status`: reply with that status and do nothing. `drop_before`, `drop_after`: close the connection without a reply,
#: before or after processing. `delay`: reply late. `truncate`: send half of the body. `operation`: accept the request,
#: and let its operation fail when its time is over. The others: see `rig`.
FAULTS = ("status", "drop_before", "drop_after", "delay", "truncate", "operation", *RIG_KINDS)
_MEMBERS = RIG_MEMBERS | {
    "match",
    "times",
    "skip",
    "kind",
    "status",
    "retry_after",
    "seconds",
    "body",
    "code",
    "message",
}
_MATCHES = {"operationId", "method", "path", "kind"}


class InvalidFault(ValueError):
    """Invalid description of a fault; the message contains the reason."""


@dataclass
class Fault:
    """A fault. `times` is how often it still applies (None: always), after the first `skip` requests.

    `retry_after` is the text of the header, `seconds` the delay, `body` the body of the kind `status`. `code` and
    `message` are the error of the kind `operation`.
    """

    kind: str
    match: dict[str, str]
    times: int | None = 1
    skip: int = 0
    status: int = 503
    retry_after: str | None = None
    seconds: float = 1.0
    body: str | None = None
    code: int = Code.INTERNAL_SERVER_ERROR
    message: str = "The operation failed because of a fault."
    struck: int = 0
    rig: RigOptions = field(default_factory=RigOptions)
    chance: Chance = field(default_factory=Chance)

    def fits(self, kind: str, method: str, path: str, operation: str | None) -> bool:
        """Return whether the fault matches. The wildcards * and ? are for paths; matching ignores case."""
        values = {"kind": kind, "method": method, "path": path, "operationId": operation or ""}
        return all(fnmatchcase(values[name].lower(), wanted.lower()) for name, wanted in self.match.items())


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, order: Mapping[str, Any]) -> None:
        """Add a fault. Raises InvalidFault."""
        self._faults.append(_fault(order))

    def clear(self) -> None:
        self._faults.clear()

    def to_document(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def strike(self, kind: str, method: str, path: str, operation: str | None) -> Fault | None:
        """Return the oldest fault that matches the request, and count it."""
        if not self._faults:
            return None
        for fault in self._faults:
            if fault.times == 0 or not fault.fits(kind, method, path, operation):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if not fault.chance.strikes(fault.kind, operation or f"{kind} {method}"):
                continue
            if fault.times is not None:
                fault.times -= 1
            fault.struck += 1
            return fault
        return None


def _fault(order: Mapping[str, Any]) -> Fault:
    if set(order) - _MEMBERS:
        raise InvalidFault(f"Invalid fault: unknown member {', '.join(sorted(set(order) - _MEMBERS))}.")
    kind = order.get("kind", "status")
    match = order.get("match", {})
    times = order.get("times", 1)
    if kind not in FAULTS:
        raise InvalidFault(f"Invalid fault kind {kind!r}; use one of {', '.join(FAULTS)}.")
    if not isinstance(match, dict) or set(match) - _MATCHES or not all(isinstance(v, str) for v in match.values()):
        raise InvalidFault(
            f"Invalid fault: match must contain strings for {', '.join(sorted(_MATCHES))} and nothing else."
        )
    if match.get("kind", KINDS[0]) not in KINDS:
        raise InvalidFault(f"Invalid fault: the kind in match must be one of {', '.join(KINDS)}.")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise InvalidFault("Invalid fault: times must be a positive integer, or null for always.")
    numbers = {name: order[name] for name in ("skip", "status", "seconds") if name in order}
    if any(isinstance(n, bool) or not isinstance(n, (int, float)) or not 0 <= n <= 1e9 for n in numbers.values()):
        raise InvalidFault("Invalid fault: skip, status and seconds must not be negative.")
    if not 200 <= numbers.get("status", 503) <= 599:
        raise InvalidFault("Invalid fault: status must be from 200 to 599.")
    if not isinstance(order.get("body"), (str, type(None))):
        raise InvalidFault("Invalid fault: body must be a string; quote JSON.")
    code, message = order.get("code", Fault.code), order.get("message", Fault.message)
    if isinstance(code, bool) or code not in list(Code) or not isinstance(message, str):
        raise InvalidFault(
            "Invalid fault: code must be a number of OperationErrorCode from 0 to 8, and message a string."
        )
    retry_after = order.get("retry_after")
    if retry_after is not None and not (str(retry_after).isascii() and str(retry_after).isprintable()):
        raise InvalidFault("Invalid fault: retry_after must be a number or the value of the header.")
    try:
        rig, chance = read_options(order)
    except ValueError as error:
        raise InvalidFault(str(error)) from error
    return Fault(
        kind,
        dict(match),
        times,
        skip=int(order.get("skip", 0)),
        status=int(order.get("status", 503)),
        retry_after=None if retry_after is None else str(retry_after),
        seconds=float(order.get("seconds", 1.0)),
        body=order.get("body"),
        code=int(code),
        message=message,
        rig=rig,
        chance=chance,
    )
