# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads a client certificate with its key from a PEM or PFX file."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from .._errors import InvalidInput, MissingLibrary, SignInError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

    Loaded = tuple[PrivateKeyTypes, list[Certificate]]

PEM = b"-----BEGIN "
#: How PKCS#12 begins: a sequence whose first member is the version, 3 (RFC 7292, section 4).
_PKCS12 = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83.{3}|\x84.{4})\x02\x01\x03", re.DOTALL)
#: How PKCS#7 with signed data, such as a .p7b file, begins: a sequence whose first member is this object identifier.
_PKCS7 = bytes.fromhex("06092a864886f70d010702")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def client_credential(content: bytes, password: str | None, path: str) -> dict[str, str]:
    """Returns a certificate as msal takes it: key and certificate as PEM, from which it makes a PS256 assertion.

    `content` is that of the file at `path`: PEM with key and certificates in any order, or PKCS#12; both also in
    base64, the form in which Azure Key Vault gives the secret of a certificate. Raises InvalidInput for any other
    content, for one that lacks the key or certificate, and for a missing or wrong password; SignInError for an expired
    certificate.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError as error:
        raise MissingLibrary("cryptography", "sign in with a certificate") from error
    content, secret = _decoded(content), password.encode() if password else None
    try:
        key, certificates = (_from_pem if PEM in content else _from_pfx)(content, secret, path)
    except UnsupportedAlgorithm as error:
        raise _unusable(path, f"its encryption is not supported on this machine ({error})") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _unusable(path, "its key is not an RSA key, which Entra requires")
    certificate = _matching(certificates, key)
    if certificate is None:
        raise _unusable(path, "it has no certificate that belongs to its key")
    _check_validity(certificate, path)
    return {
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }


def _decoded(content: bytes) -> bytes:
    """Returns PEM or DER, whatever text encoding, escaped line breaks or base64 is around it."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            content = content.decode(encoding, "replace").encode()
    if PEM in content:
        return content.replace(b"\\r", b"").replace(b"\\n", b"\n")
    text = b"".join(content.split()).strip(b"\"'")
    try:
        inner = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return content
    return _decoded(inner) if inner else content


def _from_pem(content: bytes, secret: bytes | None, path: str) -> Loaded:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    block = re.search(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.+?-----END \1PRIVATE KEY-----", content, re.DOTALL)
    if block is None:
        raise _unusable(path, "it has no private key")
    if block[1] == b"OPENSSH ":
        raise _unusable(
            path, "its key is in the format of OpenSSH", "Convert the key with: ssh-keygen -p -m PKCS8 -f FILE"
        )
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise _unusable(path, "it has no certificate")
    try:
        key = serialization.load_pem_private_key(block[0] + b"\n", secret)
    except TypeError:
        # Raised for a key with a password when none was given, and the other way round.
        raise _unusable(path, *(_NEEDS_PASSWORD if secret is None else _NEEDS_NO_PASSWORD)) from None
    except ValueError:
        problem = (
            "its key is damaged" if secret is None else "client_certificate_password is wrong, or its key is damaged"
        )
        raise _unusable(path, problem) from None
    try:
        return key, x509.load_pem_x509_certificates(content)
    except ValueError:
        raise _unusable(path, "its certificate is damaged") from None


def _from_pfx(content: bytes, secret: bytes | None, path: str) -> Loaded:
    from cryptography.hazmat.primitives.serialization import pkcs12

    if not _PKCS12.match(content):
        raise _unusable(path, _why_not_pfx(content))
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, secret)
    except ValueError:
        if secret is None:
            raise _unusable(path, "it needs client_certificate_password, or is damaged", _PASSWORD_HINT) from None
        if _opens_without_password(content):
            raise _unusable(path, *_NEEDS_NO_PASSWORD) from None
        raise _unusable(path, "client_certificate_password is wrong, or the file is damaged") from None
    if key is None:
        raise _unusable(path, "it has no private key")
    return key, [*([certificate] if certificate else []), *others]


def _opens_without_password(content: bytes) -> bool:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        pkcs12.load_key_and_certificates(content, None)
    except ValueError:
        return False
    return True


def _why_not_pfx(content: bytes) -> str:
    """Returns what content is that is neither PEM nor PKCS#12."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    if not content.strip():
        return "it is empty"
    if content.lstrip().startswith(b"{"):
        return "it is a JSON document; only the value of the secret belongs in the file"
    if _PKCS7 in content[:32]:
        return "it has no private key"
    try:
        x509.load_der_x509_certificate(content)
        return "it has no private key"
    except (ValueError, x509.InvalidVersion):
        pass
    try:
        serialization.load_der_private_key(content, None)
        return "it has no certificate"
    except (ValueError, TypeError):
        return "it is neither a PEM nor a PFX file, nor one of these in base64"


def _matching(certificates: list[Certificate], key: RSAPrivateKey) -> Certificate | None:
    expected = key.public_key().public_numbers()
    for certificate in certificates:
        public = certificate.public_key()
        if getattr(public, "public_numbers", lambda: None)() == expected:
            return certificate
    return None


def _check_validity(certificate: Certificate, path: str) -> None:
    from datetime import datetime, timezone

    end = certificate.not_valid_after_utc
    if end < datetime.now(timezone.utc):
        raise SignInError(
            f"The client certificate in {path} expired on {end.date().isoformat()}.",
            code="certificate_expired",
            target=path,
            hint="Upload a newer one to the application in Entra, and give it as client_certificate.",
        )


_PASSWORD_HINT = "Set client_certificate_password."
_NEEDS_PASSWORD = ("it needs client_certificate_password", _PASSWORD_HINT)
_NEEDS_NO_PASSWORD = ("it needs no client_certificate_password", "Leave client_certificate_password out.")


def _unusable(path: str, problem: str, hint: str | None = None) -> InvalidInput:
    return InvalidInput(
        f"Cannot use the client certificate {path}: {problem}.",
        code="certificate",
        target=path,
        hint=hint or "Give a PEM file with the private key and its certificate, or a PFX file.",
    )
