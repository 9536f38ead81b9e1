# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Failures on order: the next requests that fit are answered with an error, late, cut short or not at all."""

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

#: `status`: answered with that status, nothing done. `drop_before`, `drop_after`: the connection is closed without an
#: answer, before or after the work. `delay`: answered late. `truncate`: the answer's body is cut in half. `operation`:
#: the operation that the request starts is taken on as ever and fails when its time is over.
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
    """A fault that cannot be; the text says why."""


@dataclass
class Fault:
    """`times` is how often it still strikes (None: always), after letting `skip` requests through.

    `retry_after` is the header's text, `seconds` the delay, `body` replaces the body of a `status` fault. `code` and
    `message` are the error of an operation that is to fail.
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
    message: str = "The operation failed on order."
    struck: int = 0
    rig: RigOptions = field(default_factory=RigOptions)
    chance: Chance = field(default_factory=Chance)

    def fits(self, kind: str, method: str, path: str, operation: str | None) -> bool:
        """Paths may hold the wildcards * and ?; neither they nor methods and names depend on letter case."""
        values = {"kind": kind, "method": method, "path": path, "operationId": operation or ""}
        return all(fnmatchcase(values[name].lower(), wanted.lower()) for name, wanted in self.match.items())


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, order: Mapping[str, Any]) -> None:
        """Order a fault. Raises InvalidFault."""
        self._faults.append(_fault(order))

    def clear(self) -> None:
        self._faults.clear()

    def to_document(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def strike(self, kind: str, method: str, path: str, operation: str | None) -> Fault | None:
        """The fault that this request is to suffer, the oldest order first."""
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
        raise InvalidFault(f"A fault has no member {', '.join(sorted(set(order) - _MEMBERS))}.")
    kind = order.get("kind", "status")
    match = order.get("match", {})
    times = order.get("times", 1)
    if kind not in FAULTS:
        raise InvalidFault(f"There is no fault {kind!r}; use one of {', '.join(FAULTS)}.")
    if not isinstance(match, dict) or set(match) - _MATCHES or not all(isinstance(v, str) for v in match.values()):
        raise InvalidFault(f"A fault's match holds texts under {', '.join(sorted(_MATCHES))} and nothing else.")
    if match.get("kind", KINDS[0]) not in KINDS:
        raise InvalidFault(f"A fault's match has a kind of {', '.join(KINDS)}.")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise InvalidFault("A fault's times is a whole number from 1 up, or null for always.")
    numbers = {name: order[name] for name in ("skip", "status", "seconds") if name in order}
    if any(isinstance(n, bool) or not isinstance(n, (int, float)) or not 0 <= n <= 1e9 for n in numbers.values()):
        raise InvalidFault("A fault's skip, status and seconds are numbers from 0 up.")
    if not 200 <= numbers.get("status", 503) <= 599:
        raise InvalidFault("A fault's status is a number from 200 to 599.")
    if not isinstance(order.get("body"), (str, type(None))):
        raise InvalidFault("A fault's body is a text: JSON in quotes, for one.")
    code, message = order.get("code", Fault.code), order.get("message", Fault.message)
    if isinstance(code, bool) or code not in list(Code) or not isinstance(message, str):
        raise InvalidFault("A fault's code is a number of OperationErrorCode, 0 to 8, and its message a text.")
    retry_after = order.get("retry_after")
    if retry_after is not None and not (str(retry_after).isascii() and str(retry_after).isprintable()):
        raise InvalidFault("A fault's retry_after is a number or the text of a header.")
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
