# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans device groups."""

from __future__ import annotations

from dataclasses import replace

from .._errors import InvalidInput
from .._model.refs import GroupRef, ProductRef
from .._model.resources import DeviceGroup, DeviceGroupSpec, Operation
from .._model.settings import differences
from .._references import device_group_with_id, find_device_group, find_product, require_product, require_single
from .._service import Service, require, require_name
from .._views.resources import device_group_shown, device_group_values
from .execution import Execution, Step
from .plan import Plan, Snapshot
from .require_no_devices import require_no_devices


def plan(service: Service, product: str, spec: DeviceGroupSpec, present: bool = True) -> Plan:
    """Reads the group of a product and plans its creation, change or deletion.

    :param product: name or GUID of the product.

    Raises InvalidInput or Conflict before any write.
    """
    owner = (require_product if present else find_product)(service, product)
    group = None if owner is None else find_device_group(service, owner, spec.name or "")
    if not present:
        if owner is None or group is None:
            return _nothing(spec.name or "")
        require_single(service.device_groups.list(owner.ref), group, "device group")
        return deletion(service, group)
    if owner is None:
        raise AssertionError("a group that must be there has a product")
    ref = GroupRef(owner.ref, spec.name or "") if group is None else group.ref
    steps = _creation(service, owner.ref, spec) if group is None else _changes(service, group, replace(spec, name=None))
    title = f"device group {ref}"
    return Plan(title, snapshot(group), tuple(steps), lambda after: snapshot(after.device_groups.get(ref)))


def plan_with_id(service: Service, device_group_id: str, spec: DeviceGroupSpec, present: bool = True) -> Plan:
    """Reads the group of this GUID and plans its change or deletion; a name in the spec renames it.

    Raises InvalidInput, Unsupported or Conflict before any write.
    """
    group = device_group_with_id(service, device_group_id)
    if group is None:
        if not present:
            return _nothing(spec.name or device_group_id)
        raise InvalidInput(
            f"Device group {device_group_id} not found in the tenant.",
            code="unknown_device_group",
            target=device_group_id,
            hint="To create a device group, give product and name without id.",
        )
    if not present:
        return deletion(service, group)
    steps = _changes(service, group, spec)
    title = f"device group {group.ref}"
    return Plan(title, snapshot(group), steps, lambda after: snapshot(device_group_with_id(after, device_group_id)))


def deletion(service: Service, group: DeviceGroup) -> Plan:
    """Plans to delete a device group. Raises Conflict while devices are in it."""
    require_no_devices(service, f'device group "{group.name}"', group.ref)

    def delete(execution: Execution) -> Operation | None:
        return execution.service.device_groups.delete(group.ref)

    step = Step("device_group", str(group.ref), "delete", delete)
    title = f"device group {group.ref}"
    return Plan(title, snapshot(group), (step,), lambda after: snapshot(after.device_groups.get(group.ref)))


def snapshot(group: DeviceGroup | None) -> Snapshot:
    return Snapshot() if group is None else Snapshot(device_group_values(group), device_group_shown(group))


def _nothing(name: str) -> Plan:
    return Plan(f"device group {name}", Snapshot(), (), lambda _after: Snapshot())


def _creation(service: Service, product: ProductRef, spec: DeviceGroupSpec) -> tuple[Step, ...]:
    require_name(service.capabilities, "device_group", spec.name or "")

    def create(execution: Execution) -> Operation | None:
        return execution.service.device_groups.create(product, spec)

    return (Step("device_group", f"{product}/{spec.name}", "create", create),)


def _changes(service: Service, group: DeviceGroup, spec: DeviceGroupSpec) -> tuple[Step, ...]:
    change = differences(spec, group)
    if change is None:
        return ()
    if change.name is not None:
        require(service, "rename")
        require_name(service.capabilities, "device_group", change.name)

    def update(execution: Execution) -> Operation | None:
        return execution.service.device_groups.update(group.ref, change)

    return (Step("device_group", str(group.ref), "update", update),)
