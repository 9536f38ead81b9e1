# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Which devices are where, in the overlay."""

from __future__ import annotations

from .._model import Device, Placeholder
from .layers import Layers


class FleetLayer(Layers):
    def devices(self, product_id: str | None = None, device_group_id: str | None = None) -> list[Device]:
        asked = device_group_id or product_id
        if asked is None or self._devices.complete:
            self._refuse_nowhere(product_id, device_group_id)
            rows = self._devices.all()
        else:
            below = [] if isinstance(asked, Placeholder) else self._base.devices(product_id, device_group_id)
            rows = self._devices.over(below)
        return sorted(
            (
                device
                for device in rows
                if device.tenant_id is not None
                and product_id in (None, device.product_id)
                and device_group_id in (None, device.device_group_id)
            ),
            key=lambda device: device.id,
        )

    def _refuse_nowhere(self, product_id: str | None, device_group_id: str | None = None) -> None:
        """The service below would refuse a place that is not there; where it is not asked, this does."""
        if device_group_id is not None and not isinstance(device_group_id, Placeholder):
            self._existing_group(device_group_id)
        elif product_id is not None and not isinstance(product_id, Placeholder):
            self._existing_product(product_id)

    def device(self, device_id: str) -> Device | None:
        return self._devices.get(device_id)

    def device_count(self, product_id: str | None = None, device_group_id: str | None = None) -> int:
        asked = device_group_id or product_id
        if self._devices.touched or isinstance(asked, Placeholder):
            return len(self.devices(product_id, device_group_id))
        return self._base.device_count(product_id, device_group_id)
