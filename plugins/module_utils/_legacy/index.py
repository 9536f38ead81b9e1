# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The GUIDs of references: a cache that lives as long as the service, filled by every reply."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from .._model.refs import GroupRef, ProductRef

Ref = TypeVar("Ref", ProductRef, GroupRef)


class _Names(Generic[Ref]):
    """References and GUIDs of one kind of resource."""

    def __init__(self) -> None:
        self._ids: dict[Ref, str] = {}
        self._refs: dict[str, Ref] = {}

    def id(self, ref: Ref) -> str | None:
        return self._ids.get(ref)

    def ref(self, guid: str) -> Ref | None:
        return self._refs.get(guid)

    def learn(self, guid: str, named: Ref) -> Ref:
        """Returns the reference of this GUID, which a reply showed under this name.

        A second GUID of the same name gets a reference with a key, so that both stay addressable.
        """
        known = self._refs.get(guid)
        if known is not None and known.renamed(named.name) == known:
            named = replace(named, key=known.key)
        elif self._ids.get(named, guid) != guid:
            named = replace(named, key=guid)
        if known is not None and self._ids.get(known) == guid:
            del self._ids[known]
        self._ids[named] = guid
        self._refs[guid] = named
        return named

    def forget(self, guid: str) -> None:
        ref = self._refs.pop(guid, None)
        if ref is not None and self._ids.get(ref) == guid:
            del self._ids[ref]

    def follow(self, renamed: Callable[[Ref], Ref]) -> None:
        self._refs = {guid: renamed(ref) for guid, ref in self._refs.items()}
        self._ids = {ref: guid for guid, ref in self._refs.items()}


class Index:
    """GUIDs and references of products and device groups. Safe for any number of threads.

    A deleted resource keeps its GUID until it is known to be gone, so that no other one of its name is mistaken for it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._products: _Names[ProductRef] = _Names()
        self._groups: _Names[GroupRef] = _Names()
        self._deleted: set[str] = set()
        self._chosen: set[str] = set()

    def product_id(self, ref: ProductRef) -> str | None:
        with self._lock:
            return self._products.id(ref)

    def product_ref(self, guid: str) -> ProductRef | None:
        with self._lock:
            return self._products.ref(guid)

    def learn_product(self, guid: str, name: str) -> ProductRef:
        """Returns the reference of a product that a reply showed; its groups follow a new name."""
        with self._lock:
            before = self._products.ref(guid)
            ref = self._products.learn(guid, ProductRef(name))
            if before is not None and (before != ref or before.name != ref.name):
                self._groups.follow(lambda group: replace(group, product=ref) if group.product == before else group)
            return ref

    def group_id(self, ref: GroupRef) -> str | None:
        with self._lock:
            return self._groups.id(ref)

    def group_ref(self, guid: str) -> GroupRef | None:
        with self._lock:
            return self._groups.ref(guid)

    def learn_group(self, guid: str, product: ProductRef, name: str) -> GroupRef:
        """Returns the reference of a device group that a reply showed."""
        with self._lock:
            return self._groups.learn(guid, GroupRef(product, name))

    def choose(self, guid: str) -> None:
        """Records that a product was requested by its GUID: others may have its name."""
        with self._lock:
            self._chosen.add(guid)

    def is_chosen(self, guid: str) -> bool:
        with self._lock:
            return guid in self._chosen

    def delete(self, guid: str) -> None:
        """Records that a product or device group was deleted here."""
        with self._lock:
            self._deleted.add(guid)

    def forget_deleted(self) -> None:
        """Forgets what was deleted here: a new resource may have its name from now on."""
        with self._lock:
            for guid in self._deleted:
                self._products.forget(guid)
                self._groups.forget(guid)
            self._deleted.clear()

    def gone(self, guid: str) -> bool:
        """Forgets a resource that no longer exists; returns whether it was deleted here."""
        with self._lock:
            self._products.forget(guid)
            self._groups.forget(guid)
            return guid in self._deleted
