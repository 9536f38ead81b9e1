# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulator does not slow down what is measured against it."""

from __future__ import annotations

import statistics
import time

from tests.unit.simulator.client import Client
from tests.unit.simulator.conftest import KETTLE

#: Delay of each reply on a persistent connection with Nagle's algorithm.
NAGLE_SECONDS = 0.04


def test_replies_on_persistent_connection_are_not_delayed(client: Client) -> None:
    took = []
    for _unused in range(60):
        start = time.monotonic()
        client.get(f"products/{KETTLE}")
        took.append(time.monotonic() - start)
    # It delays all replies but the first ones; a busy machine delays some of them.
    fastest = statistics.quantiles(took[20:], n=10)[0]
    assert fastest < 0.9 * NAGLE_SECONDS
