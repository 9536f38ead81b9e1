# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Events that devices reported: operation ErrorReporting_List."""

from __future__ import annotations

from collections.abc import Iterator

from .._model.resources import Insight
from . import wire
from .client import LegacyClient


class LegacyInsights:
    def __init__(self, client: LegacyClient) -> None:
        self._client = client

    def list(self) -> Iterator[Insight]:
        """ErrorReporting_List."""
        path = self._client.path("getDeviceInsights")
        for body in self._client.entries(path, "listing the insights of the devices"):
            yield wire.insight(body)
