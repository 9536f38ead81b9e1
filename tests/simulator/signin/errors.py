# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Error replies of the token endpoint."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from starlette.responses import JSONResponse


class OAuthError(Exception):
    """An OAuth error. `code` is the number of the AADSTS code, or None."""

    def __init__(self, error: str, code: int | None, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.error = error
        self.code = code
        self.text = text
        self.status = status

    def document(self) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
        prefix = f"AADSTS{self.code}: " if self.code is not None else ""
        document: dict[str, Any] = {
            "error": self.error,
            "error_description": f"{prefix}{self.text} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {now}",
            "error_codes": [self.code] if self.code is not None else [],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        if self.code is not None:
            document["error_uri"] = f"https://login.microsoftonline.com/error?code={self.code}"
        return document

    def response(self) -> JSONResponse:
        return JSONResponse(self.document(), self.status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def missing(parameter: str) -> OAuthError:
    return OAuthError(
        "invalid_request", 900144, f"The request body must contain the following parameter: '{parameter}'."
    )


def unknown_directory(directory: str) -> OAuthError:
    return OAuthError(
        "invalid_tenant",
        90002,
        f"Tenant '{directory}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def unknown_application(client_id: str, directory: str) -> OAuthError:
    return OAuthError(
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{directory}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def uninvited(username: str, directory: str) -> OAuthError:
    return OAuthError(
        "invalid_grant",
        50020,
        f"User account '{username}' from identity provider 'live.com' does not exist in tenant '{directory}' and "
        "cannot access the application in that tenant. The account needs to be added as an external user in "
        "the tenant first. Sign out and sign in again with a different Microsoft Entra user account.",
    )
