# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Names and creates tenants, and blocks legacy authorization. The last two cannot be undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from .._errors import InvalidInput, after_accepted_write
from .._files.attributes import Attributes
from .._files.port import Files
from .._model.resources import Operation, Tenant
from .._model.values import is_guid
from .._references import require_device_id
from .._service import Service, require, require_name
from .._views.resources import tenant_values
from .execution import Execution, Step
from .plan import Plan, Snapshot

BLOCKED = "blocked"
#: The record keeps its owner, group and mode.
RECORD = Attributes(new_mode=0o644)


@dataclass(frozen=True)
class DesiredTenant:
    """One of three: a tenant of this name, created from the device unless it exists; blocked legacy authorization, as
    recorded in the file `record`; or a new name for the tenant in use, which the option `tenant` identifies.
    """

    tenant: str | None = None
    name: str | None = None
    device_id: str | None = None
    record: str | None = None
    confirm: str | None = None


def planner(desired: DesiredTenant, files: Files) -> Callable[[Service], Plan]:
    """Checks what can be checked without the service, and returns the planner of the rest.

    Raises InvalidInput, also for an irreversible change that is not confirmed.
    """
    name, device_id, record = desired.name, desired.device_id, desired.record
    if record is not None:
        _read_record(files, record)
        return lambda service: plan_blocking(service, files, record, desired.confirm)
    if name is None:
        raise InvalidInput("The option name is missing.", hint="Give the name of the tenant.")
    if device_id is not None:
        maker = require_device_id(device_id)
        _require_confirmation("A tenant can never be deleted", name, desired.confirm)
        return lambda service: plan_creation(service, name, maker)
    if desired.confirm is not None:
        return lambda service: plan_creation_without_device(service, name, desired.confirm)
    if desired.tenant and not is_guid(desired.tenant) and desired.tenant != name:
        raise InvalidInput(
            f'Cannot rename the tenant "{desired.tenant}" by name: a second run would not find the old name.',
            code="needs_guid",
            target=desired.tenant,
            hint="Set tenant to its GUID, which azsphere.fleet.tenant_info returns.",
        )
    return lambda service: plan_name(service, name)


def plan_creation_without_device(service: Service, name: str, confirm: str | None) -> Plan:
    """Plans the creation of a tenant by a service that needs no device for it.

    Raises InvalidInput where it does: confirm then shows that something irreversible was intended, which renaming is
    not.
    """
    if service.capabilities.tenant_needs_device:
        raise InvalidInput(
            "Invalid confirm: renaming a tenant does not need it, as it can be undone.",
            code="unexpected_confirm",
            target=name,
            hint="Remove confirm, or give the device_id from which to create a tenant.",
        )
    _require_confirmation("Creating a tenant may not be undone", name, confirm)
    return plan_creation(service, name, None)


def plan_creation(service: Service, name: str, device_id: str | None) -> Plan:
    """Plans the creation unless the caller may use a tenant of exactly this name."""

    def snapshot(now: Service) -> Snapshot:
        return _snapshot(next((tenant for tenant in now.tenants.list() if tenant.name == name), None))

    def create(execution: Execution) -> Operation | None:
        return execution.service.tenants.create(name, device_id)

    require(service, "create_tenant")
    before = snapshot(service)
    if before.values is None:
        require_name(service.capabilities, "tenant", name)
    step = Step("tenant", name, "create", create)
    return Plan(f"tenant {name}", before, () if before.values is not None else (step,), snapshot)


def plan_name(service: Service, name: str) -> Plan:
    """Plans to rename the tenant in use. Names of tenants differ by case (FACTS: tenants)."""
    tenant = service.tenants.current()
    if tenant.name != name:
        require(service, "rename")
        require_name(service.capabilities, "tenant", name)

    def rename(execution: Execution) -> None:
        execution.service.tenants.rename(name)

    step = Step("tenant", tenant.name or tenant.id, "rename", rename)
    steps = () if tenant.name == name else (step,)
    return Plan(
        f"tenant {tenant.name or tenant.id}", _snapshot(tenant), steps, lambda after: _snapshot(after.tenants.current())
    )


def plan_blocking(service: Service, files: Files, record: str, confirm: str | None) -> Plan:
    """Plans to block legacy authorization unless the record, a file, says that it is blocked.

    The service cannot report whether it is blocked (Tenants_BlockLegacy has no read counterpart).
    """
    require(service, "block_legacy_authorization")
    tenant = service.tenants.current()
    _require_confirmation("Blocking legacy authorization cannot be undone", tenant.name or tenant.id, confirm)

    def snapshot(now: Tenant) -> Snapshot:
        state = _read_record(files, record).get(now.id)
        return _snapshot(now, {"legacy_authorization": state})

    def block(execution: Execution) -> None:
        with execution.files.locked(record, execution.waiting.deadline):
            entries = _read_record(execution.files, record)
            if entries.get(tenant.id) != BLOCKED:
                _block(execution, record, {**entries, tenant.id: BLOCKED}, tenant.id)

    before = snapshot(tenant)
    name = tenant.name or tenant.id
    # The service cannot report whether it is blocked, so the outcome of a lost reply stays unknown.
    steps = (Step("tenant", name, "block_legacy_authorization", block, visible=False),)
    done = before.values["legacy_authorization"] == BLOCKED
    return Plan(f"tenant {name}", before, () if done else steps, lambda after: snapshot(after.tenants.current()))


def _block(execution: Execution, record: str, entries: dict[str, str], tenant_id: str) -> None:
    """Blocks, and replaces the record, whose new content is on disk before the irreversible request."""
    content = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    ready = execution.files.prepare(record, lambda write: write(content.encode()), RECORD)
    try:
        execution.service.tenants.block_legacy_authorization()
    except BaseException:
        ready.discard()
        raise
    with after_accepted_write():
        try:
            ready.commit()
        except InvalidInput as error:
            error.hint = f'Legacy authorization is blocked now: add "{tenant_id}": "{BLOCKED}" to the file yourself.'
            raise


def _read_record(files: Files, path: str) -> dict[str, str]:
    """Returns the recorded state of each tenant, by GUID."""
    files.check_destination(path, RECORD)
    content = files.read(path)
    try:
        entries = {} if content is None else json.loads(content)
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise InvalidInput(
            f"Invalid record {path}: it is not a record of blocked tenants.",
            code="file",
            target=path,
            hint="Give another path.",
        )
    return {str(tenant): str(state) for tenant, state in entries.items()}


def _require_confirmation(why: str, name: str, confirm: str | None) -> None:
    if confirm != name:
        given = "it is missing" if confirm is None else f'it is "{confirm}"'
        raise InvalidInput(
            f'{why}, so confirm must be the exact name of the tenant, "{name}": {given}.',
            code="not_confirmed",
            target=name,
            hint="Nothing was changed.",
        )


def _snapshot(tenant: Tenant | None, more: dict[str, str | None] | None = None) -> Snapshot:
    if tenant is None:
        return Snapshot()
    return Snapshot({**tenant_values(tenant), **(more or {})}, {"name": tenant.name, **(more or {})})
