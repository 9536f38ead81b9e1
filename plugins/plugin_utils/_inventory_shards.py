# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rows of a device list, split into shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import DeviceRow

#: As many hosts as AWX can start jobs for in one go, by far.
MOST = 1000


def shard_count(value: object) -> int:
    """Returns the number of shards, from 1 to MOST. Raises InvalidInput."""
    hint = f"Use a number from 1 to {MOST}."
    try:
        count = texts.integer(value)
    except texts.InvalidValue as error:
        raise InvalidInput(f"Invalid shards: {error.reason}.", code="shards", hint=hint) from None
    if not 1 <= count <= MOST:
        raise InvalidInput(f"Invalid shards {count}: out of range.", code="shards", hint=hint)
    return count


def split(rows: Iterable[DeviceRow], count: int) -> list[list[DeviceRow]]:
    """Returns the rows of each shard. The shard of a device depends on its ID and `count` alone."""
    shards: list[list[DeviceRow]] = [[] for _number in range(count)]
    for row in rows:
        # Of the whole ID: lists for tests often have IDs that differ in few digits.
        digest = hashlib.sha256(row.id.encode()).digest()
        shards[int.from_bytes(digest[:8], "big") % count].append(row)
    return shards
