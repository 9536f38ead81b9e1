# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A small run of the benchmark: every part measures something, and the page and its chart are well-formed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.integration.play import ROOT

pytest.importorskip("aiohttp")
PARTS = ["devices", "unchanged", "throttled", "buckets", "token", "tasks", "loops", "inventory"]


def bench(output: Path, *options: str) -> str:
    command = [sys.executable, "-m", "tests.benchmark", "--quick", "--output", str(output), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
def test_quick_benchmark_measures_every_part(tmp_path: Path) -> None:
    bench(tmp_path)
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert {row["group"] for row in rows} == set(PARTS)
    assert all(
        value > 0 for row in rows for metric in ("seconds", "milliseconds") for value in row["metrics"].get(metric, [])
    )
    text = (tmp_path / "benchmark.md").read_text()
    assert all(row["name"] in text for row in rows)
    assert "extrapolated" in text
    chart = ElementTree.parse(tmp_path / "benchmark.svg").getroot()
    assert chart.get("role") == "img"
    assert chart.findtext("{*}desc")
    assert len(chart.findall("{*}rect")) > len(PARTS)


@pytest.mark.thorough
def test_parts_that_are_not_measured_again_stay(tmp_path: Path) -> None:
    bench(tmp_path, "--only", "token")
    bench(tmp_path, "--only", "unchanged")
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [row["group"] for row in rows] == ["token", "unchanged", "unchanged"]
