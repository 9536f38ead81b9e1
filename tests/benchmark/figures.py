# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What was measured: rows of metrics, each with one value for each run."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Row:
    """One subject of a group, such as 10,000 devices at 50 ms. A metric has one value for each run."""

    group: str
    name: str
    metrics: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    def add(self, **values: float) -> None:
        """Adds the values of one run."""
        for metric, value in values.items():
            self.metrics.setdefault(metric, []).append(value)

    def median(self, metric: str) -> float | None:
        """Returns the median of a metric, None if it was not measured."""
        values = self.metrics.get(metric)
        return statistics.median(values) if values else None

    def shown(self, metric: str, digits: int = 1) -> str:
        """Returns the median and, in parentheses, the lowest and the highest value."""
        values = self.metrics.get(metric)
        if not values:
            return "–"
        median, low, high = (_number(value, digits) for value in (statistics.median(values), min(values), max(values)))
        return median if low == high else f"{median} ({low}–{high})"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


@dataclass
class Results:
    """All rows, and where and when they were measured."""

    machine: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def group(self, name: str) -> list[Row]:
        """Returns the rows of a group."""
        return [row for row in self.rows if row.group == name]

    def find(self, group: str, name: str) -> Row | None:
        """Returns a row, None if it was not measured."""
        return next((row for row in self.group(group) if row.name == name), None)

    def replace(self, rows: Iterable[Row]) -> None:
        """Puts rows in place of those of the same groups."""
        fresh = list(rows)
        groups = {row.group for row in fresh}
        self.rows = [row for row in self.rows if row.group not in groups] + fresh

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(document["machine"], [Row(**row) for row in document["rows"]])
