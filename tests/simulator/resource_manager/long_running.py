# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Long-running operations: how they start, and how they are polled at signed addresses."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from ..operations import Kind, Operation, OperationFailure, Outcome
from ..world import World
from .call import Answer, Call
from .errors import ArmError, failure_code
from .names import API_VERSION, PROVIDER
from .wire import Wire, accepted, iso

STATUSES, RESULTS = "operationStatuses", "operationResults"
_REGION = "GLOBAL"
_SIGNED = ("api-version", "t", "c", "s", "h")
_CERTIFICATE_BYTES = 2100
#: Operations whose declared replies do not include 200.
_NEVER_AT_ONCE = ("DeviceGroups_ClaimDevices", "Catalogs_UploadImage")
#: The only POST with a result.
_WITH_RESULT = "Devices_GenerateCapabilityImage"


@dataclass
class Ended:
    """How an effect ended. `target` is the ID of the resource as it is now, `details` are errors of parts."""

    target: str | None = None
    details: list[Wire] = field(default_factory=list)
    failed: bool = False


@dataclass
class Job:
    """An operation as Resource Manager shows it. `type` is the name of its kind; `result` writes its final body."""

    name: str
    type: str
    resource_id: str
    subscription: str
    caller: str
    operation: Operation
    result: Callable[[], Any]
    ended: Ended | None = None


@dataclass
class Work:
    """What a request does: its effect, the name of its kind in both APIs, and the final body.

    `accepted` is the kind of resource in the body of a 201.
    """

    kind: Kind
    type: str
    effect: Callable[[], Ended]
    result: Callable[[], Any] = lambda: None
    accepted: str = ""


def run(call: Call, work: Work) -> Answer:
    """Do the work at once or start an operation, depending on what the service was seen to do and on the settings."""
    mode, described = call.world.settings.arm_starters, call.described
    later = described.long_running if mode == "recorded" else mode == "accepted"
    if not later and described.id not in _NEVER_AT_ONCE:
        return _done_at_once(call, work)
    job = _start(call, work, 0.0 if mode == "at_once" else call.world.settings.operation_seconds)
    headers = _headers(call, job)
    if described.method == "PUT":
        return Answer(accepted(call.world, call.caller, call.path, work.accepted), 201, headers)
    return Answer(None, 202, headers)


def status(call: Call) -> Answer:
    """Return the status document of an operation."""
    return Answer(_status_document(call.world, _polled(call, STATUSES)), headers=_retry_after(call.world))


def result(call: Call) -> Answer:
    """Return 202 while the operation is running, then its final body. Raises ArmError if it failed."""
    job = _polled(call, RESULTS)
    headers = _retry_after(call.world)
    if job.operation.failure is not None:
        raise ArmError.of_failure(job.operation.failure)
    if job.ended is None:
        return Answer(None, 202, (("location", _address(call.world, job, RESULTS)), *headers))
    if job.ended.failed:
        raise ArmError(400, "OperationFailed", "Some parts of the operation failed.", details=job.ended.details)
    document = job.result()
    return Answer(document, 200 if document is not None else 204, body=document is not None)


def _done_at_once(call: Call, work: Work) -> Answer:
    failure = call.failure
    try:
        if failure is not None:
            raise failure
        work.effect()
    except OperationFailure as ended:
        raise ArmError.of_failure(ended) from ended
    return Answer(work.result())


def _start(call: Call, work: Work, seconds: float) -> Job:
    world = call.world
    jobs: dict[str, Job] = world.volatile.setdefault("jobs", {})

    def effect() -> Outcome:
        if call.failure is not None:
            raise call.failure
        job.ended = work.effect()
        return Outcome(with_errors=job.ended.failed)

    operation = world.operations.start(
        work.kind,
        effect,
        tenant_id=call.of_tenant.id if call.of_tenant else None,
        caller=call.caller.id,
        now=world.clock.timestamp(),
        seconds=seconds,
    )
    digest = hashlib.sha256(call.path.lower().encode()).hexdigest().upper()
    name = f"{call.request_id}*{digest}"
    job = Job(name, work.type, call.path, call.names["subscription"], call.caller.id, operation, work.result)
    jobs[name.lower()] = job
    world.settle()
    return job


def _headers(call: Call, job: Job) -> tuple[tuple[str, str], ...]:
    """Return the headers. As recorded, `Location` has the status, too; only the result of a POST is elsewhere."""
    form, method = call.world.settings.arm_operation_headers, call.described.method
    statuses, results = (_address(call.world, job, kind) for kind in (STATUSES, RESULTS))
    headers = _retry_after(call.world)
    if form != "location":
        headers = (("azure-asyncoperation", statuses), *headers)
    if form == "location" or call.described.id == _WITH_RESULT:
        headers = (("location", results), *headers)
    elif form == "recorded" and method != "PUT":
        headers = (("location", statuses), *headers)
    return headers


def _retry_after(world: World) -> tuple[tuple[str, str], ...]:
    seconds = world.settings.arm_retry_after
    return () if seconds == "none" else (("retry-after", seconds),)


def _status_document(world: World, job: Job) -> Wire:
    operation, ended = job.operation, job.ended
    document: Wire = {
        "id": _path(job, STATUSES),
        "name": job.name,
        "resourceId": job.resource_id,
        "status": world.settings.arm_running_status,
        "startTime": iso(datetime.fromtimestamp(operation.created, timezone.utc)),
    }
    if operation.failure is None and ended is None:
        return document
    document["endTime"] = iso(datetime.fromtimestamp(operation.due, timezone.utc))
    if operation.failure is not None:
        failure = operation.failure
        error = {"code": failure_code(failure), "message": failure.message, "target": job.type, "details": []}
        return {**document, "status": "Failed", "error": error}
    assert ended is not None
    document["status"] = "Failed" if ended.failed else "Succeeded"
    document["properties"] = {"targetResourceId": ended.target}
    if ended.failed:
        message = f"{len(ended.details)} parts of the operation failed."
        document["error"] = {
            "code": "OperationFailed",
            "message": message,
            "target": job.type,
            "details": ended.details,
        }
    elif ended.details or world.settings.arm_shapes == "recorded":
        document["error"] = {"target": job.type, "details": ended.details}
    return document


def _polled(call: Call, kind: str) -> Job:
    """Return the operation of a signed address. Raises ArmError if the address was altered."""
    jobs: dict[str, Job] = call.world.volatile.get("jobs", {})
    job = jobs.get(call.names["operation"].lower())
    if job is None or job.subscription.lower() != call.names["subscription"].lower():
        raise ArmError(404, "OperationNotFound", "The operation was not found.")
    if call.query != _query(call.world, job, kind):
        raise ArmError(403, "Forbidden", "The signature of the address of the operation is not valid.")
    if call.world.settings.arm_poll_permission == "starter" and job.caller != call.caller.id:
        raise ArmError(403, "Forbidden", "The operation was started by another principal.")
    return job


def _path(job: Job, kind: str) -> str:
    return f"/subscriptions/{job.subscription}/providers/{PROVIDER}/locations/{_REGION}/{kind}/{job.name}"


def _address(world: World, job: Job, kind: str) -> str:
    return f"{world.url}{_path(job, kind)}?{urlencode(_query(world, job, kind))}"


def _query(world: World, job: Job, kind: str) -> dict[str, str]:
    """Return the signed query: time, certificate, signature and hash."""
    ticks = str(621355968000000000 + int(job.operation.created * 10_000_000))
    certificate = _certificate(world.state.root_key)
    signed = "\n".join((_path(job, kind), ticks, certificate)).encode()
    key = world.state.root_key.encode()
    signature = _text(hmac.digest(key, signed, hashlib.sha512) * 4)
    return dict(
        zip(
            _SIGNED,
            (API_VERSION, ticks, certificate, signature, _text(hashlib.sha256(signed).digest())),
            strict=True,
        )
    )


@functools.lru_cache(maxsize=8)
def _certificate(seed: str) -> str:
    """Return the text of what signs addresses, which makes them long."""
    return _text(random.Random(seed).randbytes(_CERTIFICATE_BYTES))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
