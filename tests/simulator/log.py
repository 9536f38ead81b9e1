# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The log of requests, for tests to count. Administration requests are not logged."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

#: The part that replied: the API, the sign-in, the managed identity endpoint, or the image store.
KINDS = ("api", "signin", "managed_identity", "blob")


@dataclass
class Entry:
    """One request. `operation` is the operationId or None; `note` describes what was unusual."""

    number: int
    kind: str
    method: str
    path: str
    query: str
    operation: str | None
    tenant: str | None
    caller: str | None
    status: int | None
    milliseconds: float
    note: str | None = None


class RequestLog:
    """Entries in the order in which requests completed, numbered from 1, and their counts."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._next = 1
        self._writes = 0
        self._methods: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self._operations: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()

    def add(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        query: str = "",
        operation: str | None = None,
        tenant: str | None = None,
        caller: str | None = None,
        status: int | None = None,
        milliseconds: float = 0.0,
        note: str | None = None,
        reading: bool = False,
    ) -> None:
        self._entries.append(
            Entry(
                self._next, kind, method, path, query, operation, tenant, caller, status, round(milliseconds, 3), note
            )
        )
        self._next += 1
        self._methods[kind][method] += 1
        if kind == "api" and method not in ("GET", "HEAD") and not reading:
            self._writes += 1
        if operation is not None:
            self._operations[operation] += 1
        if note is not None:
            self._notes[note] += 1

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the entries numbered above `number`."""
        first = self._entries[0].number if self._entries else self._next
        return [asdict(entry) for entry in self._entries[max(0, number - first + 1) :]]

    def clear(self) -> None:
        """Remove all entries and counts; numbering continues."""
        self._writes = 0
        self._entries.clear()
        for counter in (*self._methods.values(), self._operations, self._notes):
            counter.clear()

    def counts(self) -> dict[str, Any]:
        """Return the number of requests by kind and method, by operation of the API, and of writes.

        Writes are requests other than GET and HEAD, and other than the POST of Resource Manager that only reads.
        """
        document: dict[str, Any] = {kind: dict(sorted(counter.items())) for kind, counter in self._methods.items()}
        document["operations"] = dict(sorted(self._operations.items()))
        document["notes"] = dict(sorted(self._notes.items()))
        document["writes"] = self._writes
        document["requests"] = sum(self._methods["api"].values())
        return document
