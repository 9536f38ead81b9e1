# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Device insights: events of all devices of the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from .._model.resources import Insight
from . import wire
from .client import IntegratedClient


class IntegratedInsights:
    def __init__(self, client: IntegratedClient) -> None:
        self._client = client

    def list(self) -> Iterator[Insight]:
        """Catalogs_ListDeviceInsights."""
        path = self._client.path("listDeviceInsights")
        for body in self._client.entries(path, "listing the insights of the devices", post=True):
            yield wire.insight(body)
