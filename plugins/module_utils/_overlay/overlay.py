# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port on top of another port: reads through it, and keeps all writes to itself.

Check mode runs on this, and a blueprint runs on it first, to know the whole plan before the first write. What only the
service can assign (a GUID, a time) is a Placeholder here.
"""

from __future__ import annotations

from .._model.values import Placeholder
from .._service import Service
from .deployments import OverlayDeployments
from .device_groups import OverlayDeviceGroups
from .devices import OverlayDevices
from .images import OverlayImages
from .operations import OverlayOperations
from .products import OverlayProducts
from .state import NewValue, State
from .tenants import OverlayCertificates, OverlayTenants
from .users import OverlayUsers


class Overlay:
    """A Service on top of a Service. Sends only reads to the one below, with the names that it knows.

    :param new_value: makes a value that the service would assign to a new resource, such as a GUID.
    :param checked: whether a write that the service below would reject is rejected here too, which may take reads.
    """

    #: Whether this service only predicts what another would do.
    predicts = True

    def __init__(self, base: Service, new_value: NewValue = Placeholder, checked: bool = True) -> None:
        state = State(base, new_value, checked)
        self.capabilities = base.capabilities
        self.tenants = OverlayTenants(state)
        self.certificates = OverlayCertificates(base)
        self.users = OverlayUsers(base)
        self.devices = OverlayDevices(state)
        self.device_groups = OverlayDeviceGroups(state, self.devices)
        self.products = OverlayProducts(state, self.device_groups, self.devices)
        self.images = OverlayImages(state)
        self.deployments = OverlayDeployments(state)
        self.insights = base.insights
        self.operations = OverlayOperations(base)
