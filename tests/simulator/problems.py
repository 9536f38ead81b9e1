# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Errors of the API, and the forms that they can have on the wire."""

from __future__ import annotations

import html
import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus

from .operations import Code
from .settings import Settings

_CODES = {400: Code.BAD_REQUEST, 403: Code.FORBIDDEN, 404: Code.NOT_FOUND, 409: Code.CONFLICT}
_MIGRATED = Code.TENANT_MIGRATION_REQUIRED


class Problem(Exception):
    """An error reply. `code` is the ErrorCode; the service's list of codes is not published."""

    def __init__(self, status: int, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or HTTPStatus(status).phrase.replace(" ", "")


class Paused(Problem):
    """Access through the Legacy API is paused. The form of the error does not depend on the settings."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            int(settings.paused_reply),
            "Access to this tenant through the legacy interface is paused. Use Azure Sphere (Integrated).",
        )


@dataclass(frozen=True)
class Reply:
    """A reply. `json` is the body before serialization, for validation; None if it is not JSON."""

    status: int
    body: bytes
    media_type: str | None
    headers: tuple[tuple[str, str], ...] = ()


def problem_reply(problem: Problem, settings: Settings, *, documented: bool) -> Reply:
    """Return the error in the form of the settings, or as a list of problems where that is documented."""
    shape = "code_message" if isinstance(problem, Paused) else "list" if documented else settings.problem_shape
    headers: tuple[tuple[str, str], ...] = ()
    if settings.trace_header != "none":
        headers = ((settings.trace_header, str(uuid.uuid4())),)
    media_type, body = _body(problem, shape)
    return Reply(problem.status, body, media_type, headers)


def _body(problem: Problem, shape: str) -> tuple[str | None, bytes]:
    title = HTTPStatus(problem.status).phrase
    details: dict[str, object] = {
        "Detail": problem.detail,
        "ErrorCode": problem.code,
        "Extensions": {},
        "Instance": None,
        "Status": problem.status,
        "Title": title,
        "Type": None,
    }
    if shape == "empty":
        return None, b""
    if shape == "text":
        return "text/plain; charset=utf-8", problem.detail.encode()
    if shape == "html":
        page = f"<html><head><title>{title}</title></head><body><p>{html.escape(problem.detail)}</p></body></html>"
        return "text/html; charset=utf-8", page.encode()
    document: object = [details]
    if shape == "object":
        document = details
    elif shape == "code_message":
        code = _MIGRATED if isinstance(problem, Paused) else _CODES.get(problem.status, Code.OPERATION_FAILED)
        document = {"Code": code, "Message": problem.detail}
    elif shape == "aspnet":
        document = {"title": title, "status": problem.status, "errors": {"": [problem.detail]}}
    return "application/json; charset=utf-8", json.dumps(document).encode()
