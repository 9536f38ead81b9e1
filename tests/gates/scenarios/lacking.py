# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What becomes of the scenarios on a service that lacks a capability: options without it, or that it is unsupported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..fleet import DEVELOPMENT, EMPTY_GROUP, FIELD_TEST, KETTLE, PLAIN, PRODUCTION, SPARE, TENANT
from . import ALL
from .table import Scenario

#: Names of what scenarios identify by GUID.
PRODUCTS = {KETTLE: "Kettle", SPARE: "Spare", PLAIN: "Plain"}
GROUPS = {FIELD_TEST: "Field Test", DEVELOPMENT: "Development", PRODUCTION: "Production", EMPTY_GROUP: "Shelf"}
#: Scenarios that need what a service may lack, by what it lacks.
NEEDED: Mapping[str, Collection[str]] = {
    "rename": {
        "product-change-another_name",
        "product-change-another_case_of_its_name",
        "product-refused-to_be_renamed_to_a_name_that_is_taken",
        "device_group-change-another_name",
        "device_group-change-another_case_of_its_name",
        "device_group-refused-to_be_renamed_to_a_name_that_is_taken",
        "tenant-change-its_name",
    },
    "create_tenant": {
        "tenant-create-from_a_device",
        "tenant-create-and_not_waited_for",
        "tenant-nothing-made_before",
        "tenant-refused-from_a_device_that_is_claimed",
        "tenant-refused-with_a_name_that_is_none",
    },
    "block_legacy_authorization": {
        "tenant-change-no_legacy_authorization",
        "tenant-nothing-no_legacy_authorization_as_written_down",
    },
    "leave_all_groups": {"device-change-out_of_all_groups", "device-nothing-in_no_group"},
    "users": {each.id for each in ALL if each.module in ("user_role", "user_info")},
    # What has no GUIDs cannot be asked for by one.
    "ids": {"product-refused-that_is_not_there", "device_group-refused-that_is_not_there"},
}
#: What each API lacks. The Integrated one creates tenants, although not from devices, so those scenarios do not fit.
OF_LEGACY = ("leave_all_groups",)
OF_INTEGRATED = ("rename", "block_legacy_authorization", "users", "ids")
#: Only the task that starts an operation there can follow it.
OPERATIONS = {each.id for each in ALL if each.module == "operation_info"}
_SKIPPED = {scenario: capability for capability, scenarios in NEEDED.items() for scenario in scenarios}
#: A file with users, which is read as it is.
_OF_FILES = {each.id for each in ALL if "src" in each.options and each.module == "blueprint"}
_USERS_ONLY = {"blueprint-refused-its_own_account_to_be_pruned"}


def lacking(scenario: Scenario) -> str | None:
    """Returns the capability without which the scenario, as it is written, is unsupported."""
    return _SKIPPED.get(scenario.id, "users" if _has_users(scenario.options) or scenario.id in _OF_FILES else None)


def supported(scenario: Scenario, capabilities: Collection[str] = ()) -> bool:
    """Returns whether something of the scenario is left on a service that has these of the capabilities alone."""
    needed = _SKIPPED.get(scenario.id)
    return (needed is None or needed in capabilities) and scenario.id not in _OF_FILES | _USERS_ONLY


def by_name(scenario: Scenario, catalog: str | None = None) -> dict[str, Any]:
    """Returns the options with names in place of GUIDs of products and device groups, and without the tenant.

    :param catalog: what the tenant is called, if it is not TENANT.
    """
    # What to work on is in the environment, and called otherwise.
    options = {name: value for name, value in scenario.options.items() if name != "tenant"}
    if catalog is not None and options.get("name") == TENANT:
        options["name"] = catalog
    if options.get("product") in PRODUCTS:
        options["product"] = PRODUCTS[options["product"]]
    if options.get("device_group") in GROUPS:
        options |= {"product": "Kettle", "device_group": GROUPS[options["device_group"]]}
    known = {"product": PRODUCTS, "product_info": PRODUCTS, "device_group": GROUPS, "device_group_info": GROUPS}
    if "id" in options and scenario.module in known:
        name = known[scenario.module].get(str(options.pop("id")).lower(), "Nothing")
        options.setdefault("name", name)
        if scenario.module.startswith("device_group"):
            options["product"] = "Kettle"
    return options


def without_users(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options without users in a blueprint."""
    made = dict(options)
    if isinstance(made.get("blueprint"), dict):
        made["blueprint"] = {key: value for key, value in made["blueprint"].items() if key != "users"}
    if made.get("prune"):
        made["prune"] = [kind for kind in made["prune"] if kind != "users"]
    return made


def _has_users(options: Mapping[str, Any]) -> bool:
    return bool((options.get("blueprint") or {}).get("users")) or "users" in options.get("prune", ())
