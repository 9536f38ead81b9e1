# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Public API v2 as a backend of the service port."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from .._http.session import Session
from .._service import Capabilities, Naming, NamingRule
from .client import CHUNK, LegacyClient
from .device_groups import LegacyDeviceGroups
from .index import Index
from .products import LegacyProducts
from .starting import Starter

if TYPE_CHECKING:
    from .certificates import LegacyCertificates
    from .deployments import LegacyDeployments
    from .devices import LegacyDevices
    from .images import LegacyImages
    from .insights import LegacyInsights
    from .operations import LegacyOperations
    from .tenants import LegacyTenants
    from .users import LegacyUsers

#: Source: FACTS, tenants and access; products and device groups.
_NAMES = NamingRule(r"[A-Za-z0-9][A-Za-z0-9 ]{0,49}", "use 1 to 50 letters, digits and spaces, and no leading space")
#: Types of the operations that writes start; other writes complete at once (FACTS: asynchronous operations).
_OPERATIONS = {
    "tenants.create": "TenantCreation",
    "products.create": "CreateProduct",
    "products.delete": "DeleteProduct",
    "device_groups.delete": "DeleteDeviceGroup",
    "devices.claim": "DeviceClaim",
    "devices.claim_many": "BulkDeviceClaim",
    "devices.move": "DeviceUpdateDeviceGroup",
    "images.upload": "ImageUpload",
    "deployments.create": "DeployToDeviceGroup",
}
CAPABILITIES = Capabilities(
    elsewhere={"leave_all_groups": "Move them to a device group for such devices, or use api integrated."},
    devices_per_claim=CHUNK,
    naming=Naming(tenant=_NAMES, product=_NAMES, device_group=_NAMES),
    operations=_OPERATIONS,
)


class LegacyService:
    """The whole port (`_service.Service`) over the tenant-based interface, which ends on 27 September 2027.

    Parts that most tasks do not use are imported on first use: a launched module compiles all that it imports.
    """

    def __init__(self, session: Session, tenant: str | None, debug: Callable[[str], None]) -> None:
        self._client, self._index = LegacyClient(session, tenant, debug), Index()
        self._starter = Starter(self._client)
        self.capabilities = CAPABILITIES
        self.products = LegacyProducts(self._client, self._starter, self._index)
        self.device_groups = LegacyDeviceGroups(self._client, self._starter, self.products, self._index)

    @cached_property
    def tenants(self) -> LegacyTenants:
        from .tenants import LegacyTenants

        return LegacyTenants(self._client, self._starter)

    @cached_property
    def operations(self) -> LegacyOperations:
        from .operations import LegacyOperations

        return LegacyOperations(self._client, self._starter)

    @cached_property
    def certificates(self) -> LegacyCertificates:
        from .certificates import LegacyCertificates

        return LegacyCertificates(self._client)

    @cached_property
    def users(self) -> LegacyUsers:
        from .users import LegacyUsers

        return LegacyUsers(self._client, self._starter)

    @cached_property
    def devices(self) -> LegacyDevices:
        from .bulk import BulkWrites
        from .devices import LegacyDevices
        from .own_devices import OwnDevices

        own = OwnDevices(self._client)
        bulk = BulkWrites(self._client, self._starter, self.operations, self.tenants, own)
        return LegacyDevices(self._client, self.products, self.device_groups, self._index, bulk, own)

    @cached_property
    def images(self) -> LegacyImages:
        from .images import LegacyImages

        return LegacyImages(self._client, self._starter)

    @cached_property
    def deployments(self) -> LegacyDeployments:
        from .deployments import LegacyDeployments

        return LegacyDeployments(self._client, self._starter, self.device_groups)

    @cached_property
    def insights(self) -> LegacyInsights:
        from .insights import LegacyInsights

        return LegacyInsights(self._client)
