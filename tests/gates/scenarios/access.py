# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants, users and their roles."""

from __future__ import annotations

from ..fleet import DEVICES, RUNNER, TENANT, TENANT_ID, UNCLAIMED, fleet
from .table import CHANGE, CREATE, DELETE, NOTHING, REFUSED, Scenario

_BLOCKED = {"legacy_authorization": "blocked", "record": "blocked.json", "confirm": TENANT}
_NEW = {"name": "Contoso Laboratory", "device_id": UNCLAIMED[0], "confirm": "Contoso Laboratory"}


def _user(effect: str, title: str, user: str, **options: object) -> Scenario:
    return Scenario("user_role", effect, title, {"user": user, **options})


SCENARIOS = (
    Scenario("tenant", CREATE, "from a device", {**_NEW, "wait_timeout": 60}),
    Scenario("tenant", CREATE, "and not waited for", {**_NEW, "wait": False}),
    Scenario("tenant", NOTHING, "made before", _NEW, first=(("tenant", _NEW),)),
    Scenario("tenant", CHANGE, "its name", {"tenant": TENANT_ID, "name": "Contoso Workshop"}),
    Scenario("tenant", NOTHING, "its name as it is", {"tenant": TENANT_ID, "name": TENANT}),
    Scenario("tenant", CHANGE, "no legacy authorization", _BLOCKED),
    Scenario("tenant", NOTHING, "no legacy authorization as written down", _BLOCKED, first=(("tenant", _BLOCKED),)),
    Scenario("tenant", REFUSED, "without its confirmation", {**_NEW, "confirm": "Contoso"}),
    Scenario("tenant", REFUSED, "from a device that is claimed", {**_NEW, "device_id": DEVICES[0].upper()}),
    Scenario("tenant", REFUSED, "with a name that is none", {**_NEW, "name": "Lab!", "confirm": "Lab!"}),
    _user(CREATE, "invited", "lin@contoso.example", roles=["reader"]),
    _user(CREATE, "invited with two roles", "lin@contoso.example", roles=["Reader", "Contributor"], exclusive=True),
    _user(CHANGE, "one role more", "ADA@contoso.example", roles=["Administrator"]),
    _user(CHANGE, "other roles", "ada@contoso.example", roles=["Administrator"], exclusive=True),
    _user(CHANGE, "one role less", "ada@contoso.example", roles=["Contributor"], state="absent"),
    _user(DELETE, "the role by force", "sam@contoso.example", state="absent", force=True),
    _user(REFUSED, "to lose the role of this very account", RUNNER, state="absent"),
    _user(REFUSED, "with a role that there is not", "ada@contoso.example", roles=["Owner"]),
    _user(REFUSED, "without an address", "ada", roles=["Reader"]),
    _user(NOTHING, "with these roles among others", "ada@contoso.example", roles=["Reader"]),
    _user(NOTHING, "with exactly these roles", "ada@contoso.example", roles=["Reader", "contributor"], exclusive=True),
    _user(DELETE, "all roles", "Sam@contoso.example", state="absent"),
    _user(DELETE, "the only role", "sam@contoso.example", roles=["Administrator"], state="absent"),
    _user(NOTHING, "unknown and to have no roles", "lin@contoso.example", state="absent"),
    _user(NOTHING, "without that role", "sam@contoso.example", roles=["Reader"], state="absent"),
    Scenario(
        "user_role",
        CREATE,
        "invited before and without a role",
        {"user": "lin@contoso.example", "roles": ["Reader"]},
        seed=fleet(),
        first=(
            ("user_role", {"user": "lin@contoso.example", "roles": ["Reader"]}),
            ("user_role", {"user": "lin@contoso.example", "state": "absent"}),
        ),
    ),
)
