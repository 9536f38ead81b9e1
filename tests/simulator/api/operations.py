# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The state of operations, and the details of some kinds of operations."""

from __future__ import annotations

from ..operations import Kind, Operation
from ..problems import Problem, Reply
from ..wire import Wire
from .call import Call, json_reply


def get(call: Call) -> Reply:
    return _polled(call, _found(call, call.tenant.id))


def get_global(call: Call) -> Reply:
    """Return an operation outside any tenant, to the caller who started it."""
    operation = _found(call, None)
    if operation.caller != call.caller.id:
        raise _unknown(call)
    return _polled(call, operation)


def get_image_upload_details(call: Call) -> Wire:
    return _details(call, Kind.IMAGE_UPLOAD)


def get_deployment_details(call: Call) -> Wire:
    return _details(call, Kind.DEPLOY_TO_DEVICE_GROUP)


def get_bulk_claim_details(call: Call) -> Wire:
    return _details(call, Kind.BULK_DEVICE_CLAIM)


def _polled(call: Call, operation: Operation) -> Reply:
    wanted = call.world.settings.operation_headers == "retry_after"
    return json_reply(call.operation(operation), headers=(("retry-after", "1"),) if wanted else ())


def _details(call: Call, kind: Kind) -> Wire:
    operation = _found(call, call.tenant.id)
    if operation.kind is not kind:
        raise _unknown(call)
    return {**call.operation(operation), **(operation.outcome.details if operation.outcome else {})}


def _found(call: Call, tenant_id: str | None) -> Operation:
    operation = call.world.operations.get(call.path["operationId"].lower())
    if operation is None or operation.tenant_id != tenant_id:
        raise _unknown(call)
    return operation


def _unknown(call: Call) -> Problem:
    return Problem(404, f"There is no operation {call.path['operationId']}.")
