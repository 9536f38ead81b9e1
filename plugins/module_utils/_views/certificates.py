# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads X.509 certificates, with the library cryptography."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._errors import MissingLibrary, ServiceError
from .._model.resources import Certificate

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as X509


@dataclass(frozen=True)
class CertificateFacts:
    """The fields of a certificate: subject as in RFC 4514, times in ISO 8601, UTC with a Z."""

    subject: str
    not_before: str
    not_after: str


def read_certificate(body: bytes) -> CertificateFacts:
    """Reads DER. Raises ServiceError for an unreadable certificate, MissingLibrary without cryptography."""
    certificate, subject = _load(body)
    return CertificateFacts(subject, _text(certificate.not_valid_before_utc), _text(certificate.not_valid_after_utc))


def certificate_to_pem(body: bytes) -> bytes:
    """Returns a certificate in DER as PEM. Raises as `read_certificate` does."""
    return _pem(_load(body)[0])


def chain_to_pem(chain: bytes, thumbprint: str) -> bytes:
    """Returns the certificates of a PKCS#7 chain in DER as PEM: the one with the thumbprint, its issuer, and so on.

    Certificates that are not above it come last. Raises as `read_certificate` does.
    """
    _require_cryptography()
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import pkcs7

    try:
        left = pkcs7.load_der_pkcs7_certificates(chain)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ServiceError("The service returned an unreadable certificate chain.", code="unexpected") from error
    ordered: list[x509.Certificate] = []
    above = next((each for each in left if each.fingerprint(hashes.SHA1()).hex() == thumbprint.lower()), None)
    while above is not None:
        left.remove(above)
        ordered.append(above)
        above = next((each for each in left if _is_issued_by(ordered[-1], each)), None)
    return b"".join(_pem(each) for each in [*ordered, *left])


def proves(content: bytes, verification_code: str, issuer: bytes, now: datetime, *, pem: bool = False) -> bool:
    """Returns whether the content is a proof of possession.

    That is a certificate with the code as its common name, signed by the issuer, and valid now.
    The issuer is DER, the content DER or PEM. Raises MissingLibrary without cryptography.
    """
    _require_cryptography()
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        proof = (x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate)(content)
        authority = x509.load_der_x509_certificate(issuer)
    except (ValueError, x509.InvalidVersion):
        return False
    names = [attribute.value for attribute in proof.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    valid = proof.not_valid_before_utc <= now < proof.not_valid_after_utc
    return valid and names == [verification_code] and _is_issued_by(proof, authority)


def certificate_values(certificate: Certificate) -> dict[str, Any]:
    """Returns a tenant CA certificate as results show it; what only its body has is null when there is no body."""
    facts = None if certificate.body is None else read_certificate(certificate.body)
    return {
        "thumbprint": certificate.thumbprint,
        "subject": facts and facts.subject,
        "not_before": facts and facts.not_before,
        "not_after": facts and facts.not_after,
        "is_active": certificate.is_active,
        "is_revoked": certificate.is_revoked,
    }


def _require_cryptography() -> None:
    try:
        import_module("cryptography.x509")
    except ImportError as error:
        raise MissingLibrary("cryptography", "read certificates") from error


def _load(body: bytes) -> tuple[X509, str]:
    """Returns a certificate in DER and its subject."""
    _require_cryptography()
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(body)
        return certificate, certificate.subject.rfc4514_string()
    except (ValueError, x509.InvalidVersion) as error:
        raise ServiceError("The service returned an unreadable certificate.", code="unexpected") from error


def _is_issued_by(certificate: X509, issuer: X509) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _pem(certificate: X509) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
