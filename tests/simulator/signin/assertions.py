# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Verification of client assertions, signed with an application's certificate or by a trusted issuer.

Times are checked against the system clock: clients do not know when the simulator's clock is advanced.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Collection
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ..state import Application, FederatedCredential
from .errors import OAuthError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Permitted clock skew in seconds.
_SKEW = 300
_ALGORITHMS = ("RS256", "PS256")


def verify_assertion(assertion: str, application: Application, audiences: Collection[str]) -> None:
    """Verify that the sender of an assertion is the application. Raises OAuthError.

    `audiences` are the accepted names of the token endpoint.
    """
    header, claims = _read(assertion)
    if claims.get("iss") == application.client_id or "x5t" in header or "x5t#S256" in header:
        _verify_certificate(assertion, header, claims, application, audiences)
    else:
        _verify_federated(assertion, claims, application)
    now = time.time()
    if not (claims.get("nbf", 0) - _SKEW <= now < claims.get("exp", 0) + _SKEW):
        raise OAuthError(
            "invalid_client",
            700024,
            f"Client assertion is not within its valid time range. Current time: {now:.0f}, "
            f"expiry time of assertion {claims.get('exp')}.",
            401,
        )


def _verify_certificate(
    assertion: str,
    header: dict[str, Any],
    claims: dict[str, Any],
    application: Application,
    audiences: Collection[str],
) -> None:
    certificate = _certificate(header, application)
    if certificate.not_valid_after_utc.timestamp() < time.time():
        raise _bad_signature("The certificate used to sign the client assertion is expired")
    _check_signature(assertion, certificate.public_key())
    if claims.get("iss") != application.client_id or claims.get("sub") != application.client_id:
        raise OAuthError(
            "invalid_client",
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
            401,
        )
    if claims.get("aud") not in audiences:
        raise OAuthError(
            "invalid_client",
            700023,
            f"Client assertion audience claim does not match Realm issuer. Expected {', '.join(audiences)}.",
            401,
        )


def _certificate(header: dict[str, Any], application: Application) -> x509.Certificate:
    algorithm, wanted = (
        (hashes.SHA256(), header["x5t#S256"]) if "x5t#S256" in header else (hashes.SHA1(), header.get("x5t", ""))
    )
    for pem in application.certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        if base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode() == str(wanted).rstrip(
            "="
        ):
            return certificate
    raise _bad_signature(f"The key was not found., Thumbprint of key used by client: '{wanted}'")


def _verify_federated(assertion: str, claims: dict[str, Any], application: Application) -> None:
    by_issuer = [known for known in application.federated if known.issuer == claims.get("iss")]
    if not by_issuer:
        raise _unmatched(700211, "issuer", claims.get("iss"))
    by_subject = [known for known in by_issuer if known.subject == claims.get("sub")]
    if not by_subject:
        raise _unmatched(700213, "subject", claims.get("sub"))
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    fitting = next((known for known in by_subject if known.audience in audiences), None)
    if fitting is None:
        raise _unmatched(700212, "audience", audience)
    _check_signature(assertion, _federated_key(assertion, fitting))


def _federated_key(assertion: str, credential: FederatedCredential) -> Any:
    if credential.public_key is not None:
        return serialization.load_pem_public_key(credential.public_key.encode())
    key_id = jwt.get_unverified_header(assertion).get("kid")
    keys = (credential.jwks or {}).get("keys", [])
    for key in keys:
        if key.get("kid") == key_id or len(keys) == 1:
            return jwt.PyJWK(key, "RS256").key
    raise _bad_signature("The key was not found")


def _check_signature(assertion: str, key: Any) -> None:
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=_ALGORITHMS,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        reason = "The key was found, but use of the key to verify the signature failed"
        raise _bad_signature(reason) from None


def _read(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        header, body, _signature = assertion.split(".")
        found = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, body)]
    except ValueError:
        raise _malformed() from None
    if not all(isinstance(part, dict) for part in found):
        raise _malformed()
    return found[0], found[1]


def _malformed() -> OAuthError:
    return OAuthError("invalid_client", 50027, "JWT token is invalid or malformed.", 401)


def _bad_signature(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_client", 700027, f"Client assertion failed signature validation. [Reason - {reason}.]", 401
    )


def _unmatched(code: int, part: str, value: object) -> OAuthError:
    return OAuthError(
        "invalid_client",
        code,
        f"No matching federated identity record found for presented assertion {part} '{value}'. Check your federated "
        "identity credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        401,
    )
