# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Names of hosts and groups, which must be unique."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts

#: Hexadecimal digits of a device ID that a host name has at least.
SHORTEST = 12
#: Names with a meaning of their own: to Ansible, or in the output of ansible-inventory.
RESERVED = ("all", "ungrouped", "localhost", "_meta")


def free_group_name(name: str) -> str:
    """Returns a name that a group may have. Raises InvalidValue for one that Ansible reserves."""
    if name in RESERVED:
        raise texts.InvalidValue(f"Ansible reserves {texts.described(name)}", "Use another name")
    return name


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Returns the first digits of each ID, as many as it takes to be unique among all."""
    ordered = sorted(set(ids))
    neighbours = zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False)
    return {each: each[: max(_common(before, each), _common(each, after)) + 1] for before, each, after in neighbours}


def _common(one: str, other: str) -> int:
    """Returns how many characters are the same at the start, and at least SHORTEST - 1."""
    if one[:SHORTEST] != other[:SHORTEST]:
        return SHORTEST - 1
    return next(place for place, (left, right) in enumerate(zip(one, other, strict=True)) if left != right)


@dataclass
class GroupNames:
    """Names of inventory groups, each of which means one thing only.

    :param prefix: the group of all devices, and the start of the other names.
    :param clean: makes a valid group name of a text.
    """

    prefix: str
    clean: Callable[[str], str]
    _meanings: dict[str, str] = field(default_factory=dict)

    def root(self) -> str:
        """Returns the group of all devices."""
        return self._unique(self.prefix, "the group of all devices")

    def product(self, product: str) -> str:
        """Returns the group of a product. Raises InvalidInput if another one has the same name."""
        return self._unique(f"{self.prefix}_{product.lower()}", f'product "{product}"')

    def device_group(self, product: str, name: str) -> str:
        """Returns the group of a device group. Raises InvalidInput if another one has the same name."""
        return self._unique(f"{self.prefix}_{product.lower()}__{name.lower()}", f'device group "{product}/{name}"')

    def _unique(self, name: str, meaning: str) -> str:
        cleaned = self.clean(name)
        other = self._meanings.setdefault(cleaned, meaning)
        if other != meaning:
            raise InvalidInput(
                f"Cannot name the inventory groups: {other} and {meaning} are both {cleaned}.",
                code="group_names",
                target=cleaned,
                hint="Rename one of them, or leave one of them out with product or device_group.",
            )
        return cleaned


def require_unique(names: Mapping[str, str]) -> None:
    """Raises InvalidInput unless all host names, by device ID, differ."""
    owners: dict[str, str] = {}
    for device_id, name in names.items():
        other = owners.setdefault(name, device_id)
        if other != device_id:
            raise InvalidInput(
                f"Invalid hostname: both device {other[:SHORTEST]}… and device {device_id[:SHORTEST]}… "
                f'get the name "{name}".',
                code="host_names",
                target=name,
                hint="Use azsphere_short_id or azsphere_device_id in it.",
            )
