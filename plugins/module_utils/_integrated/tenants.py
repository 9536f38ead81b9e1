# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Catalogs, which are what a tenant is here: an Azure resource in a resource group, with the tenant's GUID inside."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from .._backend.values import body_of, encoded, member, text_of
from .._errors import InvalidInput, NotFound, Unsupported
from .._model.resources import Operation, Tenant
from . import wire
from .client import IntegratedClient
from .operations import IntegratedOperations
from .paths import PROVIDER, resource_group_of, segment

#: Where clients create catalogs.
LOCATION = "global"


class IntegratedTenants:
    def __init__(self, client: IntegratedClient, operations: IntegratedOperations) -> None:
        self._client = client
        self._operations = operations
        self._lock = threading.Lock()
        self._read: Tenant | None = None
        self._made: set[str] = set()

    def list(self) -> Sequence[Tenant]:
        """Catalogs_ListBySubscription, which may lag: the catalog in use and those created here are added if missing.

        Catalogs of other resource groups are listed as `resource group/catalog`: names are unique in a group only.
        """
        bodies = self._client.catalogs(self._client.catalog.subscription)
        within = f"{self._client.catalog.group}/providers/".lower()
        found: list[Tenant] = []
        here: set[str] = set()
        for body in bodies:
            catalog, resource_id = wire.tenant(body), text_of(member(body, "id")) or ""
            if resource_id.lower().startswith(within):
                here.add((catalog.name or "").lower())
            else:
                catalog = replace(catalog, name=f"{resource_group_of(resource_id)}/{catalog.name}")
            found.append(catalog)
        for name in {self._client.catalog.catalog, *self._made}:
            own = None if name.lower() in here else self.named(name)
            found += [] if own is None else [own]
        return sorted(found, key=lambda tenant: (tenant.name or "", tenant.id))

    def current(self) -> Tenant:
        """Catalogs_Get."""
        with self._lock:
            if self._read is None:
                self._read = wire.tenant(self._client.read_catalog())
            return self._read

    def identity(self) -> str:
        return self._client.catalog.resource_id.lower()

    def named(self, name: str) -> Tenant | None:
        """Catalogs_Get of a catalog in the resource group in use, None if it does not exist."""
        try:
            doing = f"looking up the catalog {name}"
            return wire.tenant(body_of(self._client.read(self._path(name), doing, target=name), doing))
        except NotFound as error:
            if error.code in ("ResourceGroupNotFound", "SubscriptionNotFound", "InvalidSubscriptionId"):
                raise InvalidInput(
                    error.message,
                    code=error.code,
                    status=error.status,
                    target=self._client.catalog.resource_group,
                    request_id=error.request_id,
                    hint=error.hint,
                ) from error
            return None

    def create(self, name: str, device_id: str | None = None) -> Operation | None:
        """Catalogs_CreateOrUpdate. It needs no device.

        A catalog that exists by now stays as it is: a second creation would replace its tags.
        """
        self._made.add(name)
        if self.named(name) is not None:
            return None
        return self._operations.write(
            "PUT",
            self._path(name),
            f"creating the catalog {name}",
            "CatalogCreation",
            there=lambda: self.named(name) is not None,
            target=name,
            body=encoded({"location": LOCATION}),
        )

    def rename(self, name: str) -> NoReturn:
        raise Unsupported("This service cannot rename catalogs.", target=name)

    def block_legacy_authorization(self) -> NoReturn:
        raise Unsupported("This service cannot block legacy authorization.")

    def _path(self, name: str) -> str:
        return f"{self._client.catalog.group_path}/providers/{PROVIDER}/catalogs/{segment(name)}"
