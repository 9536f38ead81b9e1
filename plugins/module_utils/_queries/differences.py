# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What two services that show the same fleet report differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._model.refs import GroupRef
from .._model.resources import DeviceGroup
from .._service import Service
from .._views.resources import Values, group_settings

#: Concurrent requests for the deployments of device groups. The session allows fewer while the service is throttling.
AT_ONCE = 16
#: By key, the name that results show and the values to compare.
Shown = Mapping[str, tuple[str, Values]]


def differences(legacy: Service, integrated: Service) -> list[Values]:
    """Returns what differs between products, device groups, deployments, images and devices, by kind and name.

    Each has `kind`, `name`, `field`, and the values of both as `legacy` and `integrated`. The field of a resource that
    one of them lacks is `exists`.
    """
    old_groups, new_groups = _groups(legacy.device_groups.list()), _groups(integrated.device_groups.list())
    common = sorted(set(old_groups) & set(new_groups))
    return [
        *_compared("product", _products(legacy), _products(integrated)),
        *_compared("device_group", _group_settings(old_groups), _group_settings(new_groups)),
        *_compared(
            "deployment", _deployments(legacy, old_groups, common), _deployments(integrated, new_groups, common)
        ),
        *_compared("image", _images(legacy), _images(integrated)),
        *_compared("device", _devices(legacy), _devices(integrated)),
    ]


def _compared(kind: str, legacy: Shown, integrated: Shown) -> Iterator[Values]:
    for key in sorted({*legacy, *integrated}):
        name, one = legacy.get(key, ("", None))
        other_name, other = integrated.get(key, ("", None))
        if one is None or other is None:
            yield _difference(kind, name or other_name, "exists", one is not None, other is not None)
            continue
        for field, value in one.items():
            if value != other[field]:
                yield _difference(kind, name, field, value, other[field])


def _difference(kind: str, name: str, field: str, legacy: Any, integrated: Any) -> Values:
    return {"kind": kind, "name": name, "field": field, "legacy": legacy, "integrated": integrated}


def _products(service: Service) -> Shown:
    return {
        each.name.casefold(): (each.name, {"name": each.name, "description": each.description or ""})
        for each in service.products.list()
    }


def _groups(found: Iterable[DeviceGroup]) -> dict[str, DeviceGroup]:
    return {str(group.ref).casefold(): group for group in found}


def _group_settings(groups: Mapping[str, DeviceGroup]) -> Shown:
    return {
        key: (
            str(group.ref),
            {"name": group.name, **group_settings(group), "description": group.description or ""},
        )
        for key, group in groups.items()
    }


def _deployments(service: Service, groups: Mapping[str, DeviceGroup], keys: Iterable[str]) -> Shown:
    def images(ref: GroupRef) -> list[str] | None:
        found = service.deployments.list(ref)
        return sorted(found[0].images) if found else None

    wanted = list(keys)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        current = list(pool.map(images, [groups[key].ref for key in wanted]))
    finally:
        pool.shutdown(cancel_futures=True)
    return {key: (str(groups[key].ref), {"images": each}) for key, each in zip(wanted, current, strict=True)}


def _images(service: Service) -> Shown:
    return {
        each.id: (each.id, {"name": each.name, "component_id": each.component_id}) for each in service.images.list()
    }


def _devices(service: Service) -> Shown:
    found = {}
    for device in service.devices.list():
        group = device.group
        found[device.id] = (device.id, {"device_group": None if group is None else str(group)})
    return found
