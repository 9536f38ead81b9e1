# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Finds the operation of a request by method and path, regardless of case."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from .call import Described


class Routes:
    def __init__(self, operations: Iterable[Described]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Described]]] = {}
        for operation in operations:
            steps = operation.path.strip("/").split("/")
            self._by_length.setdefault(len(steps), []).append((steps, operation))

    def match(
        self, method: str, raw_path: str, *, follows: bool
    ) -> tuple[Described | None, dict[str, str], tuple[str, ...]]:
        """Return the operation and the names in its path, or the methods that the path supports.

        `follows` is whether the request is for a further page: pages of a list by POST are read by GET.
        """
        segments = [unquote(segment) for segment in raw_path.strip("/").split("/")]
        methods = []
        for steps, operation in self._by_length.get(len(segments), []):
            names = _names(steps, segments)
            if names is None:
                continue
            if operation.method == method or (follows and method == "GET" and operation.lists_by_post):
                return operation, names, ()
            methods.append(operation.method)
        return None, {}, tuple(sorted(methods))


def _names(steps: list[str], segments: list[str]) -> dict[str, str] | None:
    names = {}
    for step, segment in zip(steps, segments, strict=True):
        if step.startswith("{"):
            names[step[1:-1]] = segment
        elif step.casefold() != segment.casefold():
            return None
    return names
