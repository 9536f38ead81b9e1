# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all tests share: the collection importable under its own name, and a simulator for each worker."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quick import quick_interpreter
from tests.simulator.harness import Simulator, start_simulator

_ROOT = Path(__file__).resolve().parents[1]
_COLLECTIONS = _ROOT / ".build" / "collections"


def _link_collection() -> None:
    """Make `ansible_collections.azsphere.fleet` lead to this checkout; several workers may do so at once."""
    link = _COLLECTIONS / "ansible_collections" / "azsphere" / "fleet"
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(Path("..", "..", "..", ".."), target_is_directory=True)
    if str(_COLLECTIONS) not in sys.path:
        sys.path.insert(0, str(_COLLECTIONS))


_link_collection()


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    """The simulator of this worker. Its operations are done at once and its replies are held to the description."""
    with start_simulator(operation_seconds=0, check_replies=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(shared_simulator: Simulator) -> Simulator:
    """The simulator as it was at its start: state, settings, faults, clock and log."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In which modules run without importing everything anew."""
    with quick_interpreter(tmp_path_factory.mktemp("quick")) as path:
        yield path
