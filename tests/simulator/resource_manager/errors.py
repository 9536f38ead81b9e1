# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Errors in the form of Resource Manager."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from ..operations import Code, OperationFailure
from ..problems import Problem, Reply
from ..settings import Settings

GATEWAY, SERVICE = "gateway", "service"
_BY_STATUS = {400: "InvalidParameters", 403: "Forbidden", 404: "ResourceNotFound", 409: "Conflict"}
_BY_CODE = {
    Code.BAD_REQUEST: "InvalidParameters",
    Code.FORBIDDEN: "Forbidden",
    Code.CONFLICT: "Conflict",
    Code.NOT_FOUND: "ResourceNotFound",
}
_STATUSES = {Code.BAD_REQUEST: 400, Code.FORBIDDEN: 403, Code.CONFLICT: 409, Code.NOT_FOUND: 404}


class ArmError(Exception):
    """An error reply. `cause` is SERVICE for the resource provider, GATEWAY for Resource Manager itself."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        cause: str = SERVICE,
        headers: Mapping[str, str] | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
        self.headers = dict(headers or {})
        self.details = details

    @classmethod
    def of_problem(cls, problem: Problem) -> ArmError:
        """Return the error for a problem that both APIs report."""
        return cls(problem.status, _BY_STATUS.get(problem.status, problem.code), problem.detail)

    @classmethod
    def of_failure(cls, failure: OperationFailure) -> ArmError:
        """Return the error for a failed operation of which the reply itself reports the end."""
        return cls(_STATUSES.get(failure.code, 500), failure_code(failure), failure.message)


def failure_code(failure: OperationFailure) -> str:
    """Return the code of a failed operation as Resource Manager writes it."""
    return _BY_CODE.get(failure.code, "InternalServerError")


def invalid(message: str) -> ArmError:
    return ArmError(400, "InvalidParameters", message)


def not_found(message: str = "Resource not found") -> ArmError:
    return ArmError(404, "ResourceNotFound", message)


def error_reply(error: ArmError, settings: Settings) -> Reply:
    """Return the reply. Errors of the resource provider have the form of the settings."""
    headers = (("x-ms-failure-cause", error.cause), *error.headers.items())
    if error.cause == GATEWAY:
        media_type = "application/json; charset=utf-8"
        return Reply(error.status, json.dumps(_document(error)).encode(), media_type, headers)
    if settings.arm_error_shape == "empty":
        return Reply(error.status, b"", None, headers)
    if settings.arm_error_shape == "html":
        page = f"<html><body><h2>{html.escape(error.message)}</h2></body></html>"
        return Reply(error.status, page.encode(), "text/html", headers)
    if settings.arm_error_shape == "text":
        return Reply(error.status, error.message.encode(), "text/plain", headers)
    document = _document(error)
    if settings.arm_shapes == "documented":
        document["error"] = {"target": None, "details": [], "additionalInfo": [], **document["error"]}
    return Reply(error.status, json.dumps(document).encode(), "application/json", headers)


def _document(error: ArmError) -> dict[str, Any]:
    document: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        document["details"] = error.details
    return {"error": document}
