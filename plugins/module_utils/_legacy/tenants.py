# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants: operations Tenants_*."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import AmbiguousWrite, Unsupported
from .._model.resources import Operation, Tenant
from . import wire
from .client import LegacyClient
from .starting import Starter


class LegacyTenants:
    def __init__(self, client: LegacyClient, starter: Starter) -> None:
        self._client = client
        self._starter = starter
        self._read: Tenant | None = None
        self._renamed = False

    def list(self) -> Sequence[Tenant]:
        """Tenants_List."""
        return self._client.tenants()

    def current(self) -> Tenant:
        """Tenants_Get."""
        if self._read is None or self._renamed:
            self._read = self._client.read_tenant()
        return self._read

    def identity(self) -> str:
        return self._client.tenant_id()

    def create(self, name: str, device_id: str | None = None) -> Operation:
        """Tenants_Create."""
        if device_id is None:
            raise Unsupported("This service cannot create a tenant without a device.", target=name)
        doing = f"creating the tenant {name} from device {device_id}"
        body = {"DeviceId": device_id, "TenantFriendlyName": name}
        return self._starter.start(
            "POST",
            "/v2/tenants/create",
            doing,
            "TenantCreation",
            there=lambda: any(tenant.name == name for tenant in self.list()),
            target=device_id,
            body=wire.encoded(body),
        )

    def rename(self, name: str) -> None:
        """Tenants_Patch."""
        self._client.write(
            "PATCH", self._client.path(), f"renaming the tenant to {name}", body=wire.encoded({"Name": name})
        )
        # The service may show the old name for a while.
        self._renamed = True

    def block_legacy_authorization(self) -> None:
        """Tenants_BlockLegacy. No read shows it, so only the documented confirmation counts: 200 without a body.

        An empty object and the tenant itself are taken for one too.
        """
        doing = "blocking legacy authorization of the tenant"
        reply = self._client.call("POST", self._client.path("blocklegacyauthorization"), doing)
        body = reply.confirmation()
        itself = isinstance(body, dict) and wire.id_of(wire.member(body, "Id")) == self._client.tenant_id()
        if reply.status == 202 or not (itself or body in (None, "", {}, True)):
            raise AmbiguousWrite(
                f"While {doing}, the service answered {reply.status} without a confirmation; the outcome is unknown.",
                code="not_confirmed",
                status=reply.status,
                hint="Run the task again: nothing can show whether it is blocked, and blocking it twice does no harm.",
            )
