# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads X.509 certificates, with the library cryptography."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._errors import MissingLibrary, ServiceError
from .._model.resources import Certificate


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says of itself: subject as in RFC 4514, times in ISO 8601, UTC with a Z."""

    subject: str
    not_before: str
    not_after: str


def read_certificate(body: bytes) -> CertificateFacts:
    """From DER. Raises ServiceError for what is none, MissingLibrary without cryptography."""
    try:
        from cryptography import x509
    except ImportError as error:
        raise MissingLibrary("cryptography", "read certificates") from error
    try:
        certificate = x509.load_der_x509_certificate(body)
        subject = certificate.subject.rfc4514_string()
    except (ValueError, x509.InvalidVersion) as error:
        raise ServiceError("The service gave a certificate that cannot be read.", code="unexpected") from error
    return CertificateFacts(subject, _text(certificate.not_valid_before_utc), _text(certificate.not_valid_after_utc))


def certificate_values(certificate: Certificate) -> dict[str, Any]:
    """A tenant CA certificate as results show it. What only its body says is null when the service gives no body."""
    facts = None if certificate.body is None else read_certificate(certificate.body)
    return {
        "thumbprint": certificate.thumbprint,
        "subject": facts and facts.subject,
        "not_before": facts and facts.not_before,
        "not_after": facts and facts.not_after,
        "is_active": certificate.is_active,
        "is_revoked": certificate.is_revoked,
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
