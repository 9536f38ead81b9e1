# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Damaged image packages: read or refused in one sentence, quickly."""

from __future__ import annotations

import contextlib
import os
import random
import time
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import packages
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package

from tests.simulator.images import compose

PACKAGE = compose(
    name="Kettle",
    image_id="11111111-2222-3333-4444-555555555555",
    component_id="66666666-7777-8888-9999-aaaaaaaaaaaa",
)


def read_damaged(folder: Path, content: bytes) -> None:
    """Reads a package, which may be refused, within a second of CPU time."""
    path = folder / "a.imagepackage"
    path.write_bytes(content)
    begin = time.process_time()
    with contextlib.suppress(InvalidInput):
        read_package(str(path))
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("value", [0x00, 0x01, 0x7F, 0x80, 0xFF])
def test_package_with_any_byte_damaged_is_read_or_refused(tmp_path: Path, value: int) -> None:
    for place in range(len(PACKAGE)):
        read_damaged(tmp_path, PACKAGE[:place] + bytes([value]) + PACKAGE[place + 1 :])


def test_package_damaged_at_random_is_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(14)
    for _case in range(1000):
        content = bytearray(PACKAGE)
        for _damage in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        read_damaged(tmp_path, bytes(content[chance.choice((0, 0, 3)) : chance.choice((None, None, -5))]))


def test_package_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LARGEST", 2**20)
    path = tmp_path / "a.imagepackage"
    path.touch()
    os.truncate(path, 2**20 + 1)
    with pytest.raises(InvalidInput, match="more than 1 MiB"):
        read_package(str(path))
