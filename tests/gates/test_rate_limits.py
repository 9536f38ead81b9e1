# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A large move under the rate limits of Resource Manager, which takes more than a minute."""

from __future__ import annotations

import os

import pytest

from tests.support.apis import INTEGRATED, ON_ALL

from .fleet import device_id, tenant
from .workbench import Workbench

DEVICES = [device_id(number) for number in range(10_000, 11_000)]


@pytest.mark.skipif(not os.environ.get(ON_ALL), reason=f"takes minutes; set {ON_ALL} to run it")
@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
def test_thousand_moves_under_the_rate_limits_end_without_a_failed_device(bench: Workbench) -> None:
    groups = [{"name": "Old"}, {"name": "New"}]
    devices = [{"id": each, "device_group": "Kettle/Old"} for each in DEVICES]
    bench.simulator.load(tenant(products=[{"name": "Kettle", "device_groups": groups}], devices=devices))
    bench.simulator.settings(arm_throttling=True, check_replies=False)
    options = {"ids": DEVICES, "product": "Kettle", "device_group": "New", "outcomes": "failures", "wait_timeout": 600}
    answer = bench.run("device", options)
    assert not answer.values.get("failed"), answer.values.get("msg")
    summary = answer.values["summary"]
    assert (summary["moved"], summary["failed"], summary["not_tried"]) == (1000, 0, 0)
    # The bucket holds 200 writes and gets 10 a second: rejected requests would be wasted ones.
    assert answer.values["api"]["retries"] <= 20
