# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A program named az that answers as the Azure CLI does, and notes down how it was called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

#: Python runs a file beside it: a #! line cannot name an interpreter whose path has spaces.
_STARTER = """#!/bin/sh
exec "{python}" "{script}" "$@"
"""
_SCRIPT = """import json, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
answer = json.loads((folder / "answer").read_text())
sys.stderr.write(answer["stderr"])
sys.stdout.write(answer["stdout"])
sys.exit(answer["code"])
"""


class FakeAz:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answers(self, stdout: str = "", stderr: str = "", code: int = 0) -> None:
        (self._folder / "answer").write_text(json.dumps({"stdout": stdout, "stderr": stderr, "code": code}))

    def calls(self) -> list[list[str]]:
        noted = self._folder / "calls"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    def sign_in(self, user: str | None) -> None:
        """Writes the file in which the Azure CLI keeps who is signed in."""
        subscriptions = [{"user": {"name": user}, "isDefault": True}] if user else []
        (self._folder / "azureProfile.json").write_text(json.dumps({"subscriptions": subscriptions}), "utf-8-sig")


def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAz:
    """Puts it first on the PATH, with somebody signed in."""
    folder = tmp_path / "az"
    folder.mkdir()
    program = folder / "az"
    script = folder / "az.py"
    script.write_text(_SCRIPT.format(folder=str(folder)))
    program.write_text(_STARTER.format(python=sys.executable, script=script))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(folder))
    az = FakeAz(folder)
    az.sign_in("ada@contoso.example")
    return az
