# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The APIs that tests run on, and which of their requests write.

The scenarios and a sample of all other tests run on both. The rest does only where ON_ALL is set, as in `make matrix`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

LEGACY, INTEGRATED = APIS = ("legacy", "integrated")
#: The variable that makes all tests run on both APIs.
ON_ALL = "FLEET_TESTS_ON_BOTH_APIS"
READING_METHODS = ("GET", "HEAD")
#: POST requests of Resource Manager that only read: lists, counts and certificate chains.
READING_POSTS = frozenset(
    {
        "Catalogs_CountDevices",
        "Products_CountDevices",
        "DeviceGroups_CountDevices",
        "Catalogs_ListDeployments",
        "Catalogs_ListDeviceGroups",
        "Catalogs_ListDeviceInsights",
        "Catalogs_ListDevices",
        "Certificates_RetrieveCertChain",
    }
)


def on_both_apis(*, always: bool = False) -> pytest.MarkDecorator:
    """Runs a test that takes the fixture `simulator` on both APIs.

    :param always: whether it is in the sample that runs on both everywhere.
    """
    apis = APIS if always or os.environ.get(ON_ALL) else (LEGACY,)
    return pytest.mark.parametrize("simulator", apis, indirect=True)


def is_write(entry: Mapping[str, Any]) -> bool:
    """Returns whether an entry of the simulator's log is a request to the API that may change something."""
    return (
        entry["kind"] == "api"
        and entry["method"] not in READING_METHODS
        and entry.get("operation") not in READING_POSTS
    )
