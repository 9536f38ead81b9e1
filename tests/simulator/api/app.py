# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The API as an ASGI application: authenticates, authorizes and validates a request, then calls its handler."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..description import Described, Description, SchemaViolation
from ..exchange import RECORD, Receive, Record, Scope, Send, header, query, raw_path, read_body, write
from ..problems import Paused, Problem, Reply, problem_reply
from ..state import Tenant
from ..tokens import InvalidToken
from ..world import World
from .call import Call, Caller, json_reply
from .table import HANDLERS

_RANK = {"Reader": 1, "Contributor": 2, "Administrator": 3}
#: Operations without a role in the description are for every role if they only read.
_LOOKING = "Reader"
#: Callers whose role is too low get 404 for this operation.
_HIDDEN = "AccessControl_ListUsers"
_TENANTS = "Tenants_List"
#: For this operation, a list of problems is documented for every error status.
_DOCUMENTED = "Tenants_Patch"


class Api:
    def __init__(self, world: World, description: Description) -> None:
        if set(description.operations) != set(HANDLERS):
            raise ValueError("the handlers do not match the operations of the description")
        self._world = world
        self._description = description

    def identify(self, scope: Scope) -> None:
        """Store the operation of a request in its record, before the request is processed."""
        match = self._description.match(scope["method"], raw_path(scope))
        scope[RECORD] = Record(
            operation=match.operation.id if match.operation else None,
            described=match.operation,
            values=match.values,
            methods=match.methods,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record: Record = scope[RECORD]
        body = await read_body(receive)
        self._world.settle()
        try:
            reply = self._checked(record, self._in_form(self._answer(scope, record, body)))
        except Problem as problem:
            described = record.described
            documented = described is not None and _is_documented(described, problem.status)
            reply = self._in_form(problem_reply(problem, self._world.settings, documented=documented))
        await write(send, reply)

    def _answer(self, scope: Scope, record: Record, body: bytes) -> Reply:
        described = record.described
        settings = self._world.settings
        if described is None or (described.guessed and settings.guessed_addresses == "missing"):
            if record.methods:
                raise Problem(405, f"This address accepts {', '.join(record.methods)} only.")
            raise Problem(404, "There is no such address.")
        caller = self._caller(scope)
        if self._world.state.paused:
            raise Paused(settings)
        record.caller = caller.id
        try:
            call = Call(self._world, described, caller, described.check_path(record.values), failure=record.failure)
            call.of_tenant = self._tenant(described, call)
            record.tenant = call.of_tenant.id if call.of_tenant else None
            call.query = described.check_query(query(scope))
            paged = described.paged or (described.id == _TENANTS and settings.tenants_list == "items")
            call.continuation = header(scope, b"sphere-continuation") if paged else None
            call.body = self._body(described, scope, body)
        except SchemaViolation as misfit:
            raise Problem(400, f"{misfit}.") from misfit
        answer = HANDLERS[described.id](call)
        if scope["method"] != "GET":
            self._world.changes += 1
        return answer if isinstance(answer, Reply) else json_reply(answer)

    def _caller(self, scope: Scope) -> Caller:
        scheme, _space, token = (header(scope, b"authorization") or "").partition(" ")
        status = int(self._world.settings.bad_token)
        if scheme.lower() != "bearer" or not token:
            raise Problem(401, "The request has no bearer token.")
        try:
            claims = self._world.tokens.verify(token.strip())
        except InvalidToken as error:
            raise Problem(status, f"The bearer token was not accepted: {error}.") from error
        return self._known(str(claims["oid"]).lower(), claims.get("preferred_username"))

    def _known(self, object_id: str, name: str | None) -> Caller:
        """Return the caller as Azure Sphere knows it: an invited user is known by the invited address."""
        principals = self._world.state.principals
        if object_id not in principals and name is not None:
            for principal in principals.values():
                if principal.mail.casefold() == name.casefold():
                    return Caller(principal.id, name)
        return Caller(object_id, name)

    def _tenant(self, described: Described, call: Call) -> Tenant | None:
        """Return the tenant of the path. A missing tenant and one without a role for the caller have the same error."""
        if not described.of_tenant:
            return None
        denied = int(self._world.settings.denied)
        tenant = self._world.state.tenants.get(call.path["tenantId"].lower())
        roles = tenant.roles.get(call.caller.id) if tenant is not None else None
        if tenant is None or not roles:
            raise Problem(denied, "The tenant does not exist, or you have no role in it.")
        if tenant.paused:
            raise Paused(self._world.settings)
        needed = described.minimum_role or _LOOKING
        if max(_RANK[role] for role in roles) < _RANK[needed]:
            raise Problem(404 if described.id == _HIDDEN else denied, f"This requires the role {needed}.")
        return tenant

    def _checked(self, record: Record, reply: Reply) -> Reply:
        """Return the reply, validated against the description if the settings say so."""
        described, settings = record.described, self._world.settings
        if described is None or not settings.check_replies or not _is_json(reply):
            return reply
        if described.id == _TENANTS and settings.tenants_list == "items":
            # The one switch that contradicts the description: clients must handle it as well.
            return reply
        try:
            described.check_reply(reply.status, json.loads(reply.body))
        except SchemaViolation as misfit:
            record.note = f"reply does not fit: {misfit}"
            raise Problem(500, f"The simulator's reply does not fit the description: {misfit}.") from misfit
        return reply

    def _in_form(self, reply: Reply) -> Reply:
        """Return the reply with enumerations in the form of the settings."""
        if self._world.settings.enum_form == "numbers" or not _is_json(reply):
            return reply
        body = json.dumps(self._description.enums.named(json.loads(reply.body))).encode()
        return replace(reply, body=body)

    def _body(self, described: Described, scope: Scope, body: bytes) -> Any:
        """Return the body of the request as the operation expects it. Raises SchemaViolation or Problem."""
        settings = self._world.settings
        if described.media_type is None:
            if body:
                raise SchemaViolation("request body: this operation has no body")
            return None
        media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
        forgiven = described.body is None and settings.upload_content_type == "any"
        if media_type != described.media_type and not forgiven:
            raise Problem(415, f"The Content-Type must be {described.media_type}, not {media_type or 'missing'}.")
        if described.body is None:
            return body
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise SchemaViolation("request body: it is not valid JSON") from error
        if settings.enum_form == "names":
            document = self._description.enums.numbered(document)
        described.body(document, "request body")
        return document


def _is_json(reply: Reply) -> bool:
    return bool(reply.body) and (reply.media_type or "").startswith("application/json")


def _is_documented(described: Described, status: int) -> bool:
    return status in described.problem_statuses or described.id == _DOCUMENTED
