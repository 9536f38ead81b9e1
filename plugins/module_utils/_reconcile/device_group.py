# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a device group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .._errors import InvalidInput
from .._model import DeviceGroup, DeviceGroupChange, DeviceGroupDraft, Operation, Product
from .._service import Service
from .._views import device_group_values
from .devices_in_the_way import refuse_while_devices
from .plan import Execution, Plan, Snapshot, Step
from .refs import device_group_again, find_device_group, find_product, place, require_product, require_single


@dataclass(frozen=True)
class DesiredDeviceGroup:
    """A device group as it is to be. None leaves a member as it is; `id` identifies, and then `name` renames."""

    product: str | None = None
    name: str | None = None
    id: str | None = None
    description: str | None = None
    os_feed: str | None = None
    update_policy: str | None = None
    allow_crash_dumps_collection: bool | None = None
    present: bool = True


def plan(service: Service, desired: DesiredDeviceGroup) -> Plan:
    """Reads the group and plans its creation, change or deletion."""
    product, group = _find(service, desired)
    before = snapshot(group, product)
    name = group.name if group else desired.name or desired.id or ""
    title = f"device group {place(product.name, name) if product else name}"
    if not desired.present:
        if group is None:
            return Plan(title, before, (), lambda _after: before)
        gone = group
        return Plan(
            title, before, _deletion(service, gone), lambda after: snapshot(after.device_group(gone.id), product)
        )
    if product is None:
        raise AssertionError("a group that is to be has a product")
    owner = product
    if group is None:
        steps = tuple(_creation(owner, desired))
        return Plan(title, before, steps, _reader(owner, lambda after: after.device_group_named(owner.name, name)))
    found = group
    steps = tuple(_change(found, _differences(found, desired)))
    return Plan(title, before, steps, _reader(owner, lambda after: device_group_again(after, owner, found)))


def snapshot(group: DeviceGroup | None, product: Product | None) -> Snapshot:
    """A group. Its current deployment has a difference of its own."""
    if group is None:
        return Snapshot()
    shown = {
        "name": group.name,
        "product": product.name if product else group.product_id,
        "description": group.description,
        "os_feed": group.os_feed,
        "update_policy": group.update_policy,
        "allow_crash_dumps_collection": group.allow_crash_dumps_collection,
    }
    return Snapshot(device_group_values(group, product.name if product else None), shown)


def _reader(product: Product, find: Callable[[Service], DeviceGroup | None]) -> Callable[[Service], Snapshot]:
    return lambda after: snapshot(find(after), product)


def _find(service: Service, desired: DesiredDeviceGroup) -> tuple[Product | None, DeviceGroup | None]:
    if desired.id is not None:
        group = service.device_group(desired.id.lower())
        if group is None and desired.present:
            raise InvalidInput(
                f"There is no device group {desired.id} in the tenant.",
                code="unknown_device_group",
                target=desired.id,
                hint="To create a device group, give its product and name and no id.",
            )
        return (service.product(group.product_id) if group else None), group
    product = (require_product if desired.present else find_product)(service, desired.product or "")
    if product is None:
        return None, None
    group = find_device_group(service, product, desired.name or "")
    if group is not None and not desired.present:
        require_single(service.device_groups(product.id), group, "device group")
    return product, group


def _creation(product: Product, desired: DesiredDeviceGroup) -> list[Step]:
    draft = DeviceGroupDraft(
        product_id=product.id,
        name=desired.name or "",
        description=desired.description,
        os_feed=desired.os_feed or "Retail",
        update_policy=desired.update_policy or "UpdateAll",
    )
    where = place(product.name, draft.name)

    def create(execution: Execution) -> None:
        execution.service.create_device_group(replace(draft, product_id=execution.id(draft.product_id)))

    steps = [Step(f'create the device group "{where}"', create)]
    if desired.allow_crash_dumps_collection:
        # The request that creates a group has no member for it (DeviceGroup_Create).
        def allow(execution: Execution) -> None:
            group = execution.service.device_group_named(product.name, draft.name)
            change = DeviceGroupChange(allow_crash_dumps_collection=True)
            execution.service.update_device_group(group.id if group else draft.name, change)

        steps.append(Step(f'allow the collection of crash dumps from "{where}"', allow))
    return steps


def _differences(group: DeviceGroup, desired: DesiredDeviceGroup) -> DeviceGroupChange:
    """What is wanted and not so; None where nothing is to change."""

    def changed(name: str) -> str | None:
        wanted: str | None = getattr(desired, name)
        return wanted if wanted is not None and wanted != (getattr(group, name) or "") else None

    crash_dumps = desired.allow_crash_dumps_collection
    return DeviceGroupChange(
        name=changed("name") if desired.id is not None else None,
        description=changed("description"),
        os_feed=changed("os_feed"),
        update_policy=changed("update_policy"),
        allow_crash_dumps_collection=None if crash_dumps == group.allow_crash_dumps_collection else crash_dumps,
    )


def _change(group: DeviceGroup, change: DeviceGroupChange) -> list[Step]:
    if change == DeviceGroupChange():
        return []

    def update(execution: Execution) -> None:
        execution.service.update_device_group(execution.id(group.id), change)

    return [Step(f'update the device group "{group.name}"', update)]


def _deletion(service: Service, group: DeviceGroup) -> tuple[Step, ...]:
    refuse_while_devices(service, f'device group "{group.name}"', device_group_id=group.id)

    def delete(execution: Execution) -> Operation | None:
        return execution.service.delete_device_group(execution.id(group.id))

    return (Step(f'delete the device group "{group.name}"', delete),)
