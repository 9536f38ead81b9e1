# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all tests need that run Ansible's programs: where they are, their environment, and how to read their output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

#: Not passed on from whoever runs the tests: each would reach or configure something else than the simulator.
FOREIGN = ("ANSIBLE_", "AZSPHERE_", "AZURE_")
#: A variable that `make matrix` sets: tests marked `thorough` run too, and nothing is left out to save time.
THOROUGH = "TEST_ALL_SCENARIOS"


def program(name: str) -> str:
    """Returns the path of a program of the venv that runs the tests."""
    return str(Path(sys.executable).with_name(name))


def inherited(*others: str) -> dict[str, str]:
    """Returns the environment without variables that would affect a test. `others` are further prefixes of names."""
    return {name: value for name, value in os.environ.items() if not name.startswith((*FOREIGN, *others))}


def plain(value: dict[str, Any]) -> Any:
    """Converts an object of ansible-inventory's JSON: text that a template made becomes text.

    For `object_hook` of `json.loads`.
    """
    return value["__ansible_unsafe"] if list(value) == ["__ansible_unsafe"] else value
