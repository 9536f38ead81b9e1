# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Requests are matched to operations, and each operation has a handler."""

from __future__ import annotations

import pytest

from tests.simulator.api.table import HANDLERS
from tests.simulator.description import Description

GUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def description() -> Description:
    return Description.load()


def test_all_59_operations_have_a_handler(description: Description) -> None:
    assert len(description.operations) == 59
    assert set(HANDLERS) == set(description.operations)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v2/tenants", "Tenants_List"),
        ("GET", "/V2/Tenants", "Tenants_List"),
        ("POST", "/v2/tenants/create", "Tenants_Create"),
        ("GET", f"/v2/tenants/{GUID}/DEVICEGROUPS", "DeviceGroup_List"),
        ("GET", f"/v2/tenants/{GUID}/devices/count", "Devices_Count"),
        ("GET", f"/v2/tenants/{GUID}/deviceGroups/{GUID}/devices/count", "Devices_CountInGroup"),
        ("GET", f"/v2/tenants/{GUID}/devicegroups/{GUID}/devices/count", "Devices_CountInGroup"),
        ("POST", f"/v2/tenants/{GUID}/products/{GUID}/deviceGroups", "DeviceGroup_CreateDefaults"),
        ("GET", f"/v2/tenants/{GUID}/products/name/{GUID}", "Product_GetByName"),
        ("POST", "/v2/tenants/00000000-0000-0000-0000-000000000000/users/invite", "AccessControl_InviteUser"),
        ("GET", "/v2/tenants/00000000-0000-0000-0000-000000000000/users", "AccessControl_ListUsers"),
    ],
)
def test_paths_match_operations_regardless_of_case(
    description: Description, method: str, path: str, operation: str
) -> None:
    found = description.match(method, path).operation
    assert found is not None
    assert found.id == operation


def test_names_in_paths_can_contain_encoded_characters(description: Description) -> None:
    match = description.match("GET", f"/v2/tenants/{GUID}/products/name/A%2FB%20c/deviceGroups/name/US%20region")
    assert match.values == (GUID, "A/B c", "US region")


def test_path_with_other_methods_lists_them(description: Description) -> None:
    match = description.match("DELETE", f"/v2/tenants/{GUID}")
    assert match.operation is None
    assert match.methods == ("GET", "PATCH")


def test_unknown_path_has_no_methods(description: Description) -> None:
    assert description.match("GET", "/v2/catalogs").methods == ()
