# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Clients of Resource Manager for each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.simulator.harness import Simulator
from tests.unit.simulator.resource_manager.client import ArmClient


@pytest.fixture
def arm_of(fleet: Simulator) -> Iterator[Callable[[str], ArmClient]]:
    """Return clients by the name of their application; `Stranger` has no role."""
    clients: list[ArmClient] = []

    def made(application: str) -> ArmClient:
        clients.append(ArmClient(fleet, application))
        return clients[-1]

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def arm(arm_of: Callable[[str], ArmClient]) -> ArmClient:
    """A client whose application owns the catalog."""
    return arm_of("Administrator")
