# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deployments: children of a device group. `.default` is the current one on reads, and makes a new one on writes."""

from __future__ import annotations

from collections.abc import Sequence

from .._backend.values import newest_first
from .._model.refs import GroupRef
from .._model.resources import Deployment, Operation
from . import wire
from .client import IntegratedClient
from .device_groups import IntegratedDeviceGroups
from .operations import IntegratedOperations
from .paths import segment


class IntegratedDeployments:
    def __init__(
        self, client: IntegratedClient, operations: IntegratedOperations, groups: IntegratedDeviceGroups
    ) -> None:
        self._client = client
        self._operations = operations
        self._groups = groups

    def list(self, group: GroupRef) -> Sequence[Deployment]:
        """Deployments_ListByDeviceGroup: the whole history, whose order is not documented."""
        doing = f"listing the deployments of the device group {group}"
        found = self._client.entries(f"{self._groups.path(group)}/deployments", doing, target=str(group))
        return newest_first(made for body in found if (made := wire.deployment(body)) is not None)

    def get(self, deployment_id: str) -> Deployment | None:
        """Deployments_Get. Its address has the group, so the groups are searched: those with a deployment alone."""
        for group in self._groups.list():
            if group.current_deployment is None:
                continue
            path = f"{self._groups.path(group.ref)}/deployments/{segment(deployment_id)}"
            body = self._client.find(path, f"looking up the deployment {deployment_id}", target=deployment_id)
            found = None if body is None else wire.deployment(body)
            if found is not None:
                return found
        return None

    def create(self, group: GroupRef, image_ids: Sequence[str]) -> Operation:
        """Deployments_CreateOrUpdate of `.default`. Each request makes a new deployment: it is never sent twice."""
        wanted = tuple(sorted(image_id.lower() for image_id in image_ids))

        def current_is_this() -> bool:
            body = self._groups.current_deployment(group)
            found = None if body is None else wire.deployment(body)
            return found is not None and found.images == wanted

        images = [{"properties": {"imageId": image_id}} for image_id in wanted]
        return self._operations.start(
            "PUT",
            f"{self._groups.path(group)}/deployments/.default",
            f"deploying {len(image_ids)} images to the device group {group}",
            "DeployToDeviceGroup",
            there=current_is_this,
            target=str(group),
            idempotent=False,
            body=wire.wrapped({"deployedImages": images}),
        )
