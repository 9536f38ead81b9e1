# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A workbench for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.harness import Simulator

from .fleet import write_files
from .quick import quick_interpreter
from .workbench import Workbench


@pytest.fixture
def bench(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """The simulator, reached through the environment, and a folder with the files of the scenarios."""
    for name, value in simulator.env().items():
        monkeypatch.setenv(name, value)
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return Workbench(simulator, tmp_path)


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In which modules run without importing everything anew."""
    with quick_interpreter(tmp_path_factory.mktemp("quick")) as path:
        yield path
