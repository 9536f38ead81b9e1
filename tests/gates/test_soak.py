# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The fleet under faults and kills, in short: a long run is `make soak`."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import KILL, RECOVERABLE, Named, soak

DEVICES = 30
#: Kinds whose effect differs most; the long run has all of them.
ALONE = ("connection lost after the work", "503 with Retry-After after the work", "HTML, work not done")
GROUPS: dict[str, list[Named]] = {
    "alone": [(label, 1) for label in ALONE],
    "together": [(RECOVERABLE, 1)],
    "killed": [(KILL, seed) for seed in (1, 2, 3)],
}


@pytest.mark.parametrize(
    "group", [pytest.param(group, marks=[] if group == "together" else pytest.mark.thorough) for group in GROUPS]
)
def test_fleet_ends_in_the_desired_state(group: str) -> None:
    problems = [trial.line() for trial in soak(GROUPS[group], workers=1, devices=DEVICES) if trial.problems]
    assert not problems, "\n".join(problems)
