# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deployments: operations Deployments_*."""

from __future__ import annotations

from collections.abc import Sequence

from .._model.refs import GroupRef
from .._model.resources import Deployment, Operation
from . import wire
from .client import LegacyClient, segment
from .device_groups import LegacyDeviceGroups
from .starting import Starter


class LegacyDeployments:
    def __init__(self, client: LegacyClient, starter: Starter, groups: LegacyDeviceGroups) -> None:
        self._client = client
        self._starter = starter
        self._groups = groups

    def list(self, group: GroupRef) -> Sequence[Deployment]:
        """Deployments_List."""
        path = self._path(group)
        doing = f"listing the deployments of the device group {group}"
        return wire.newest_first(wire.deployment(body) for body in self._client.entries(path, doing, target=str(group)))

    def get(self, deployment_id: str) -> Deployment | None:
        """Deployments_Get."""
        path = self._client.path(f"deployments/{segment(deployment_id)}")
        body = self._client.find(path, f"looking up the deployment {deployment_id}", alone=True, target=deployment_id)
        return None if body is None else wire.deployment(body)

    def create(self, group: GroupRef, image_ids: Sequence[str]) -> Operation:
        """Deployments_Create: the whole set of images, as a bare array."""
        wanted = tuple(sorted(image_id.lower() for image_id in image_ids))

        def newest_is_this() -> bool:
            return [deployment.images for deployment in self.list(group)][:1] == [wanted]

        return self._starter.start(
            "POST",
            self._path(group),
            f"deploying {len(image_ids)} images to the device group {group}",
            "DeployToDeviceGroup",
            there=newest_is_this,
            target=str(group),
            body=wire.encoded([*image_ids]),
        )

    def _path(self, group: GroupRef) -> str:
        return self._client.path(f"devicegroups/{self._groups.id_of(group)}/deployments")
