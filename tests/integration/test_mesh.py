# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Job slices on a real receptor mesh, as in AWX. Skipped where receptor cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mesh.network import Mesh
from tests.mesh.receptor import Unavailable, find_receptor
from tests.mesh.trials import Factory, Trial, provision_slices, provision_whole, provision_with_killed_node
from tests.simulator.harness import Simulator

DEVICES = 3000


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    try:
        program = find_receptor()
    except Unavailable as error:
        pytest.skip(f"The mesh is left out: {error}.")
    with Mesh(program, tmp_path, nodes=2) as mesh:
        yield mesh


@pytest.fixture
def factory(simulator: Simulator, tmp_path: Path) -> Factory:
    return Factory(simulator, tmp_path, DEVICES)


def assert_fine(trial: Trial) -> None:
    assert not trial.problems, trial.line()


def test_throttled_slices_share_the_service_and_end_as_one_job(mesh: Mesh, factory: Factory, tmp_path: Path) -> None:
    assert_fine(provision_slices(mesh, factory, tmp_path, rate_limit=100, rate_burst=100))


@pytest.mark.thorough
def test_slices_end_as_one_job(mesh: Mesh, factory: Factory, tmp_path: Path) -> None:
    assert_fine(provision_whole(factory))
    assert_fine(provision_slices(mesh, factory, tmp_path))


def test_slice_of_a_killed_node_runs_again_while_requests_fail(mesh: Mesh, factory: Factory, tmp_path: Path) -> None:
    assert_fine(provision_with_killed_node(mesh, factory, tmp_path, failing=0.01))
