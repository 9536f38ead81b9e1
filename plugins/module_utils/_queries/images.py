# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images and deployments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .._model.resources import Deployment, DeviceGroup, Image
from .._model.values import is_guid, same_name
from .._references import READ_SINGLY, require_device_group, require_product, unknown
from .._service import Service
from .._views.resources import Values, by_name, deployment_values, image_values


def images(
    service: Service,
    ids: Sequence[str] | None = None,
    component_id: str | None = None,
    name: str | None = None,
) -> list[Values]:
    """Returns images by name: all, or those of these GUIDs, this component and this name that exist."""
    if ids is None:
        found: Iterable[Image] = service.images.list()
    else:
        known = _known(service, ids)
        found = [known[each] for each in dict.fromkeys(ids) if each in known]
    return [
        image_values(image)
        for image in found
        if component_id in (None, image.component_id) and (name is None or same_name(image.name or "", name))
    ]


def with_status(service: Service, shown: Sequence[Values]) -> list[Values]:
    """Returns images with the state of their upload; sends a request for each."""
    return [{**values, "status": service.images.status(values["id"])} for values in shown]


def with_download_url(service: Service, shown: Sequence[Values]) -> list[Values]:
    """Returns images with a temporary download address, a secret; sends a request for each."""
    return [{**values, "download_url": service.images.download(values["id"]).url} for values in shown]


def component_ids(service: Service, ids: Sequence[str]) -> Mapping[str, str | None]:
    """Returns the component of each image that the service knows, as the service reports it."""
    return service.images.component_ids(ids)


def require_images(service: Service, terms: Sequence[str]) -> list[Values]:
    """Returns images by GUID or name, all of a name. Raises InvalidInput with the names that are available."""
    there = images(service)
    found: list[Values] = []
    for term in terms:
        matching = [image for image in there if _is(image, term)]
        if not matching:
            raise unknown("image", term, sorted({image["name"] or image["id"] for image in there}))
        found += matching
    return found


def deployments(
    service: Service, product: str | None = None, device_group: str | None = None, current: bool = False
) -> list[Values]:
    """Returns deployments by product and group, newest first; of all groups or some, or only the current ones.

    Raises InvalidInput for a product or group that does not exist.
    """
    made = [
        (group, deployment)
        for group in _groups(service, product, device_group)
        for deployment in _deployments(service, group, current)
    ]
    known = _known(service, sorted({image for _group, deployment in made for image in deployment.images}))
    return [_shown(deployment, known, group) for group, deployment in made]


def deployment(service: Service, deployment_id: str) -> list[Values]:
    """Returns the deployment of this GUID, if it exists; the service does not name its group (FACTS: images)."""
    found = service.deployments.get(deployment_id)
    return [] if found is None else [_shown(found, _known(service, found.images), None)]


def _groups(service: Service, product: str | None, device_group: str | None) -> Sequence[DeviceGroup]:
    """Returns groups by product and name."""
    if device_group is not None:
        return [require_device_group(service, product, device_group)]
    if product is not None:
        return by_name(service.device_groups.list(require_product(service, product).ref))
    return service.device_groups.list()


def _deployments(service: Service, group: DeviceGroup, current: bool) -> Sequence[Deployment]:
    if not current:
        return service.deployments.list(group.ref)
    return [] if group.current_deployment is None else [group.current_deployment]


def _shown(deployment: Deployment, known: dict[str, Image], group: DeviceGroup | None) -> Values:
    in_force = group.current_deployment.id if group is not None and group.current_deployment is not None else None
    return {
        **deployment_values(deployment, known),
        "product": None if group is None else group.ref.product.name,
        "device_group": None if group is None else group.name,
        "device_group_id": None if group is None else group.id,
        "current": None if group is None else deployment.id == in_force,
    }


def _known(service: Service, ids: Sequence[str]) -> dict[str, Image]:
    if len(ids) > READ_SINGLY:
        wanted = set(ids)
        return {image.id: image for image in service.images.list() if image.id in wanted}
    read = (service.images.get(each) for each in ids)
    return {image.id: image for image in read if image is not None}


def _is(image: Values, term: str) -> bool:
    return bool(image["id"] == term.lower()) if is_guid(term) else same_name(image["name"] or "", term)
