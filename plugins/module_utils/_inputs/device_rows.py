# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The rows of a device list, from options or a CSV file, checked as a whole before anything is sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._errors import InvalidInput
from .._files import Files
from .._model.values import is_device_id

#: The columns of the manufacturing CSV (Azure Sphere manufacturing tools, multi_board_ota_configuration).
COLUMNS = ("DeviceId", "ProductName", "DeviceGroupName")
#: How many bad rows one error tells of.
TOLD = 10


@dataclass(frozen=True)
class DeviceRow:
    """Where one device is to be. `row` is its first line in the file, or its place in the list, both from 1."""

    id: str
    row: int
    product: str | None = None
    device_group: str | None = None


def rows_of(params: Mapping[str, Any], files: Files) -> list[DeviceRow]:
    """From the one of the options `src`, `devices` and `ids` that is given. Raises InvalidInput."""
    if params["src"] is not None:
        return rows_from_csv(files, params["src"])
    if params["devices"] is not None:
        return rows_from_list(params["devices"])
    return rows_from_ids(params["ids"], params["product"], params["device_group"])


def rows_from_ids(ids: Sequence[str], product: str | None, device_group: str | None) -> list[DeviceRow]:
    """All of them into one group, or only claimed."""
    return checked(DeviceRow(str(each).strip(), number, product, device_group) for number, each in enumerate(ids, 1))


def rows_from_list(devices: Sequence[Mapping[str, Any]]) -> list[DeviceRow]:
    """Each with its own group."""
    return checked(
        DeviceRow(str(each["id"]).strip(), number, each.get("product"), each.get("device_group"))
        for number, each in enumerate(devices, 1)
    )


def rows_from_csv(files: Files, path: str) -> list[DeviceRow]:
    """From a file with the columns `DeviceId,ProductName,DeviceGroupName`; others are left alone, as are empty lines.

    Raises InvalidInput for a file that is not there, is no text, or lacks a column.
    """
    content = files.read(path)
    if content is None:
        raise InvalidInput(f"There is no device list {path}.", code="file", target=path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The device list {path} is no UTF-8 text.", code="file", target=path) from error
    records = _records(text, path)
    _line, header = next(records, (1, []))
    wanted = _columns(header, path)
    rows = []
    for line, record in records:
        device_id, product, group = (record[column].strip() if column < len(record) else "" for column in wanted)
        if device_id or product or group:
            rows.append(DeviceRow(device_id, line, product or None, group or None))
    return checked(rows, path)


def _records(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not empty, with the line on which it begins: one in quotes may go over several."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    line = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"The device list {path} is no CSV: {error} (row {line}).",
            code="file",
            target=path,
        ) from error


def _columns(header: Sequence[str], path: str) -> list[int]:
    """Where the columns are, in the order of COLUMNS. Their case does not matter."""
    names = [name.strip().casefold() for name in header]
    hint = f"Its first line has to be: {','.join(COLUMNS)}."
    missing = [column for column in COLUMNS if column.casefold() not in names]
    if missing:
        # Spreadsheets in many countries write semicolons, and call that CSV.
        other = next((mark for mark in (";", "\t") if any(mark in name for name in header)), None)
        if other is not None:
            hint += f" It seems to be separated by {'semicolons' if other == ';' else 'tabs'} in place of commas."
        raise InvalidInput(
            f"The device list {path} has no column {' and no column '.join(missing)}.",
            code="columns",
            target=path,
            hint=hint,
        )
    twice = [column for column in COLUMNS if names.count(column.casefold()) > 1]
    if twice:
        raise InvalidInput(
            f"The device list {path} has the column {twice[0]} more than once.", code="columns", target=path, hint=hint
        )
    return [names.index(column.casefold()) for column in COLUMNS]


def checked(rows: Iterable[DeviceRow], source: str | None = None) -> list[DeviceRow]:
    """The rows with IDs in lower case and repetitions left out.

    Raises one InvalidInput that tells of each bad row: a malformed ID, a group without a product or the reverse, a
    device
    in two groups.
    """
    good: dict[str, DeviceRow] = {}
    problems: list[str] = []
    for row in rows:
        problem = _problem(row)
        if problem is None:
            other = good.setdefault(row.id.lower(), replace(row, id=row.id.lower()))
            if _where(other) != _where(row):
                problem = (
                    f"device {row.id[:12]}… is to be in {_told(row)} here and in {_told(other)} in row {other.row}; "
                    "a device is in one group"
                )
        if problem is not None:
            problems.append(f"row {row.row}: {problem}")
    if problems:
        told = "; ".join(problems[:TOLD]) + (f"; and {len(problems) - TOLD} more" if len(problems) > TOLD else "")
        where = f" of {source}" if source else ""
        raise InvalidInput(f"The device list{where} cannot be used: {told}.", code="device_rows", target=source)
    return list(good.values())


def _problem(row: DeviceRow) -> str | None:
    if not is_device_id(row.id):
        shown = row.id if len(row.id) <= 20 else row.id[:20] + "…"
        others = " that are not all such digits" if len(row.id) == 128 else ""
        return (
            f'"{shown}" is no device ID: 128 hexadecimal digits are needed and it has {len(row.id)} characters{others}'
        )
    if row.product is not None and row.device_group is None:
        return f'the product "{row.product}" is given without a device group'
    return None


def _where(row: DeviceRow) -> tuple[str, str]:
    return (row.product or "").casefold(), (row.device_group or "").casefold()


def _told(row: DeviceRow) -> str:
    return f'"{row.product or ""}/{row.device_group or ""}"' if row.device_group else "no group"
