# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads device lists in CSV strictly: a row must never be lost inside a cell of another row."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence

from .._errors import InvalidInput
from .._files.port import Files
from .._model.values import PADDING
from .encrypted import DECRYPT, reject_encrypted

#: The columns of the manufacturing CSV (Azure Sphere manufacturing tools, multi_board_ota_configuration).
COLUMNS = ("DeviceId", "ProductName", "DeviceGroupName")
_UNCLOSED = "Check the quotes: an unclosed quote hides the rows below it."
#: Longer than any checksum in a note, and shorter than a device ID that lost some digits.
_LIKE_AN_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{100,}(?![0-9A-Za-z])")
#: csv treats tabs before a quote, and blanks after one, as part of the cell.
_PADDED_QUOTE = re.compile(r'(?:(?<=[,\r\n])|\A)[ \t]+(?=")|(?<=")[ \t]+(?=[,\r\n]|\Z)')
#: A row: its first line in the file, from 1, and device ID, product and device group as they are in it.
Record = tuple[int, tuple[str, str, str]]


def read_records(files: Files, path: str) -> list[Record]:
    """Return the rows of a file with the columns `DeviceId,ProductName,DeviceGroupName`; other columns and empty lines
    are ignored.

    Raises InvalidInput for a file that does not exist, is empty, encrypted or not text, for a missing or duplicate
    column, and for a row that cannot be read with certainty.
    """
    rows = _rows(_text(files, path), path)
    first = next(rows, None)
    if first is None:
        hint = f"Its first line must be: {','.join(COLUMNS)}."
        raise InvalidInput(f"The device list {path} is empty.", code="columns", target=path, hint=hint)
    _line, header = first
    columns = _columns(header, path)
    return [_record(line, cells, len(header), columns, path) for line, cells in rows]


def _text(files: Files, path: str) -> str:
    content = files.read(path)
    if content is None:
        raise InvalidInput(f"The device list {path} does not exist.", code="file", target=path)
    reject_encrypted(content, "device list", path, f"{DECRYPT} Or give the rows as devices.")
    return _decoded(content, path)


def _decoded(content: bytes, path: str) -> str:
    """Return the text: UTF-8, or UTF-16 with a byte order mark, as spreadsheets write it."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = "" if wide else f", line {content.count(bytes([10]), 0, error.start) + 1}"
        raise _not_text(path, f"is not valid {'UTF-16' if wide else 'UTF-8'} text{line}") from error
    if "\0" in text:
        raise _not_text(path, "contains NUL characters")
    return text


def _not_text(path: str, problem: str) -> InvalidInput:
    hint = "Save it as CSV in UTF-8."
    return InvalidInput(f"The device list {path} {problem}.", code="file", target=path, hint=hint)


def _rows(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with the line on which it begins: a quoted cell may span several."""
    # A StringIO would hold four bytes for each character.
    content = io.BytesIO((_PADDED_QUOTE.sub("", text) if '"' in text else text).encode())
    del text
    lines = io.TextIOWrapper(content, encoding="utf-8", newline="")
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _reject_hidden_rows(cells, line, path)
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problem = str(error)
        if "unexpected end" in problem or "field larger" in problem:
            raise _unreadable(path, line, "a quote is not closed") from error
        if "expected after" in problem:
            raise _unreadable(path, reader.line_num, "text follows a closing quote") from error
        raise _unreadable(path, line, problem) from error


def _reject_hidden_rows(cells: Sequence[str], line: int, path: str) -> None:
    # The quote may have been opened at the start of the row, so the first line of a cell counts too.
    if any(_LIKE_AN_ID.search(cell) for cell in cells if "\n" in cell or "\r" in cell):
        raise _unreadable(path, line, "a quoted cell contains what looks like another row")


def _record(line: int, cells: Sequence[str], width: int, columns: Sequence[int], path: str) -> Record:
    surplus = next((cell.strip() for cell in cells[width:] if cell.strip()), None)
    if surplus is not None:
        problem = f'more cells than the header has columns ("{surplus[:20]}")'
        raise _unreadable(path, line, problem, "Put a cell that contains a comma in quotes.")
    device_id, product, group = (cells[each].strip(PADDING) if each < len(cells) else "" for each in columns)
    if any("\n" in cell or "\r" in cell for cell in (device_id, product, group)):
        raise _unreadable(path, line, "an ID or name spans several lines")
    # Most rows have the same names.
    return line, (device_id, sys.intern(product), sys.intern(group))


def _unreadable(path: str, line: int, problem: str, hint: str = _UNCLOSED) -> InvalidInput:
    return InvalidInput(
        f"Cannot read the device list {path}: line {line}: {problem}.", code="csv", target=path, hint=hint
    )


def _columns(header: Sequence[str], path: str) -> list[int]:
    """Return where the columns are, in the order of COLUMNS. Their case does not matter."""
    names = [name.strip().casefold() for name in header]
    hint = f"Its first line must be: {','.join(COLUMNS)}."
    missing = [column for column in COLUMNS if column.casefold() not in names]
    if missing:
        # In many locales, spreadsheets write CSV with semicolons.
        other = next((mark for mark in (";", "\t") if any(mark in name for name in header)), None)
        if other is not None:
            hint += f" It seems to be separated by {'semicolons' if other == ';' else 'tabs'}, not commas."
        raise InvalidInput(
            f"The device list {path} has no column {' and no column '.join(missing)}.",
            code="columns",
            target=path,
            hint=hint,
        )
    duplicate = [column for column in COLUMNS if names.count(column.casefold()) > 1]
    if duplicate:
        problem = f"The device list {path} has the column {duplicate[0]} more than once."
        raise InvalidInput(problem, code="columns", target=path, hint=hint)
    return [names.index(column.casefold()) for column in COLUMNS]
