# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenant CA certificates, their chain and proofs of possession: real X.509 certificates, generated on demand."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from .state import CaCertificate

#: A tenant CA certificate is valid for two years; its successor is issued about 90 days before it expires.
VALIDITY = timedelta(days=730)
#: So that the serial numbers start with zeros, as those of the service do.
_SERIAL_BITS = 120
_PROOF_VALIDITY = timedelta(days=30)
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Authority:
    """A certificate and its key, both PEM."""

    certificate: str
    key: str


def make_root(now: datetime) -> Authority:
    """Create the certificate that signs those of all tenants."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Simulated Azure Sphere Root CA")
    certificate = _certificate(name, name, key.public_key(), key, now - timedelta(days=1), now + 10 * VALIDITY, ca=True)
    return Authority(_pem(certificate), _key_pem(key))


def make_tenant_ca(
    root: Authority, tenant_id: str, not_before: datetime, not_after: datetime, *, active: bool, revoked: bool = False
) -> CaCertificate:
    """Create a CA certificate of a tenant, signed by the root."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(root.certificate.encode())
    subject = _name(f"Azure Sphere {tenant_id}")
    certificate = _certificate(
        subject, issuer.subject, key.public_key(), _key(root.key), not_before, not_after, ca=True
    )
    return CaCertificate(thumbprint(certificate), _pem(certificate), _key_pem(key), active, revoked)


def make_default_cas(root: Authority, tenant_id: str, now: datetime) -> list[CaCertificate]:
    """Create an active certificate that expires in 60 days, and its successor."""
    end = now + timedelta(days=60)
    return [
        make_tenant_ca(root, tenant_id, end - VALIDITY, end, active=True),
        make_tenant_ca(root, tenant_id, now - timedelta(days=20), now - timedelta(days=20) + VALIDITY, active=False),
    ]


def authority_problem(authority: Authority) -> str | None:
    """Return why a certificate and its key from a document cannot be used, or None if they can."""
    try:
        certificate = x509.load_pem_x509_certificate(authority.certificate.encode())
        key = _key(authority.key)
    except (ValueError, TypeError) as error:
        return str(error).partition(". ")[0].rstrip(".") or "they cannot be read"
    return None if key.public_key() == certificate.public_key() else "the key does not belong to the certificate"


def is_expired(ca: CaCertificate, now: datetime) -> bool:
    return _ends(ca) <= now


def active(cas: Sequence[CaCertificate], now: datetime) -> CaCertificate | None:
    """Return the active certificate; if that has expired, the successor that expires first."""
    usable = [ca for ca in cas if not is_expired(ca, now)]
    marked = next((ca for ca in usable if ca.active), None)
    if marked is not None or not any(ca.active for ca in cas):
        return marked
    return min((ca for ca in usable if not ca.revoked and _starts(ca) <= now), key=_ends, default=None)


def details(ca: CaCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(ca.certificate.encode())


def body(ca: CaCertificate) -> str:
    """Return the certificate as the service does: DER in base64."""
    return _base64(x509.load_pem_x509_certificate(ca.certificate.encode()).public_bytes(serialization.Encoding.DER))


def bundle(cas: Iterable[CaCertificate], root_certificate: str | None) -> str:
    """Return the certificates, and the root if given, as PKCS#7 (DER) in base64."""
    pems = [*(ca.certificate for ca in cas), *([] if root_certificate is None else [root_certificate])]
    loaded = [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
    return _base64(pkcs7.serialize_certificates(loaded, serialization.Encoding.DER))


def proof_of_possession(ca: CaCertificate, code: str, now: datetime) -> str:
    """Return a certificate for the verification code, signed by the tenant CA; DER in base64."""
    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + _PROOF_VALIDITY, issuer.not_valid_after_utc)
    proof = _certificate(
        _name(code), issuer.subject, key.public_key(), _key(ca.key), now - timedelta(minutes=5), end, ca=False
    )
    return _base64(proof.public_bytes(serialization.Encoding.DER))


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 fingerprint in upper-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def self_signed(name: str, now: datetime, days: int = 365) -> Authority:
    """Create an RSA client certificate for an application, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = _name(name)
    certificate = _certificate(
        subject, subject, key.public_key(), key, now - timedelta(days=1), now + timedelta(days=days), ca=False
    )
    return Authority(_pem(certificate), _key_pem(key))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    signing_key: _PrivateKey,
    not_before: datetime,
    not_after: datetime,
    *,
    ca: bool,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(1 + secrets.randbits(_SERIAL_BITS))
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )


def _starts(ca: CaCertificate) -> datetime:
    return x509.load_pem_x509_certificate(ca.certificate.encode()).not_valid_before_utc


def _ends(ca: CaCertificate) -> datetime:
    return x509.load_pem_x509_certificate(ca.certificate.encode()).not_valid_after_utc


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key of a certificate authority must be an elliptic curve key")
    return key


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: _PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
