# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""In which device group each device is: its address has the group, and a move changes it.

A device whose group is not known is found by listing the catalog, once per task. Later moves and claims of this task
are recorded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._backend.values import member, text_of
from .._model.refs import GroupRef
from . import wire
from .client import IntegratedClient
from .paths import group_of


class Places:
    """Device groups of devices, by lower-case ID. Safe for any number of threads."""

    def __init__(self, client: IntegratedClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._listing = threading.Lock()
        self._groups: dict[str, GroupRef | None] = {}
        self._complete = False

    def listed(self) -> Iterator[tuple[Mapping[str, Any], GroupRef | None]]:
        """Catalogs_ListDevices: all devices with their groups, as they are now."""
        path = self._client.path("listDevices")
        found: dict[str, GroupRef | None] = {}
        for body in self._client.entries(path, "listing the devices", post=True):
            group = group_of(text_of(member(body, "id")) or "")
            found[wire.device_id(body)] = group
            yield body, group
        with self._lock:
            self._groups = found
            self._complete = True

    def where(self, device_id: str) -> tuple[GroupRef | None] | None:
        """Returns the group of a device in a tuple, None for a device that is not claimed into the catalog."""
        device_id = device_id.lower()
        with self._lock:
            if device_id in self._groups:
                return (self._groups[device_id],)
        with self._listing:
            # Another thread may have listed the catalog in the meantime.
            if not self._complete:
                for _body, _group in self.listed():
                    pass
            with self._lock:
                return (self._groups[device_id],) if device_id in self._groups else None

    def learn(self, device_ids: Iterable[str], group: GroupRef | None) -> None:
        """Records that devices are in a group now; None: in none."""
        with self._lock:
            self._groups.update({device_id.lower(): group for device_id in device_ids})

    def forget(self, device_id: str | None = None) -> None:
        """Has the catalog listed again on the next look-up, of this device or of one that was not listed."""
        with self._lock:
            self._complete = False
            if device_id is not None:
                self._groups.pop(device_id.lower(), None)
