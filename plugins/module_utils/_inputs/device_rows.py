# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The rows of a device list, from options or a CSV file, checked as a whole before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._errors import InvalidInput
from .._files.port import Files
from .._model.values import PADDING, is_device_id, is_guid, name_key
from . import texts
from .device_csv import read_records

#: How many invalid rows one error reports.
REPORTED = 10
_KEYS = ("id", "product", "device_group")
Warn = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """The desired device group of a device; `unassign`: it is in none.

    `row` is its first line in the file or its position in the list, both from 1.
    """

    id: str
    row: int
    product: str | None = None
    device_group: str | None = None
    unassign: bool = False


def rows_of(params: Mapping[str, Any], files: Files, warn: Warn) -> list[DeviceRow]:
    """Return the rows of the one of the options `src`, `devices` and `ids` that is given. Raises InvalidInput."""
    if params["src"] is not None:
        return rows_from_csv(files, params["src"], warn)
    if params["devices"] is not None:
        return rows_from_list(params["devices"])
    rows = rows_from_ids(params["ids"], params["product"], params["device_group"])
    return [replace(row, unassign=True) for row in rows] if params.get("unassign") else rows


def rows_from_ids(ids: Sequence[Any], product: str | None, device_group: str | None) -> list[DeviceRow]:
    """Return rows that all have one device group, or none. Raises InvalidInput."""
    halved = _half_a_place(product, device_group)
    if halved is not None:
        raise InvalidInput(f"Invalid device group: {halved}.", code="device_rows", hint="Give both or none of them.")
    return _listed({"id": each, "product": product, "device_group": device_group} for each in ids)


def rows_from_list(devices: Sequence[Any]) -> list[DeviceRow]:
    """Return rows with a device group each; an empty product or group is none. Raises InvalidInput."""
    return _listed(devices)


def rows_from_csv(files: Files, path: str, warn: Warn) -> list[DeviceRow]:
    """Return the rows of a CSV file, as `read_records` reads it; warns if there is none. Raises InvalidInput."""
    records = read_records(files, path)
    rows = [
        DeviceRow(device_id, line, product or None, group or None)
        for line, (device_id, product, group) in records
        if device_id or product or group
    ]
    if not rows:
        warn(f"The device list {path} has a header and no devices.")
    return _checked(rows, {}, path)


def _row_problems(entry: Any) -> list[str]:
    """Return what is wrong with the form of an entry of a list of devices: unknown keys, values that are not texts."""
    if not isinstance(entry, Mapping):
        return [f"a row must be a mapping with id, product and device_group, not {texts.described(entry)}"]
    problems = [f"{key} is unknown (known: {', '.join(_KEYS)})" for key in entry if key not in _KEYS]
    if entry.get("id") is None:
        problems.append("id is missing")
    for key in _KEYS:
        if entry.get(key) is not None:
            try:
                texts.text(entry[key])
            except texts.InvalidValue as error:
                problems.append(f"{key}: {error}".rstrip("."))
    return problems


def _listed(entries: Iterable[Any]) -> list[DeviceRow]:
    rows: list[DeviceRow] = []
    malformed: dict[int, str] = {}
    for number, entry in enumerate(entries, 1):
        problems = _row_problems(entry)
        if problems:
            malformed[number] = ", ".join(problems)
        else:
            given = {key: (entry.get(key) or "").strip(PADDING) for key in _KEYS}
            rows.append(DeviceRow(given["id"], number, given["product"] or None, given["device_group"] or None))
    return _checked(rows, malformed)


def _checked(rows: Iterable[DeviceRow], malformed: Mapping[int, str], source: str | None = None) -> list[DeviceRow]:
    """Return the rows with IDs in lower case and without duplicates.

    :param malformed: known problems, by row.

    Raises one InvalidInput that reports each invalid row: a malformed ID, a group without a product or the reverse, a
    device in two groups.
    """
    good: dict[str, DeviceRow] = {}
    problems = dict(malformed)
    for row in rows:
        problem = _problem(row)
        if problem is None:
            lower = row.id.lower()
            other = good.setdefault(lower, row if lower == row.id else replace(row, id=lower))
            if other is not row and _where(other) != _where(row):
                problem = (
                    f"device {row.id[:12]}… is in {_shown(row)} here and in {_shown(other)} in row {other.row}; "
                    "a device is in one group"
                )
        if problem is not None:
            problems[row.row] = problem
    if problems:
        listed = [f"row {row}: {problems[row]}" for row in sorted(problems)]
        more = f"; and {len(listed) - REPORTED} more" if len(listed) > REPORTED else ""
        where = f" {source}" if source else ""
        raise InvalidInput(
            f"Invalid device list{where}: {'; '.join(listed[:REPORTED])}{more}.", code="device_rows", target=source
        )
    return list(good.values())


def _problem(row: DeviceRow) -> str | None:
    if not is_device_id(row.id):
        shown = row.id if len(row.id) <= 20 else row.id[:20] + "…"
        others = ", not all of them such digits" if len(row.id) == 128 else ""
        length = f"{len(row.id)} characters{others}"
        return f'"{shown}" is not a device ID: it must have 128 hexadecimal digits and has {length}'
    return _half_a_place(row.product, row.device_group)


def _half_a_place(product: str | None, device_group: str | None) -> str | None:
    if product is not None and device_group is None:
        return f'the product "{product}" is given without a device group'
    if product is None and device_group is not None and not is_guid(device_group):
        return f'the device group "{device_group}" is given without its product'
    return None


def _where(row: DeviceRow) -> tuple[str, str]:
    return name_key(row.product or ""), name_key(row.device_group or "")


def _shown(row: DeviceRow) -> str:
    return f'"{row.product or ""}/{row.device_group or ""}"' if row.device_group else "no group"
