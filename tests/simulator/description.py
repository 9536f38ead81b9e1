# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The OpenAPI description: finds the operation of a request, and validates requests and replies.

Requests are validated strictly: enumerations are integers, and unknown members, query parameters and bodies are
rejected. Replies may contain members that the description does not exclude.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from .enums import Enums

Schema = dict[str, Any]
_FORMATS = jsonschema.FormatChecker(formats=())
#: A number with a decimal point is not an integer, although JSON Schema accepts 1.0.
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@_FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


def shortened(message: str) -> str:
    """Shorten a message of jsonschema, which starts with the whole value and ends with the error."""
    return message if len(message) <= 200 else f"{message[:80]} ... {message[-100:]}"


class SchemaViolation(Exception):
    """A value does not match the description; the message contains the reason."""


@dataclass(frozen=True)
class Check:
    """A compiled schema."""

    schema: Schema
    validator: Any

    @classmethod
    def of(cls, schema: Schema) -> Check:
        return cls(schema, _Validator(schema, format_checker=_FORMATS))

    def __call__(self, value: object, what: str) -> None:
        if self.validator.is_valid(value):
            return
        error = best_match(self.validator.iter_errors(value))
        where = ".".join(str(step) for step in error.absolute_path)
        raise SchemaViolation(f"{what}{' at ' + where if where else ''}: {shortened(error.message)}")


@dataclass(frozen=True)
class Described:
    """One operation of the description.

    `problem_statuses` are the statuses for which a list of problems is documented. `guessed` means that the
    operation is known to exist and that its path is a guess.
    """

    id: str
    method: str
    path: str
    minimum_role: str | None
    path_parameters: tuple[tuple[str, Check], ...]
    query_parameters: Mapping[str, Check]
    paged: bool
    media_type: str | None
    body: Check | None
    replies: Mapping[str, Check | None]
    problem_statuses: frozenset[int]
    guessed: bool

    @property
    def of_tenant(self) -> bool:
        return any(name == "tenantId" for name, _check in self.path_parameters)

    def check_path(self, values: tuple[str, ...]) -> dict[str, str]:
        """Return the path parameters by name. Raises SchemaViolation."""
        parameters = {}
        for (name, check), value in zip(self.path_parameters, values, strict=True):
            check(value, f"path parameter {name}")
            parameters[name] = value
        return parameters

    def check_query(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the query parameters by name, with numbers converted. Raises SchemaViolation."""
        parameters: dict[str, Any] = {}
        for name, text in query.items():
            check = self.query_parameters.get(name)
            if check is None:
                raise SchemaViolation(f"query parameter {name}: this operation has no such parameter")
            value: object = text
            if check.schema.get("type") == "integer":
                if not (text.isascii() and text.isdecimal()):
                    raise SchemaViolation(f"query parameter {name}: {text!r} is not a whole number")
                value = int(text)
            check(value, f"query parameter {name}")
            parameters[name] = value
        return parameters

    def check_reply(self, status: int, body: object) -> None:
        """Validate a JSON reply. Raises SchemaViolation.

        An undocumented success status is validated against the schema of the documented one.
        """
        check = self.replies.get(str(status), self.replies.get("default"))
        if 200 <= status < 300 and str(status) not in self.replies:
            check = next(c for s, c in self.replies.items() if s.startswith("2"))
        if check is not None:
            check(body, f"the {status} reply of {self.id}")


@dataclass
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    operations: dict[str, Described] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """The result of a search by path: an operation and its path parameters, or the methods that the path supports."""

    operation: Described | None
    values: tuple[str, ...]
    methods: tuple[str, ...]


class Description:
    """All operations. Method and path are matched regardless of case."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.operations: dict[str, Described] = {}
        self.enums = Enums(document["components"]["schemas"])
        self._root = _Node()
        reader = _Reader(document)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                described = reader.operation(path, method, operation)
                self.operations[described.id] = described
                self._add(described)

    @classmethod
    def load(cls) -> Description:
        """Load the description in openapi.yaml."""
        text = Path(__file__).with_name("openapi.yaml").read_text(encoding="utf-8")
        return cls(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))

    def match(self, method: str, raw_path: str) -> Match:
        segments = [unquote(segment) for segment in raw_path.strip("/").split("/")]
        found: list[tuple[_Node, tuple[str, ...]]] = []
        self._find(self._root, segments, 0, (), found)
        for node, values in found:
            operation = node.operations.get(method)
            if operation is not None:
                return Match(operation, values, ())
        return Match(None, (), tuple(sorted({m for node, _values in found for m in node.operations})))

    def _find(
        self,
        node: _Node,
        segments: list[str],
        depth: int,
        values: tuple[str, ...],
        found: list[tuple[_Node, tuple[str, ...]]],
    ) -> None:
        if depth == len(segments):
            if node.operations:
                found.append((node, values))
            return
        segment = segments[depth]
        literal = node.literals.get(segment.lower())
        if literal is not None:
            self._find(literal, segments, depth + 1, values, found)
        if node.parameter is not None:
            self._find(node.parameter, segments, depth + 1, (*values, segment), found)

    def _add(self, described: Described) -> None:
        node = self._root
        for segment in described.path.strip("/").split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment.lower(), _Node())
        node.operations[described.method] = described


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def operation(self, path: str, method: str, operation: Mapping[str, Any]) -> Described:
        parameters = [self._resolved(parameter) for parameter in operation.get("parameters", [])]
        media_type, body = self._body(operation)
        replies = {status: self._resolved(reply) for status, reply in operation["responses"].items()}
        return Described(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            minimum_role=operation.get("x-likely-minimum-role"),
            path_parameters=tuple(
                (p["name"], Check.of(self._inlined(p["schema"]))) for p in parameters if p["in"] == "path"
            ),
            query_parameters={
                p["name"]: Check.of(self._inlined(p["schema"])) for p in parameters if p["in"] == "query"
            },
            paged=any(p["name"] == "Sphere-Continuation" for p in parameters),
            media_type=media_type,
            body=body,
            replies={status: self._reply(reply) for status, reply in replies.items()},
            problem_statuses=frozenset(
                int(status)
                for status, reply in operation["responses"].items()
                if reply.get("$ref", "").endswith("/ProblemList")
            ),
            guessed="x-source-note" in operation,
        )

    def _body(self, operation: Mapping[str, Any]) -> tuple[str | None, Check | None]:
        if "requestBody" not in operation:
            return None, None
        ((media_type, content),) = operation["requestBody"]["content"].items()
        if media_type != "application/json":
            return media_type, None
        return media_type, Check.of(_strict(self._inlined(content["schema"])))

    def _reply(self, reply: Mapping[str, Any]) -> Check | None:
        content = reply.get("content", {}).get("application/json")
        return Check.of(self._inlined(content["schema"])) if content else None

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in node:
            return node
        target: Any = self._document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        resolved: Mapping[str, Any] = target
        return resolved

    def _inlined(self, schema: Any) -> Any:
        """Return the schema with references replaced. No reference of the description is recursive."""
        if isinstance(schema, list):
            return [self._inlined(entry) for entry in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            inlined = self._inlined(copy.deepcopy(self._resolved(schema)))
            if schema["$ref"].endswith("/TenantCertificateStatus"):
                # The body of an expired certificate is null.
                inlined["properties"]["Certificate"]["type"] = ["string", "null"]
            return inlined
        return {name: self._inlined(value) for name, value in schema.items()}


def _strict(schema: Any) -> Any:
    """Return the schema for request bodies: integers for enumerations, no unknown members."""
    if isinstance(schema, list):
        return [_strict(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-wire-form") == "integer":
        return {"type": "integer", "enum": list(schema["x-enum-values"].values())}
    narrowed = {name: _strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        narrowed["additionalProperties"] = False
    return narrowed
