# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Invalid values for members of a reply, as JSON text, and the paths of the values in a reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

#: Removes the member or the entry.
MISSING = "missing"
#: Duplicates the value in the reply.
REPEATED = "repeated"
#: By name; the text is inserted verbatim, whether or not it is valid JSON.
TEXTS: dict[str, str] = {
    "null": "null",
    "true": "true",
    "false": "false",
    "zero": "0",
    "negative": "-1",
    "fraction": "0.5",
    "large_number": "99999999999999999999",
    "infinite_number": "1e400",
    "long_number": "9" * 5000,
    "nan": "NaN",
    "infinity": "Infinity",
    "negative_infinity": "-Infinity",
    "empty_text": '""',
    "blank_text": '" "',
    "text": '"unexpected"',
    "long_text": json.dumps("x" * 100_000),
    "digits": json.dumps("²"),
    "arabic_digits": json.dumps("٣"),
    "long_digits": json.dumps("9" * 5000),
    "surrogate": r'"\ud800"',
    "nul": r'"a\u0000b"',
    "line_break": r'"a\r\nb"',
    "escape_sequence": r'"\u001b]0;owned\u0007\u001b[2J"',
    "bidirectional": r'"a\u202eb\u2066c"',
    "beyond_latin_1": json.dumps("日本"),
    "template": '"{{ 1 + 1 }}"',
    "parent_path": '"../../x"',
    "bad_address": '"https://[::1"',
    "long_label": json.dumps(f"https://{'a' * 70}.example/x"),
    "impossible_date": '"2026-02-30T10:00:00+02:00"',
    "impossible_zone": '"2026-02-28T10:00:00+99:00"',
    "first_date": '"0001-01-01T00:00:00+14:00"',
    "last_date": '"9999-12-31T23:59:59.9999999-14:00"',
    "other_guid": '"deadbeef-0000-4000-8000-000000000000"',
    "zero_guid": '"00000000-0000-0000-0000-000000000000"',
    "list": "[]",
    "list_of_null": "[null]",
    "object": "{}",
    "other_object": '{"unexpected": {"a": [1]}}',
    "deep": "[" * 450 + "]" * 450,
    "deep_objects": '{"a":' * 450 + "1" + "}" * 450,
    "very_deep": "[" * 100_000 + "]" * 100_000,
}
NAMES = frozenset({*TEXTS, MISSING, REPEATED})
#: Placeholder for a text until the document is serialized.
_MARK = "value-of-the-rig-5b1d7e"

Path = tuple[str | int, ...]


def places(document: Any) -> dict[str, list[Path]]:
    """Returns the paths of all values by pattern, such as `/Items/*/Id`; `/` is the whole document."""
    found: dict[str, list[Path]] = {}
    for path in _paths(document, ()):
        pattern = "/" + "/".join("*" if isinstance(step, int) else step for step in path)
        found.setdefault(pattern, []).append(path)
    return found


def replaced(document: Any, path: Path, name: str) -> bytes:
    """Returns the document as JSON text with the value at a path replaced. The document itself is changed."""
    if not path:
        return (TEXTS.get(name) or "").encode()
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    if name == MISSING:
        del holder[last]
    elif name == REPEATED:
        value = holder[last]
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[last] = [*value, *value] if isinstance(value, list) else [value, value]
    else:
        holder[last] = _MARK
    return json.dumps(document).replace(f'"{_MARK}"', TEXTS.get(name, "")).encode()


def _paths(value: Any, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _paths(member, (*path, name))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _paths(entry, (*path, number))
