# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Archives contain committed files only."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.stage import stage


def test_uncommitted_files_are_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (root / "galaxy.yml").write_text("committed")
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "Add a file"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    (root / ".env").write_text("AZURE_CLIENT_SECRET=x")
    (root / "galaxy.yml").write_text("changed")
    tree = stage(tmp_path / "stage", root, committed=True)
    assert {path.name: path.read_text() for path in tree.iterdir()} == {"galaxy.yml": "committed"}
    assert "left out" in capsys.readouterr().err
