# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Names and enumerations of the service that several parts of the simulator use."""

from __future__ import annotations

from dataclasses import dataclass

OS_FEEDS = {"Retail": 0, "RetailEval": 1}
UPDATE_POLICIES = {"UpdateAll": 0, "No3rdPartyAppUpdates": 1, "NoUpdates": 2}
FEED_NAMES = {number: name for name, number in OS_FEEDS.items()}
POLICY_NAMES = {number: name for name, number in UPDATE_POLICIES.items()}
NO_UPDATES = UPDATE_POLICIES["NoUpdates"]


@dataclass(frozen=True)
class DefaultGroup:
    name: str
    description: str
    os_feed: int
    update_policy: int


#: The default groups of a product. Names and descriptions are those of the service.
DEFAULT_GROUPS = (
    DefaultGroup("Development", "Default development device group", 0, 1),
    DefaultGroup("Field Test", "Default test device group", 0, 0),
    DefaultGroup("Production", "Default production device group", 0, 0),
    DefaultGroup("Production OS Evaluation", "Default Production OS Evaluation device group", 1, 0),
    DefaultGroup("Field Test OS Evaluation", "Default Field Test OS Evaluation device group", 1, 0),
)


def name_problem(name: str, *, any_character: bool) -> str | None:
    """Return why a name is invalid, or None: 1 to 50 letters, digits and spaces, no leading space."""
    if not 1 <= len(name) <= 50:
        return "use 1 to 50 characters"
    if name[0] == " ":
        return "it must not start with a space"
    if not any_character and not all(c == " " or (c.isascii() and c.isalnum()) for c in name):
        return "use letters, digits and spaces only"
    return None
