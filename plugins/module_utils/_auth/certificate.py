# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A client certificate with its key, out of a PEM or PFX file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._errors import InvalidInput, MissingLibrary, SignInError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate


def client_credential(content: bytes, password: str | None, path: str) -> dict[str, str]:
    """What msal wants to know of a certificate: key and certificate as PEM, from which it makes a PS256 assertion.

    `content` is that of the file at `path`: PEM with key and certificates in any order, or PKCS#12. Raises InvalidInput
    for a file that is neither, lacks one of the two, or whose password is missing or wrong, and SignInError for a
    certificate that has expired.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import pkcs12
    except ImportError as error:
        raise MissingLibrary("cryptography", "sign in with a certificate") from error
    secret = password.encode() if password else None
    pem = b"-----BEGIN " in content
    try:
        if pem:
            key = serialization.load_pem_private_key(_key_block(content), secret)
            certificates = x509.load_pem_x509_certificates(content)
        else:
            loaded, certificate, others = pkcs12.load_key_and_certificates(content, secret)
            if loaded is None:
                raise _bad(path, "it holds no private key")
            key, certificates = loaded, [*([certificate] if certificate else []), *others]
    except TypeError:
        # Raised for a key with a password when none was given, and the other way round.
        problem = (
            "its key needs no client_certificate_password" if secret else "its key needs client_certificate_password"
        )
        raise _bad(path, problem) from None
    except ValueError:
        raise _bad(path, _why(content, pem, secret)) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _bad(path, "Entra wants an RSA key, and its key is of another kind")
    certificate = _matching(certificates, key)
    if certificate is None:
        raise _bad(path, "it holds no certificate that belongs to its key")
    _check_validity(certificate, path)
    return {
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }


def _key_block(content: bytes) -> bytes:
    found = re.search(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.+?-----END \1PRIVATE KEY-----", content, re.DOTALL)
    if found is None:
        raise ValueError("no key")
    return found.group(0) + b"\n"


def _matching(certificates: list[Certificate], key: RSAPrivateKey) -> Certificate | None:
    wanted = key.public_key().public_numbers()
    for certificate in certificates:
        public = certificate.public_key()
        if getattr(public, "public_numbers", lambda: None)() == wanted:
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
            hint="Give a newer one as client_certificate, once it is uploaded to the application in Entra.",
        )


def _why(content: bytes, pem: bool, secret: bytes | None) -> str:
    if not pem:
        return "it is no PEM or PFX file, or client_certificate_password is missing or wrong"
    if b"PRIVATE KEY-----" not in content:
        return "it holds no private key"
    if b"-----BEGIN CERTIFICATE-----" not in content:
        return "it holds no certificate"
    return "client_certificate_password is wrong" if secret else "its key or certificate is damaged"


def _bad(path: str, problem: str) -> InvalidInput:
    return InvalidInput(
        f"The file {path} (client_certificate) cannot be used: {problem}.",
        code="certificate",
        target=path,
        hint="Give a PEM file with the private key and its certificate, or a PFX file.",
    )
