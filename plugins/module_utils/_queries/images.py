# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images and deployments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._model import Deployment, DeviceGroup, Image, is_guid, same_name
from .._reconcile.refs import require_device_group, require_product
from .._service import Service
from .._views import Values, by_name, deployment_values, image_values
from .asked import unknown
from .products import product_names

#: Up to so many images are read one by one, more by the list of the tenant.
READ_SINGLY = 16


def images(
    service: Service,
    ids: Sequence[str] | None = None,
    component_id: str | None = None,
    name: str | None = None,
) -> list[Values]:
    """Images by name: all, or those of these GUIDs, this component and this name, as far as they are there."""
    if ids is None:
        found: Iterable[Image] = service.images()
    else:
        known = _known(service, ids)
        found = [known[each] for each in dict.fromkeys(ids) if each in known]
    return [
        image_values(image)
        for image in found
        if component_id in (None, image.component_id) and (name is None or same_name(image.name or "", name))
    ]


def with_status(service: Service, shown: Sequence[Values]) -> list[Values]:
    """Images with what the service says of their upload, a request for each."""
    return [{**values, "status": service.image_status(values["id"])} for values in shown]


def with_download_url(service: Service, shown: Sequence[Values]) -> list[Values]:
    """Images with the address from which anybody can fetch them for a while: a secret. A request for each."""
    return [{**values, "download_url": service.image_download(values["id"]).url} for values in shown]


def component_ids(service: Service, ids: Sequence[str]) -> dict[str, str | None]:
    """Component of each image that the service knows, by the service's own call for it."""
    return service.component_ids(ids)


def require_images(service: Service, terms: Sequence[str]) -> list[Values]:
    """By GUID or name; a name gives each image that has it. Raises InvalidInput with the names that there are."""
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
    """Deployments by product and group, the newest of each first; of all groups or some, or only those in force.

    Raises InvalidInput for a product or group that is not there.
    """
    made = [
        (name, group, deployment)
        for name, group in _groups(service, product, device_group)
        for deployment in _deployments(service, group, current)
    ]
    known = _known(service, sorted({image for _name, _group, deployment in made for image in deployment.images}))
    return [_shown(deployment, known, name, group) for name, group, deployment in made]


def deployment(service: Service, deployment_id: str) -> list[Values]:
    """The one of this GUID, if it is there. The service does not say of which group it is (FACTS: images)."""
    found = service.deployment(deployment_id)
    return [] if found is None else [_shown(found, _known(service, found.images), None, None)]


def _groups(service: Service, product: str | None, device_group: str | None) -> list[tuple[str, DeviceGroup]]:
    """Groups with the names of their products, in the order of the names."""
    if device_group is not None:
        owner, group = require_device_group(service, product, device_group)
        return [(owner.name, group)]
    if product is not None:
        owner = require_product(service, product)
        return [(owner.name, group) for group in by_name(service.device_groups(owner.id))]
    groups = service.device_groups()
    names = product_names(service, groups)
    named = [(names.get(group.product_id, group.product_id), group) for group in by_name(groups)]
    return sorted(named, key=lambda each: each[0].casefold())


def _deployments(service: Service, group: DeviceGroup, current: bool) -> list[Deployment]:
    if not current:
        return service.deployments(group.id)
    return [] if group.current_deployment is None else [group.current_deployment]


def _shown(deployment: Deployment, known: dict[str, Image], product: str | None, group: DeviceGroup | None) -> Values:
    in_force = group.current_deployment.id if group is not None and group.current_deployment is not None else None
    return {
        **deployment_values(deployment, known),
        "product": product,
        "device_group": None if group is None else group.name,
        "device_group_id": None if group is None else group.id,
        "current": None if group is None else deployment.id == in_force,
    }


def _known(service: Service, ids: Sequence[str]) -> dict[str, Image]:
    if len(ids) > READ_SINGLY:
        wanted = set(ids)
        return {image.id: image for image in service.images() if image.id in wanted}
    read = (service.image(each) for each in ids)
    return {image.id: image for image in read if image is not None}


def _is(image: Values, term: str) -> bool:
    return bool(image["id"] == term.lower()) if is_guid(term) else same_name(image["name"] or "", term)
