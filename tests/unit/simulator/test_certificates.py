# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenant CA certificates are real X.509 certificates."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.unit.simulator.client import TENANT, Client


def certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text))


def test_active_certificate_expires_within_90_days_and_successor_exists(client: Client) -> None:
    listed = client.get("certificates")
    assert [(entry["IsActive"], entry["IsRevoked"]) for entry in listed] in (
        [(True, False), (False, False)],
        [(False, False), (True, False)],
    )
    ends = {entry["IsActive"]: certificate(entry["Certificate"]).not_valid_after_utc for entry in listed}
    now = datetime.now(timezone.utc)
    assert now < ends[True] < now + timedelta(days=90)
    assert ends[False] > now + timedelta(days=600)


def test_thumbprint_selects_certificate_regardless_of_case_and_defaults_to_active(client: Client) -> None:
    for entry in client.get("certificates"):
        thumbprint = entry["Thumbprint"].lower()
        assert client.get(f"cert?thumbprint={thumbprint}") == entry["Certificate"]
        if entry["IsActive"]:
            assert client.get("cert") == entry["Certificate"]
    assert client.call("GET", "cert?thumbprint=00").status_code == 404


def test_chain_is_pkcs7_and_contains_the_root_that_signed(client: Client) -> None:
    own, root = sorted(
        pkcs7.load_der_pkcs7_certificates(base64.b64decode(client.get("certchain"))),
        key=lambda c: c.subject == c.issuer,
    )
    assert own == certificate(client.get("cert"))
    own.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)


def test_deprecated_lists_return_all_certificates_as_blob(client: Client) -> None:
    listed = {entry["Certificate"] for entry in client.get("certificates")}
    blob = pkcs7.load_der_pkcs7_certificates(base64.b64decode(client.get("certs")))
    assert set(blob) == {certificate(text) for text in listed}
    chains = pkcs7.load_der_pkcs7_certificates(base64.b64decode(client.get("certchains")))
    assert len(chains) == 3


def test_proof_of_possession_contains_code_and_is_signed_by_ca(client: Client) -> None:
    proof = certificate(client.get("verification/AB12%20cd"))
    (name,) = proof.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "AB12 cd"
    proof.verify_directly_issued_by(certificate(client.get("cert")))


@pytest.mark.parametrize("code", ["x" * 65])
def test_invalid_verification_code_is_rejected(client: Client, code: str) -> None:
    assert client.call("GET", f"verification/{code}").status_code == 400


def test_expired_certificate_is_listed_without_body(client: Client) -> None:
    document = client.simulator.order("GET", "state")
    tenant = next(tenant for tenant in document["tenants"] if tenant["id"] == TENANT)
    tenant["certificates"] = [{"ends_in_days": -1}, {"active": True}, {"revoked": True, "ends_in_days": 400}]
    client.simulator.load(document)
    listed = client.get("certificates")
    (expired,) = [entry for entry in listed if entry["Certificate"] is None]
    assert client.call("GET", f"cert?thumbprint={expired['Thumbprint']}").status_code == 404
    assert sum(entry["IsRevoked"] for entry in listed) == 1
    assert len(pkcs7.load_der_pkcs7_certificates(base64.b64decode(client.get("certs")))) == 2


def test_certificates_can_be_plain_text(client: Client) -> None:
    quoted = client.call("GET", "cert")
    client.simulator.settings(certificate_text="plain")
    plain = client.call("GET", "cert")
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert plain.text == quoted.json()
