# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Resource Manager as an ASGI application: what the gateway checks, then the handler of the resource provider."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ..description import SchemaViolation
from ..exchange import RECORD, Receive, Record, Scope, Send, header, query, raw_path, read_body, write
from ..integration import find_catalog
from ..problems import Problem, Reply
from ..world import World
from . import access, provider, throttling
from .call import Answer, Call, Described
from .errors import GATEWAY, SERVICE, ArmError, error_reply, invalid
from .names import API_VERSION, PROVIDER
from .removal import missing
from .routing import Routes
from .table import OPERATIONS, OTHERS

_MATCH = "simulator.resource_manager"
_LIST_OPTIONS = {"$filter", "$top", "$skip", "$maxpagesize"}
_SIGNED = {"t", "c", "s", "h"}
_POLLS = ("OperationStatuses_Get", "OperationResults_Get")
_CREATES_CATALOG = "Catalogs_CreateOrUpdate"
_DELETES_CATALOG = "Catalogs_Delete"


def is_resource_manager(path: str) -> bool:
    """Return whether a path belongs to this API."""
    return path.lower().startswith(("/subscriptions/", f"/providers/{PROVIDER}/".lower()))


class ResourceManager:
    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = Routes((*OPERATIONS, *OTHERS))

    def identify(self, scope: Scope) -> None:
        """Store the operation of a request in its record, before the request is processed."""
        follows = "$skipToken" in query(scope)
        described, names, methods = self._routes.match(scope["method"], raw_path(scope), follows=follows)
        scope[_MATCH] = (described, names)
        scope[RECORD] = Record(
            operation=described.id if described else None,
            methods=methods,
            reading=described is not None and described.reads,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        self._world.settle()
        request_id = str(uuid.uuid4())
        cause, limits = GATEWAY, list[tuple[str, str]]()
        try:
            call = self._call(scope, request_id, limits)
            described = call.described
            cause = GATEWAY if described.gateway else SERVICE
            answer = self._handled(call, scope, body)
            reply = self._reply(answer, cause)
            if scope["method"] != "GET" and not described.reads:
                self._world.changes += 1
        except ArmError as error:
            cause = error.cause
            reply = error_reply(error, self._world.settings)
        if cause == GATEWAY:
            limits.clear()
        await write(send, replace(reply, headers=_with_ids(reply.headers, scope, request_id, cause, limits)))

    def _call(self, scope: Scope, request_id: str, limits: list[tuple[str, str]]) -> Call:
        """Return the call after the checks of the gateway. Raises ArmError."""
        record: Record = scope[RECORD]
        described: Described | None
        described, names = scope[_MATCH]
        caller = access.authenticate(self._world, header(scope, b"authorization"))
        record.caller = caller.id
        if described is None:
            raise _unknown(record, scope)
        path = unquote(raw_path(scope)).rstrip("/")
        given = query(scope)
        call = Call(self._world, described, caller, path, names, given, request_id, failure=record.failure)
        if described not in OTHERS or described.id in _POLLS:
            _check_version(given)
        subscription = names.get("subscription")
        if subscription is not None:
            self._check_subscription(call, subscription)
            kind = throttling.meter(scope["method"])
            left = throttling.charge(self._world, subscription.lower(), caller, kind)
            limits.append((f"x-ms-ratelimit-remaining-subscription-{kind}", str(left)))
            self._check_registration(call, subscription)
        self._find_catalog(call)
        if call.of_tenant is not None:
            record.tenant = call.of_tenant.id
        self._authorize(call)
        return call

    def _check_subscription(self, call: Call, subscription: str) -> None:
        groups = self._world.state.resource_groups.get(subscription.lower())
        if groups is None:
            message = f"The subscription '{subscription}' could not be found."
            raise ArmError(404, "SubscriptionNotFound", message, cause=GATEWAY)
        group = call.names.get("resource_group")
        if group is not None and group.casefold() not in groups:
            message = f"Resource group '{group}' could not be found."
            raise ArmError(404, "ResourceGroupNotFound", message, cause=GATEWAY)

    def _check_registration(self, call: Call, subscription: str) -> None:
        if call.described in OTHERS or provider.is_registered(self._world, subscription):
            return
        raise ArmError(
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{PROVIDER}'. See https://aka.ms/rps-not-found for "
            "how to register subscriptions.",
            cause=GATEWAY,
        )

    def _find_catalog(self, call: Call) -> None:
        """Find the catalog of the path. Only callers with a role in the subscription learn that it is missing."""
        names = call.names
        if "catalog" not in names:
            return
        call.of_tenant = find_catalog(call.state, names["subscription"], names["resource_group"], names["catalog"])
        if call.of_tenant is not None or call.described.id in (_CREATES_CATALOG, _DELETES_CATALOG):
            return
        if access.is_known(call.state, call.caller, names["subscription"]):
            message = (
                f"The Resource '{PROVIDER}/catalogs/{names['catalog']}' under resource group "
                f"'{names['resource_group']}' was not found. For more details please go to "
                "https://aka.ms/ARMResourceNotFoundFix"
            )
            raise ArmError(404, "ResourceNotFound", message, cause=GATEWAY)

    def _authorize(self, call: Call) -> None:
        described = call.described
        lenient = described.id in _POLLS and self._world.settings.arm_poll_permission == "starter"
        if described.id == _DELETES_CATALOG and call.of_tenant is None:
            lenient = access.is_known(call.state, call.caller, call.names["subscription"])
        if described.permission and not lenient:
            scope = call.path
            if described.id in _POLLS or "resource_group" not in call.names:
                scope = f"/subscriptions/{call.names['subscription']}"
            access.authorize(call.state, call.caller, described.permission, scope)

    def _handled(self, call: Call, scope: Scope, body: bytes) -> Answer:
        described = call.described
        if described.id == _DELETES_CATALOG and call.of_tenant is None:
            return missing(call)
        _check_query(described, call.query)
        try:
            call.body = _document(described, scope, body)
            return described.handler(call)
        except SchemaViolation as misfit:
            raise invalid(f"The request body is not valid: {misfit}.") from misfit
        except Problem as problem:
            raise ArmError.of_problem(problem) from problem

    def _reply(self, answer: Answer, cause: str) -> Reply:
        empty = not answer.body or (answer.document is None and self._world.settings.arm_shapes == "documented")
        if empty:
            return Reply(answer.status, b"", None, answer.headers)
        media_type = "application/json; charset=utf-8" if cause == GATEWAY else "application/json"
        return Reply(answer.status, json.dumps(answer.document).encode(), media_type, answer.headers)


def _with_ids(
    headers: tuple[tuple[str, str], ...], scope: Scope, request_id: str, cause: str, limits: list[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    ids = {"x-ms-request-id": request_id, "x-ms-correlation-request-id": str(uuid.uuid4())}
    if cause == SERVICE:
        ids["mise-correlation-id"] = str(uuid.uuid4())
    client = header(scope, b"x-ms-client-request-id")
    if client is not None and header(scope, b"x-ms-return-client-request-id") == "true":
        ids["x-ms-client-request-id"] = client
    given = {name for name, _value in headers}
    return (*headers, *((name, value) for name, value in ids.items() if name not in given), *limits)


def _unknown(record: Record, scope: Scope) -> ArmError:
    if record.methods:
        message = f"The HTTP method '{scope['method']}' is not supported at this address."
        return ArmError(405, "MethodNotAllowed", message, cause=GATEWAY)
    message = f"The resource type could not be found in the namespace '{PROVIDER}' for api version '{API_VERSION}'."
    return ArmError(404, "InvalidResourceType", message, cause=GATEWAY)


def _check_version(given: dict[str, str]) -> None:
    if "api-version" not in given:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message, cause=GATEWAY)
    if given["api-version"] != API_VERSION:
        message = f"No registered resource provider found for API version '{given['api-version']}' of '{PROVIDER}'."
        raise ArmError(400, "NoRegisteredProviderFound", message, cause=GATEWAY)


def _check_query(described: Described, given: dict[str, str]) -> None:
    known = {"api-version", "$skipToken"} | (_LIST_OPTIONS if described.options else set())
    unknown = sorted(set(given) - known - (_SIGNED if described.id in _POLLS else set()))
    if unknown:
        raise invalid(f"The query parameter {unknown[0]} is not supported.")
    if "$filter" in given:
        raise invalid("The filter is not valid.")


def _document(described: Described, scope: Scope, body: bytes) -> Any:
    """Return the body as JSON. Raises ArmError or SchemaViolation."""
    if described.check is None or scope["method"] == "GET":
        if body and described.method != "POST":
            raise invalid("The operation has no request body.")
        return None
    media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        message = f"The content media type '{media_type}' is not supported. Only 'application/json' is supported."
        raise ArmError(415, "UnsupportedMediaType", message, cause=GATEWAY)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        message = "The request content was invalid and could not be deserialized."
        raise ArmError(400, "InvalidRequestContent", message, cause=GATEWAY) from error
    described.check(document, "request body")
    return document
