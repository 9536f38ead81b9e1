# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Devices."""

from __future__ import annotations

from ..fleet import DEVICES, FIELD_TEST, UNCLAIMED, device_id, fleet
from .table import CHANGE, CREATE, NOTHING, REFUSED, Scenario

_MANY = tuple(device_id(number) for number in range(1000, 1060))


def _device(effect: str, title: str, **options: object) -> Scenario:
    return Scenario("device", effect, title, options)


SCENARIOS = (
    _device(CREATE, "claimed", ids=list(UNCLAIMED[:1]), claim=True),
    _device(CREATE, "claimed and not taken out of groups", ids=list(UNCLAIMED[:1]), claim=True, unassign=False),
    _device(CREATE, "claimed into a group", ids=list(UNCLAIMED), claim=True, product="Kettle", device_group="Shelf"),
    _device(CREATE, "of a list", src="devices.csv", claim=True, outcomes="changes"),
    _device(CREATE, "more than a difference shows", ids=list(_MANY), claim=True, device_group=FIELD_TEST),
    _device(CHANGE, "moved", ids=[each.upper() for each in DEVICES[:2]], product="kettle", device_group="production"),
    _device(CHANGE, "moved by the GUID of a group", ids=list(DEVICES[3:5]), device_group=FIELD_TEST),
    _device(CHANGE, "moved and not waited for", ids=list(DEVICES[3:5]), device_group=FIELD_TEST, wait=False),
    _device(
        CHANGE,
        "some claimed and some moved",
        claim=True,
        max_changes=3,
        max_failures=0,
        concurrency=2,
        journal="devices.jsonl",
        wait_timeout=60,
        outcomes="failures",
        devices=[
            {"id": DEVICES[0], "product": "Kettle", "device_group": "Production"},
            {"id": DEVICES[1], "product": "Kettle", "device_group": "Field Test"},
            {"id": DEVICES[5], "product": "Spare", "device_group": "Development"},
            {"id": UNCLAIMED[0]},
        ],
    ),
    _device(CHANGE, "out of all groups", ids=[*DEVICES[2:5]], unassign=True),
    _device(NOTHING, "in no group", ids=[*DEVICES[4:]], unassign=True),
    _device(NOTHING, "where they are", ids=list(DEVICES[:3]), product="Kettle", device_group="Field Test"),
    _device(NOTHING, "claimed already", ids=list(DEVICES), claim=True),
    _device(NOTHING, "none at all", ids=[]),
    _device(REFUSED, "that nobody claimed", ids=[DEVICES[0], UNCLAIMED[0]], product="Kettle", device_group="Shelf"),
    _device(REFUSED, "into a group that is not there", ids=[DEVICES[0]], product="Kettle", device_group="Nowhere"),
    _device(REFUSED, "more than allowed", ids=list(UNCLAIMED[:3]), claim=True, max_changes=2),
    Scenario(
        "device",
        NOTHING,
        "of a list that was done",
        {"src": "devices.csv"},
        seed=fleet(),
        first=(("device", {"src": "devices.csv", "claim": True}),),
    ),
)
