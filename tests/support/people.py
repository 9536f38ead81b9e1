# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Who can sign in at the simulated authority of these tests, and with what."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

DIRECTORY = "11111111-aaaa-4aaa-8aaa-111111111111"
PIPELINE = "22222222-aaaa-4aaa-8aaa-222222222222"
PIPELINE_OBJECT = "33333333-aaaa-4aaa-8aaa-333333333333"
OTHER = "22222222-bbbb-4bbb-8bbb-222222222222"
UNCONSENTED = "22222222-cccc-4ccc-8ccc-222222222222"
OWN_CLIENT = "22222222-dddd-4ddd-8ddd-222222222222"
UNCONSENTED_CLIENT = "22222222-eeee-4eee-8eee-222222222222"
SYSTEM_IDENTITY = "44444444-aaaa-4aaa-8aaa-444444444444"
USER_IDENTITY = "44444444-bbbb-4bbb-8bbb-444444444444"
USER_IDENTITY_CLIENT = "55555555-bbbb-4bbb-8bbb-555555555555"
SECRET, OLD_SECRET, OTHER_SECRET = "canary~pipeline.secret", "canary~expired.secret", "canary~other.secret"
ADA, GRACE = "ada@contoso.example", "grace@fabrikam.example"
ISSUER, SUBJECT = "https://cluster.example", "system:serviceaccount:fleet:runner"
PASSWORD = "canary password"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certified:
    """A key with a self-signed certificate, as files take them."""

    key: PrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, key: PrivateKey | None = None, days: int = 30) -> Certified:
        key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pipeline")])
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
        return cls(key, builder.sign(key, hashes.SHA256()))

    @cached_property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: str | None = None) -> bytes:
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password.encode())
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def pfx(self, password: str | None = None) -> bytes:
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(b"pipeline", self.key, self.certificate, None, encryption)


def federated_token(key: rsa.RSAPrivateKey, **changes: Any) -> str:
    """A token as a cluster gives to its workloads."""
    now = int(datetime.now(timezone.utc).timestamp())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"], "iat": now, "exp": now + 3600}
    return jwt.encode({**claims, **changes}, key, algorithm="RS256")


def write(path: Path, content: bytes | str) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def seed(certificates: list[bytes], cluster: rsa.RSAPrivateKey) -> dict[str, Any]:
    """The simulator's state: one directory with applications, people in two directories, and two managed identities."""
    public_key = cluster.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "directories": [{"id": DIRECTORY, "name": "contoso.example"}],
        "applications": [
            {
                "client_id": PIPELINE,
                "object_id": PIPELINE_OBJECT,
                "name": "pipeline",
                "directory_id": DIRECTORY,
                "secrets": [{"value": SECRET}, {"value": OLD_SECRET, "expires": "2020-01-01T00:00:00Z"}],
                "certificates": [certificate.decode() for certificate in certificates],
                "federated": [{"issuer": ISSUER, "subject": SUBJECT, "public_key": public_key.decode()}],
            },
            {"client_id": OTHER, "name": "other", "directory_id": DIRECTORY, "secrets": [{"value": OTHER_SECRET}]},
            {
                "client_id": UNCONSENTED,
                "name": "unconsented",
                "directory_id": DIRECTORY,
                "secrets": [{"value": SECRET}],
                "consented": False,
            },
            {"client_id": OWN_CLIENT, "name": "own client", "directory_id": DIRECTORY, "public": True},
            {
                "client_id": UNCONSENTED_CLIENT,
                "name": "unconsented client",
                "directory_id": DIRECTORY,
                "public": True,
                "consented": False,
            },
        ],
        "people": [
            {"username": ADA, "name": "Ada"},
            {"username": "bea@contoso.example", "name": "Bea"},
            {"username": GRACE, "name": "Grace", "directory_id": DIRECTORY},
        ],
        "managed_identities": [
            {"object_id": SYSTEM_IDENTITY, "name": "machine", "directory_id": DIRECTORY, "system_assigned": True},
            {
                "object_id": USER_IDENTITY,
                "client_id": USER_IDENTITY_CLIENT,
                "name": "runner",
                "directory_id": DIRECTORY,
            },
        ],
        "tenants": [],
    }


def here() -> Environment:
    """The environment of this process, as a test has set it."""
    return Environment(os.environ, os.getcwd())
