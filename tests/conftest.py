# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Shared by all tests: imports of the collection under its own name, and one simulator for each pytest worker."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.harness import Simulator, start_simulator
from tests.support.apis import LEGACY
from tests.support.fork_server import fork_server
from tests.support.programs import THOROUGH

_ROOT = Path(__file__).resolve().parents[1]
_COLLECTIONS = _ROOT / ".build" / "collections"


def _link_collection() -> None:
    """Link `ansible_collections.azsphere.fleet` to this checkout. Several workers may do so concurrently."""
    link = _COLLECTIONS / "ansible_collections" / "azsphere" / "fleet"
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(Path("..", "..", "..", ".."), target_is_directory=True)
    if str(_COLLECTIONS) not in sys.path:
        sys.path.insert(0, str(_COLLECTIONS))


_link_collection()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what would make `make test` longer than ten minutes."""
    if os.environ.get(THOROUGH):
        return
    left_out = pytest.mark.skip(reason=f"thorough: make matrix runs it, and {THOROUGH}=true")
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(left_out)


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    """The simulator of this worker. Operations complete at once; replies are validated against the API description."""
    with start_simulator(operation_seconds=0, check_replies=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(shared_simulator: Simulator, request: pytest.FixtureRequest) -> Simulator:
    """The simulator, reset to its initial state, settings, faults, clock and log, for one of its APIs."""
    shared_simulator.reset()
    shared_simulator.api = getattr(request, "param", LEGACY)
    return shared_simulator


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Path of an interpreter that runs modules without repeating their imports."""
    with fork_server(tmp_path_factory.mktemp("fork-server")) as path:
        yield path
