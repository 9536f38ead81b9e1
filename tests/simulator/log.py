# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every request that was made, for tests to count. Requests to the administration are not in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

#: Who answered: the API, the sign-in, the managed identity endpoint, or the store of image packages.
KINDS = ("api", "signin", "managed_identity", "blob")


@dataclass
class Entry:
    """One request. `operation` is the operationId of the API description or None; `note` says what was odd about it."""

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
    """Entries in the order in which the requests came to an end, numbered from 1; `counts` are kept beside."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._next = 1
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
    ) -> None:
        self._entries.append(
            Entry(
                self._next, kind, method, path, query, operation, tenant, caller, status, round(milliseconds, 3), note
            )
        )
        self._next += 1
        self._methods[kind][method] += 1
        if operation is not None:
            self._operations[operation] += 1
        if note is not None:
            self._notes[note] += 1

    def since(self, number: int) -> list[dict[str, Any]]:
        """Entries numbered above `number`."""
        first = self._entries[0].number if self._entries else self._next
        return [asdict(entry) for entry in self._entries[max(0, number - first + 1) :]]

    def clear(self) -> None:
        """Forget all, counts included; numbers go on."""
        self._entries.clear()
        for counter in (*self._methods.values(), self._operations, self._notes):
            counter.clear()

    def counts(self) -> dict[str, Any]:
        """Requests by kind and method, by operation of the API, and how many could have changed something."""
        document: dict[str, Any] = {kind: dict(sorted(counter.items())) for kind, counter in self._methods.items()}
        document["operations"] = dict(sorted(self._operations.items()))
        document["notes"] = dict(sorted(self._notes.items()))
        document["writes"] = sum(n for method, n in self._methods["api"].items() if method not in ("GET", "HEAD"))
        document["requests"] = sum(self._methods["api"].values())
        return document
