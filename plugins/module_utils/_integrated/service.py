# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The Resource Manager provider Microsoft.AzureSphere as a backend of the service port."""

from __future__ import annotations

from collections.abc import Callable

from .._http.backoff import Backoff
from .._http.session import Session
from .._service import Capabilities, Naming, NamingRule
from .certificates import IntegratedCertificates
from .claims import CHUNK
from .client import IntegratedClient
from .deployments import IntegratedDeployments
from .device_groups import IntegratedDeviceGroups
from .devices import IntegratedDevices
from .images import IntegratedImages
from .insights import IntegratedInsights
from .operations import POLLS, IntegratedOperations
from .paths import CatalogPath
from .products import IntegratedProducts
from .tenants import IntegratedTenants
from .users import ELSEWHERE, NoUsers

# Source: FACTS, resource model and names.
_CATALOG = NamingRule(r"[A-Za-z0-9_-]{1,50}", "use 1 to 50 letters, digits, hyphens and underscores")
_PRODUCT = NamingRule(
    r"\w[\w\s]{1,48}\w", "use 3 to 50 letters, digits, underscores and spaces, with no space at either end"
)
_GROUP = NamingRule(
    r"[A-Za-z0-9]{1,2}|[A-Za-z0-9][A-Za-z0-9\s]{1,48}[A-Za-z0-9]",
    "use 1 to 50 letters, digits and spaces, with no space at either end",
)
#: Types of the operations that writes start; other writes complete at once (FACTS: long-running operations).
_OPERATIONS = {
    "devices.claim": "DeviceClaim",
    "devices.claim_many": "BulkDeviceClaim",
    "devices.move": "DeviceUpdateDeviceGroup",
    "images.upload": "ImageUpload",
    "deployments.create": "DeployToDeviceGroup",
}
_NAMES = "The name of a resource is its identity in Azure: create another one, and move its devices."
_IDS = "Resources are identified by their names in Azure: give the names."
CAPABILITIES = Capabilities(
    rename=False,
    block_legacy_authorization=False,
    users=False,
    ids=False,
    tenant_needs_device=False,
    leave_all_groups=True,
    claim_into_group=True,
    devices_per_claim=CHUNK,
    naming=Naming(tenant=_CATALOG, product=_PRODUCT, device_group=_GROUP),
    elsewhere={
        "rename": _NAMES,
        "users": ELSEWHERE,
        "ids": _IDS,
        "block_legacy_authorization": "Pause access to the Legacy tenant in the Azure portal.",
    },
    operations=_OPERATIONS,
)


class IntegratedService:
    """The whole port (`_service.Service`) over the catalog-based interface.

    :param polls: the pauses between polls of an operation.
    """

    def __init__(
        self, session: Session, catalog: CatalogPath, debug: Callable[[str], None], polls: Backoff = POLLS
    ) -> None:
        client = IntegratedClient(session, catalog, debug)
        self.capabilities = CAPABILITIES
        self.operations = IntegratedOperations(client, polls)
        self.tenants = IntegratedTenants(client, self.operations)
        self.certificates = IntegratedCertificates(client)
        self.users = NoUsers()
        self.products = IntegratedProducts(client, self.operations)
        self.device_groups = IntegratedDeviceGroups(client, self.operations)
        self.images = IntegratedImages(client, self.operations)
        self.deployments = IntegratedDeployments(client, self.operations, self.device_groups)
        self.devices = IntegratedDevices(client, self.operations, self.tenants, self.device_groups, self.images)
        self.insights = IntegratedInsights(client)
