# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Public API v2 as a backend of the service port."""

from __future__ import annotations

from collections.abc import Callable

from .._http.session import Session
from .._service import Capabilities, Naming, NamingRule
from .bulk import CHUNK, BulkWrites
from .certificates import LegacyCertificates
from .client import LegacyClient
from .deployments import LegacyDeployments
from .device_groups import LegacyDeviceGroups
from .devices import LegacyDevices
from .images import LegacyImages
from .index import Index
from .insights import LegacyInsights
from .operations import LegacyOperations
from .own_devices import OwnDevices
from .products import LegacyProducts
from .starting import Starter
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
    """The whole port (`_service.Service`) over the tenant-based interface, which ends on 27 September 2027."""

    def __init__(self, session: Session, tenant: str | None, debug: Callable[[str], None]) -> None:
        client, index = LegacyClient(session, tenant, debug), Index()
        starter = Starter(client)
        self.capabilities = CAPABILITIES
        self.tenants = LegacyTenants(client, starter)
        self.certificates = LegacyCertificates(client)
        self.users = LegacyUsers(client, starter)
        self.operations = LegacyOperations(client, starter)
        self.products = LegacyProducts(client, starter, index)
        self.device_groups = LegacyDeviceGroups(client, starter, self.products, index)
        own = OwnDevices(client)
        bulk = BulkWrites(client, starter, self.operations, self.tenants, own)
        self.devices = LegacyDevices(client, self.products, self.device_groups, index, bulk, own)
        self.images = LegacyImages(client, starter)
        self.deployments = LegacyDeployments(client, starter, self.device_groups)
        self.insights = LegacyInsights(client)
