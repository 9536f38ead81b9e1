# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The differences that docs/check-mode.md shows are those of its tasks, as check runs and for real."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .fleet import fleet
from .workbench import Workbench

PAGE = Path(__file__).resolve().parents[2] / "docs" / "check-mode.md"
_SHOWN = re.compile(r"^```yaml\n(.*?)^```\n\n```diff\n(.*?)^```$", re.M | re.S)
SHOWN = _SHOWN.findall(PAGE.read_text(encoding="utf-8"))


def reported(differences: list[dict[str, str]]) -> str:
    """As Ansible prints them."""
    return "\n".join("".join(_unified(difference)) for difference in differences)


def _unified(difference: dict[str, str]) -> list[str]:
    return list(
        difflib.unified_diff(
            difference["before"].splitlines(keepends=True),
            difference["after"].splitlines(keepends=True),
            f"before: {difference['before_header']}",
            f"after: {difference['after_header']}",
        )
    )


def test_page_shows_three_differences() -> None:
    assert len(SHOWN) == 3


@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
@pytest.mark.parametrize(("task", "shown"), SHOWN, ids=range(len(SHOWN)))
def test_difference_on_the_page_matches_the_task(task: str, shown: str, check: bool, bench: Workbench) -> None:
    bench.simulator.load(fleet())
    module, options = _module(yaml.safe_load(task))
    assert reported(bench.run(module, options, check=check).diff) == shown


def _module(tasks: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    ((name, options),) = [(key, value) for key, value in tasks[0].items() if key.startswith("azsphere.fleet.")]
    return name.removeprefix("azsphere.fleet."), options
