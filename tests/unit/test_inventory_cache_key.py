# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The key under which the inventory keeps the devices of a tenant or catalog."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory_fleet import cache_key

LEGACY = {"api": "legacy", "api_url": "https://one.example", "tenant": "Contoso Fleet"}
INTEGRATED = {
    "api": "integrated",
    "api_url": "https://one.example",
    "subscription_id": "5b000000-0000-4000-8000-00000000000a",
    "resource_group": "fleet",
    "catalog": "contoso",
}


@pytest.mark.parametrize(
    ("connection", "change"),
    [
        (LEGACY, {"tenant": "contoso fleet"}),
        (LEGACY, {"api_url": "https://other.example"}),
        (LEGACY, {"api": "integrated"}),
        (INTEGRATED, {"subscription_id": "5b000000-0000-4000-8000-00000000000b"}),
        (INTEGRATED, {"resource_group": "other"}),
        (INTEGRATED, {"catalog": "other"}),
        (INTEGRATED, {"api_url": "https://other.example"}),
        (INTEGRATED, {"resource_group": "fleetcontoso", "catalog": ""}),
    ],
)
def test_each_part_of_the_place_changes_the_key(connection: dict[str, Any], change: dict[str, Any]) -> None:
    assert cache_key({**connection, **change}) != cache_key(connection)


@pytest.mark.parametrize(
    ("connection", "change"),
    [
        (LEGACY, {"api_url": "https://one.example/", "client_secret": "other", "catalog": None}),
        (INTEGRATED, {"catalog": "CONTOSO", "resource_group": "Fleet", "tenant": None}),
        (INTEGRATED, {"subscription_id": "5B000000-0000-4000-8000-00000000000A"}),
    ],
)
def test_what_means_the_same_keeps_the_key(connection: dict[str, Any], change: dict[str, Any]) -> None:
    assert cache_key({**connection, **change}) == cache_key(connection)
