# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A workbench for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.harness import Simulator
from tests.support.polls import poll_at_once

from .fleet import write_files
from .workbench import Workbench


@pytest.fixture
def bench(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Workbench:
    """The simulator, one of its APIs reached through the environment, and a folder with the files of the scenarios."""
    simulator.api = getattr(request, "param", simulator.api)
    poll_at_once(monkeypatch)
    for name, value in simulator.env().items():
        monkeypatch.setenv(name, value)
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return Workbench(simulator, tmp_path)
