# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Which files inventory plugins take for their own."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.azsphere.fleet.plugins.inventory.manufacturing import InventoryModule


def test_inventory_must_be_a_regular_yaml_file(tmp_path: Path) -> None:
    """Ansible would wait for somebody who writes to a pipe."""
    (tmp_path / "file.yml").touch()
    (tmp_path / "file.csv").touch()
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "link.yml").symlink_to("file.yml")
    os.mkfifo(tmp_path / "pipe.yml")
    names = ("file.yml", "file.csv", "folder.yml", "link.yml", "pipe.yml", "missing.yml")
    taken = [name for name in names if InventoryModule().verify_file(str(tmp_path / name))]
    assert taken == ["file.yml", "link.yml"]
