# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""References: the names by which products and device groups are addressed, whichever service holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True, eq=False)
class ProductRef:
    """A product by its name, in any case. Blanks count.

    `key` is empty, or set by a backend to distinguish products of one name: only the backend makes and reads it.
    """

    name: str
    key: str = ""

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProductRef) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def renamed(self, name: str) -> ProductRef:
        """Returns the reference of the product once it has this name."""
        return ProductRef(name, self.key if name.casefold() == self.name.casefold() else "")

    @property
    def _identity(self) -> tuple[str, str]:
        return self.name.casefold(), self.key


@dataclass(frozen=True, eq=False)
class GroupRef:
    """A device group by its product and its name, in any case. Blanks count. `key` is as in ProductRef."""

    product: ProductRef
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.product}/{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupRef) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def renamed(self, name: str) -> GroupRef:
        """Returns the reference of the device group once it has this name."""
        return GroupRef(self.product, name, self.key if name.casefold() == self.name.casefold() else "")

    @property
    def _identity(self) -> tuple[ProductRef, str, str]:
        return self.product, self.name.casefold(), self.key


#: Where to look for devices: in the whole tenant (None), in a product, or in a device group.
Scope: TypeAlias = "ProductRef | GroupRef | None"


def group_ref(product: str, name: str) -> GroupRef:
    """Returns the reference of a device group by the two names."""
    return GroupRef(ProductRef(product), name)


def is_within(group: GroupRef, scope: Scope) -> bool:
    """Returns whether a device group is the scope or in it."""
    return scope is None or scope in (group, group.product)


class Place:
    """The device group that a device is in, looked up once and only when somebody asks.

    :param find: returns the group.
    :param compare: returns whether it is a group, or is in a product, where that is known without looking the group
        up; None where it is not.
    """

    def __init__(
        self, find: Callable[[], GroupRef], compare: Callable[[ProductRef | GroupRef], bool | None] | None = None
    ) -> None:
        self._find = find
        self._compare = compare

    @classmethod
    def at(cls, group: GroupRef) -> Place:
        """Returns a place that is known."""
        return cls(lambda: group)

    @cached_property
    def group(self) -> GroupRef:
        return self._find()

    def is_within(self, scope: Scope) -> bool:
        """Returns whether it is this device group, or in this product."""
        if scope is None:
            return True
        known = None if self._compare is None else self._compare(scope)
        return is_within(self.group, scope) if known is None else known
