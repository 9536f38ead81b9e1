# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups."""

from __future__ import annotations

from ..fleet import DEVELOPMENT, EMPTY_GROUP, KETTLE, PLAIN, SPARE, empty, tenant
from .table import CHANGE, CREATE, DELETE, NOTHING, REFUSED, Scenario

_GUID_OF_NOTHING = "99999999-9999-4999-8999-999999999999"


def _product(effect: str, title: str, **options: object) -> Scenario:
    return Scenario("product", effect, title, options)


def _group(effect: str, title: str, **options: object) -> Scenario:
    return Scenario("device_group", effect, title, options)


SCENARIOS = (
    _product(CREATE, "with the default groups", name="Toaster", description="For hotels"),
    _product(CREATE, "without groups or description", name="Toaster", default_device_groups=False),
    _product(CREATE, "and not waited for", name="Toaster", wait=False),
    Scenario("product", CREATE, "the first of a tenant", {"name": "A 1"}, seed=empty()),
    Scenario(
        "product",
        CREATE,
        "in a tenant of many pages",
        {"name": "Toaster"},
        seed=tenant(products=[{"name": f"Product {number}", "device_groups": []} for number in range(120)]),
    ),
    _product(CHANGE, "another description", name="kettle", description="For boats", default_device_groups=False),
    _product(CHANGE, "no description any more", name="Kettle", description="", default_device_groups=False),
    _product(CHANGE, "another name", id=KETTLE.upper(), name="Kettle Two", default_device_groups=False),
    _product(CHANGE, "another case of its name", id=KETTLE, name="KETTLE", default_device_groups=False),
    _product(CHANGE, "all default groups", id=PLAIN, wait_timeout=60),
    _product(CHANGE, "the default groups that are missing", name="Kettle", description="For boats"),
    _product(NOTHING, "by name in another case", name="SPARE"),
    _product(NOTHING, "by GUID with all that it has", id=SPARE, name="Spare", description="To be given up"),
    _product(NOTHING, "without a description as wanted", name="Plain", description="", default_device_groups=False),
    _product(NOTHING, "without the default groups", name="Kettle", default_device_groups=False),
    _product(DELETE, "by name", name="spare", state="absent"),
    _product(DELETE, "by GUID", id=PLAIN, state="absent"),
    _product(DELETE, "and not waited for", name="Spare", state="absent", wait=False),
    _product(NOTHING, "that is not there by name", name="Nothing", state="absent"),
    _product(NOTHING, "that is not there by GUID", id=_GUID_OF_NOTHING, state="absent"),
    _product(REFUSED, "with a name that is none", name="Bad-Name"),
    _product(REFUSED, "to be renamed to a name that is taken", id=KETTLE, name="spare"),
    _product(REFUSED, "that is not there", id=_GUID_OF_NOTHING, description="Words"),
    _product(REFUSED, "to be deleted with devices in it", name="Kettle", state="absent"),
    _group(CREATE, "with nothing but its name", product="Kettle", name="Laboratory"),
    _group(
        CREATE,
        "with all options",
        product=KETTLE,
        name="Laboratory",
        description="On our own desks",
        os_feed="RetailEval",
        update_policy="No3rdPartyAppUpdates",
        allow_crash_dumps_collection=True,
    ),
    _group(CREATE, "the first of a product", product="plain", name="Laboratory"),
    _group(CHANGE, "its feed", product="kettle", name="field test", os_feed="RetailEval"),
    _group(
        CHANGE,
        "all its settings",
        product="Kettle",
        name="Shelf",
        description="For something",
        os_feed="Retail",
        update_policy="No3rdPartyAppUpdates",
        allow_crash_dumps_collection=False,
    ),
    _group(CHANGE, "no crash dumps any more", product="Kettle", name="Shelf", allow_crash_dumps_collection=False),
    _group(CHANGE, "another policy", id=DEVELOPMENT, update_policy="UpdateAll", wait_timeout=60),
    _group(CHANGE, "another case of its name", id=DEVELOPMENT, name="DEVELOPMENT"),
    _group(CHANGE, "no description any more", product="Kettle", name="Production", description=""),
    _group(CHANGE, "another name", id=DEVELOPMENT, name="Desks", description="Ours"),
    _group(NOTHING, "as it is", product="Kettle", name="Shelf", description="For nothing", os_feed="RetailEval"),
    _group(NOTHING, "by name in another case", product="KETTLE", name="SHELF", allow_crash_dumps_collection=True),
    _group(NOTHING, "without a description as wanted", product="Kettle", name="Development", description=""),
    _group(NOTHING, "by GUID", id=DEVELOPMENT, update_policy="No3rdPartyAppUpdates"),
    _group(DELETE, "by name", product="Kettle", name="shelf", state="absent"),
    _group(DELETE, "by GUID", id=EMPTY_GROUP, state="absent"),
    _group(DELETE, "and not waited for", id=EMPTY_GROUP, state="absent", wait=False),
    _group(NOTHING, "that is not there", product="Kettle", name="Nothing", state="absent"),
    _group(NOTHING, "of a product that is not there", product="Nothing", name="Nothing", state="absent"),
    _group(NOTHING, "that is not there by GUID", id=_GUID_OF_NOTHING, state="absent"),
    _group(REFUSED, "with a name that is too long", product="Kettle", name="x" * 51),
    _group(REFUSED, "to be renamed to a name that is taken", id=DEVELOPMENT, name="shelf"),
    _group(REFUSED, "that is not there", id=_GUID_OF_NOTHING, os_feed="Retail"),
    _group(REFUSED, "of a product that is not there and to be", product="Nothing", name="Laboratory"),
    _group(REFUSED, "to be deleted with devices in it", product="Kettle", name="Field Test", state="absent"),
)
