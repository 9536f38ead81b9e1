# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What went wrong on the wire, as one of the errors of `_errors`, in one sentence."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import Conflict, FleetError, Forbidden, NotFound, ServiceError, SignInError, Unreachable

#: Codes inside a failed operation, and in failures of the form {Code, Message} (FACTS: operations, failures).
ERROR_CODES = (
    "OperationFailed",
    "TenantInMigration",
    "TenantMigrationRequired",
    "ClientUpdateRequired",
    "InternalServerError",
    "BadRequest",
    "Forbidden",
    "Conflict",
    "NotFound",
)
#: Headers that may carry the trace of a failure: which one the service uses is not published (FACTS: not known, 24).
TRACE_HEADERS = (
    "x-ms-request-id",
    "request-id",
    "x-ms-correlation-request-id",
    "x-request-id",
    "x-correlation-id",
    "x-ms-client-request-id",
    "traceparent",
)
_CLASSES: dict[int | str, type[ServiceError]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    "Forbidden": Forbidden,
    "NotFound": NotFound,
    "Conflict": Conflict,
}
_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
#: Seconds within which a connection has to be there, however long an answer may take.
CONNECT_TIMEOUT = 10.0
_LONGEST = 500
#: What OpenSSL says of a file of authorities that it cannot use.
_NO_AUTHORITIES = ("NO_CERTIFICATE_OR_CRL_FOUND", "NO_START_LINE", "BAD_BASE64_DECODE", "PEM lib")
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}(\.[\w-]*){1,4}|(?i:bearer)\s+[\w.~+/=-]{8,}|(?<=[?&])(?i:sig|signature|code)=[^&\s\"'<>]+"
)


def scrub(text: str) -> str:
    """Text of a stranger in one short line, with whatever looks like a token or a signature taken out."""
    readable = "".join(sign if sign.isprintable() else " " for sign in _SECRETS.sub("(removed)", text))
    line = " ".join(readable.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " ..."


def service_words(content: bytes) -> tuple[str | None, str | None]:
    """Code and text of a failure's body in whatever of the known and likely forms it comes (FACTS: not known, 4)."""
    text = content.decode("utf-8-sig", "replace").strip()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None, _plain_text(text)
    found = list(_details(body))
    codes = [code for code, words in found if code]
    texts = dict.fromkeys(words for code, words in found if words)
    return (codes[0] if codes else None), scrub("; ".join(texts)) or None


def _plain_text(text: str) -> str | None:
    if not text:
        return None
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return "an HTML page" + (f' titled "{scrub(title.group(1))}"' if title and title.group(1).strip() else "")
    return scrub(text)


def _details(body: Any) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(body, str):
        yield None, body
    elif isinstance(body, list):
        for entry in body:
            yield from _details(entry)
    elif isinstance(body, dict):
        members = {str(name).lower(): value for name, value in body.items()}
        code = _code(members.get("errorcode"))
        if code is None:
            code = _code(members.get("code"))
        parts = [members.get(name) for name in ("title", "detail", "message", "error_description")]
        words = [part.strip().rstrip(".") for part in parts if isinstance(part, str) and part.strip()]
        yield code, ": ".join(dict.fromkeys(words)) or None
        if isinstance(members.get("error"), (dict, list, str)):
            yield from _details(members["error"])
        if isinstance(members.get("errors"), dict):
            for name, texts in members["errors"].items():
                listed = texts if isinstance(texts, list) else [texts]
                said = [text.strip().rstrip(".") for text in listed if isinstance(text, str)]
                yield None, ", ".join(f"{name}: {text}" for text in said)
        elif isinstance(members.get("errors"), list):
            yield from _details(members["errors"])


def _code(value: Any) -> str | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    if isinstance(value, int):
        return ERROR_CODES[value] if 0 <= value < len(ERROR_CODES) else str(value)
    return scrub(value) if isinstance(value, str) else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """The trace of an answer, from whichever header carries it."""
    for name in TRACE_HEADERS:
        if headers.get(name):
            return scrub(headers[name])
    return None


def refusal(
    status: int, headers: Mapping[str, str], content: bytes, doing: str, target: str | None, attempts: int = 1
) -> FleetError:
    """The error for an answer that is no success, after so many attempts."""
    code, words = service_words(content)
    answered = " ".join([str(status), *([_REASONS[status]] if status in _REASONS else [])])
    sentence = f"While {doing}, the service answered {answered}"
    if attempts > 1:
        sentence += f" ({attempts} times in a row)"
    # The title of a problem often is the reason of the status, said already.
    words = words.removeprefix(f"{_REASONS.get(status)}: ") if words else None
    words = None if words == _REASONS.get(status) else words
    if words or code:
        sentence += f": {words or code}"
        if words and code:
            sentence += f" ({code})"
    hint: str | None = None
    kind: type[FleetError] = _CLASSES.get(status) or _CLASSES.get(code or "") or ServiceError
    if status == 401:
        kind = SignInError
        hint = "Neither was a fresh token accepted: check that the credentials belong to an account of this service."
    elif 300 <= status < 400:
        hint = "The token is never sent on to another address: check api_url."
    elif status == 410 or code in ("TenantMigrationRequired", "ClientUpdateRequired"):
        hint = (
            "The client or the tenant is too old for the service: update azsphere.fleet, and see whether the tenant "
            "was moved to the integrated (catalog) interface."
        )
    elif status == 429:
        kind = Unreachable
        hint = "Lower concurrency, raise retry_timeout, or try again later."
    elif status in (408, 502, 503, 504):
        kind = Unreachable
        hint = "Try again later, or raise retry_timeout."
    elif status >= 500:
        hint = "Try again later; if it stays, report it to the service with the time" + (
            " and the request ID." if request_id(headers) else "."
        )
    return kind(
        sentence.rstrip(". ") + ".",
        code=code or str(status),
        status=status,
        target=target,
        request_id=request_id(headers),
        retriable=status in (408, 429) or status >= 500,
        hint=hint,
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that is wrapped in it."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def connection_trouble(
    error: BaseException, host: str, timeout: float, doing: str, target: str | None, option: str = "api_url"
) -> tuple[Unreachable, bool, bool]:
    """The error for an answer that did not come, whether the request may have been sent all the same, and whether
    trying again is of no use. `option` is the one that names the host."""
    import urllib3.exceptions as below

    chain = list(causes(error))

    def first(*kinds: type[BaseException]) -> Any:
        return next((one for one in chain if isinstance(one, kinds)), None)

    sent, lasting = False, False
    certificate = first(ssl.SSLCertVerificationError)
    if certificate is not None:
        lasting, code = True, "certificate"
        why = f"the certificate of {host} was not accepted ({scrub(certificate.verify_message or str(certificate))})"
        hint = f"Name its certificate authority in ca_path, or correct {option}."
    elif any(word in str(first(ssl.SSLError)) for word in _NO_AUTHORITIES):
        lasting, code, why = True, "ca_path", f"{host} was not asked, since the file in ca_path holds no certificates"
        hint = "Name a file of certificate authorities in PEM form in ca_path."
    elif first(below.ProxyError):
        code, why = "proxy", f"the proxy on the way to {host} could not be used"
        hint = "Check the variables HTTPS_PROXY and NO_PROXY."
    elif first(socket.gaierror):
        code, why = "name_resolution", f"the name of {host} could not be resolved"
        hint = f"Check {option} and the name service of this machine."
    elif first(ConnectionRefusedError):
        code, why = "refused", f"{host} refused the connection"
        hint = f"Check {option}, and that the server is running."
    elif first(below.ConnectTimeoutError) and not first(below.NewConnectionError):
        code, why = "connect_timeout", f"{host} could not be reached within {min(timeout, CONNECT_TIMEOUT):g} s"
        hint = f"Check {option} and the network."
    elif first(below.NewConnectionError):
        code, why = "no_connection", f"{host} could not be reached"
        hint = f"Check {option} and the network."
    elif first(ssl.SSLError):
        sent, code, why = True, "tls", f"the TLS connection to {host} failed ({scrub(str(first(ssl.SSLError)))})"
        hint = f"Check {option}: the server has to speak TLS 1.2 or newer."
    elif first(below.ReadTimeoutError, TimeoutError):
        sent, code, why = True, "timeout", f"{host} did not answer within {timeout:g} s"
        hint = "Try again, or raise request_timeout."
    else:
        sent, code, why = True, "disconnected", f"the connection to {host} broke off before the answer was complete"
        hint = "Try again; if it stays, look at the network between here and there."
    made = Unreachable(f"While {doing}, {why}.", code=code, target=target, retriable=not lasting, hint=hint)
    return made, sent, lasting
