# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deployments in the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._errors import InvalidInput, NotFound
from .._model.refs import GroupRef
from .._model.resources import Deployment, Operation
from .._model.values import Placeholder
from .state import State


class OverlayDeployments:
    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, group: GroupRef) -> Sequence[Deployment]:
        below = self._state.groups.below(group)
        if below is None:
            self._state.group(group)  # A group that was deleted here is not found there either.
        there = [] if below is None else self._state.base.deployments.list(below)
        return [*reversed(self._state.deployments.get(group, [])), *there]

    def get(self, deployment_id: str) -> Deployment | None:
        made = (deployment for group in self._state.deployments.values() for deployment in group)
        found = next((deployment for deployment in made if deployment.id == deployment_id), None)
        return found or self._state.base.deployments.get(deployment_id)

    def create(self, group: GroupRef, image_ids: Sequence[str]) -> Operation | None:
        found = self._state.group(group)
        self._require_deployable(image_ids)
        deployment = Deployment(
            id=self._state.new_value("deployment", found.name),
            images=tuple(sorted(image_ids)),
            deployed_at=Placeholder("time of the deployment"),
        )
        self._state.deployments.setdefault(found.ref, []).append(deployment)
        self._state.groups.change(found.ref, replace(found, current_deployment=deployment))
        return self._state.started("deployments.create")

    def _require_deployable(self, image_ids: Sequence[str]) -> None:
        """Raises NotFound for an image that does not exist, InvalidInput for two builds of one component."""
        components: dict[str, str] = {}
        for image_id in image_ids:
            image = self._state.images.get(image_id)
            if image is None:
                raise NotFound(f"There is no image {image_id}.", code="NotFound", target=image_id)
            component = image.component_id
            if component is None or not self._state.base.capabilities.one_image_per_component:
                continue
            other = components.setdefault(component, image_id)
            if other != image_id:
                raise InvalidInput(
                    f"The images {other} and {image_id} are builds of one component, {component}; "
                    "a deployment has each component once.",
                    code="component_twice",
                    target=image_id,
                )
