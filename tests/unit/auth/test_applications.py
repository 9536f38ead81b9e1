# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Applications that sign in with a secret, a certificate or a federated token."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.claims import claims
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, SignInError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.support.people import (
    DIRECTORY,
    OLD_SECRET,
    PASSWORD,
    PIPELINE,
    PIPELINE_OBJECT,
    SECRET,
    UNCONSENTED,
    Certified,
    federated_token,
    write,
)

from .conftest import Authority, Opener

APPLICATION = {"client_id": PIPELINE, "directory_id": DIRECTORY}


def test_client_secret_fetches_a_token_for_the_api(opened: Opener) -> None:
    tokens = opened(**APPLICATION, client_secret=SECRET)
    said = claims(tokens.token())
    assert (said["aud"], said["oid"]) == ("https://firstparty.sphere.azure.net/api", PIPELINE_OBJECT)
    assert tokens.source == "client_secret"


def test_account_is_the_service_principal_with_its_address(opened: Opener) -> None:
    account = opened(**APPLICATION, client_secret=SECRET).account()
    assert account.address == f"{PIPELINE_OBJECT}@{DIRECTORY}.onmicrosoft.com"
    assert (account.object_id, account.directory_id, account.client_id) == (PIPELINE_OBJECT, DIRECTORY, PIPELINE)
    assert account.expires_on is not None
    assert account.expires_on.endswith("Z")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"client_secret": "canary wrong"}, "AADSTS7000215", "client secret is wrong"),
        ({"client_secret": OLD_SECRET}, "AADSTS7000222", "expired"),
        ({"client_id": "99999999-aaaa-4aaa-8aaa-999999999999"}, "AADSTS700016", "no such application"),
        ({"directory_id": "99999999-aaaa-4aaa-8aaa-999999999999"}, "AADSTS90002", "no such directory"),
        ({"client_id": UNCONSENTED}, "AADSTS500011", "7c209960-a417-423c-b2e3-9251907e63fe"),
    ],
)
def test_sign_in_error_names_code_and_remedy(opened: Opener, changes: dict[str, Any], code: str, words: str) -> None:
    tokens = opened(**{**APPLICATION, "client_secret": SECRET, **changes})
    with pytest.raises(SignInError) as caught:
        tokens.token()
    error = caught.value
    assert error.code == code
    assert error.hint
    assert words in str(error)
    assert code in error.message
    assert "canary" not in f"{error} {error.as_dict()!r} {error!r}"


def pem(certified: Certified) -> bytes:
    return certified.key_pem() + certified.certificate_pem


def pem_certificate_first(certified: Certified) -> bytes:
    return certified.certificate_pem + certified.key_pem()


def pem_with_chain(certified: Certified) -> bytes:
    return Certified.make().certificate_pem + certified.certificate_pem + certified.key_pem()


def pem_in_base64(certified: Certified) -> bytes:
    return base64.encodebytes(pem(certified))


def pem_with_windows_line_ends(certified: Certified) -> bytes:
    return pem(certified).replace(b"\n", b"\r\n")


def pem_as_powershell_writes_it(certified: Certified) -> bytes:
    return pem(certified).decode().encode("utf-16")


def pem_with_a_byte_order_mark(certified: Certified) -> bytes:
    return b"\xef\xbb\xbf" + pem(certified)


def pem_with_escaped_line_breaks(certified: Certified) -> bytes:
    return pem(certified).replace(b"\n", b"\\n")


def pfx(certified: Certified) -> bytes:
    return certified.pfx()


def pfx_in_base64(certified: Certified) -> bytes:
    """As `az keyvault secret show --query value -o tsv` prints it."""
    return base64.b64encode(certified.pfx()) + b"\n"


def pfx_in_base64_lines(certified: Certified) -> bytes:
    return base64.encodebytes(certified.pfx()).replace(b"\n", b"\r\n")


def pfx_in_quoted_base64(certified: Certified) -> bytes:
    """As `az keyvault secret show --query value` prints it."""
    return b'"' + base64.b64encode(certified.pfx()) + b'"\n'


def pfx_in_base64_twice(certified: Certified) -> bytes:
    """As a Kubernetes secret shows the value of Key Vault."""
    return base64.b64encode(base64.b64encode(certified.pfx()))


def pfx_in_base64_with_a_byte_order_mark(certified: Certified) -> bytes:
    return base64.b64encode(certified.pfx()).decode().encode("utf-16")


FORMS = [
    pem,
    pem_certificate_first,
    pem_with_chain,
    pem_in_base64,
    pem_with_windows_line_ends,
    pem_as_powershell_writes_it,
    pem_with_a_byte_order_mark,
    pem_with_escaped_line_breaks,
    pfx,
    pfx_in_base64,
    pfx_in_base64_lines,
    pfx_in_quoted_base64,
    pfx_in_base64_twice,
    pfx_in_base64_with_a_byte_order_mark,
]


@pytest.mark.parametrize("form", FORMS)
def test_certificate_is_read_in_every_format(
    opened: Opener, registered: Certified, tmp_path: Path, form: Callable[[Certified], bytes]
) -> None:
    path = write(tmp_path / "pipeline.pem", form(registered))
    tokens = opened(**APPLICATION, client_certificate=path)
    assert claims(tokens.token())["oid"] == PIPELINE_OBJECT
    assert tokens.source == "client_certificate"


def through_a_pipe(content: bytes) -> str:
    """A path as a shell's process substitution gives it."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return f"/dev/fd/{reading}"


@pytest.mark.parametrize("cache", [None, "none"])
def test_certificate_from_a_pipe_signs_in(
    opened: Opener, params: dict[str, Any], registered: Certified, cache: str | None
) -> None:
    """It is read for the key of the token cache, and to sign in: the second time, the pipe would be empty."""
    path = through_a_pipe(pem(registered))
    try:
        tokens = opened(**APPLICATION, client_certificate=path, token_cache=cache or params["token_cache"])
        first = tokens.token()
        assert claims(first)["oid"] == PIPELINE_OBJECT
        assert tokens.renew(first) != first
    finally:
        os.close(int(path.rpartition("/")[2]))


def test_federated_token_from_a_pipe_signs_in(opened: Opener, cluster: rsa.RSAPrivateKey) -> None:
    path = through_a_pipe(federated_token(cluster).encode())
    try:
        tokens = opened(**APPLICATION, federated_token_file=path)
        assert claims(tokens.token())["oid"] == PIPELINE_OBJECT
    finally:
        os.close(int(path.rpartition("/")[2]))


def test_certificate_key_with_password_signs_in(opened: Opener, registered: Certified, tmp_path: Path) -> None:
    path = write(tmp_path / "pipeline.pem", registered.key_pem(PASSWORD) + registered.certificate_pem)
    tokens = opened(**APPLICATION, client_certificate=path, client_certificate_password=PASSWORD)
    assert claims(tokens.token())["oid"] == PIPELINE_OBJECT


@pytest.mark.parametrize("encode", [bytes, base64.b64encode, base64.encodebytes])
def test_pfx_file_with_password_signs_in(
    opened: Opener, registered: Certified, tmp_path: Path, encode: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / "pipeline.pfx", encode(registered.pfx(PASSWORD)))
    tokens = opened(**APPLICATION, client_certificate=path, client_certificate_password=PASSWORD)
    assert claims(tokens.token())["oid"] == PIPELINE_OBJECT


def test_unregistered_certificate_is_rejected(opened: Opener, tmp_path: Path) -> None:
    path = write(tmp_path / "stranger.pem", pem(Certified.make()))
    with pytest.raises(SignInError, match="AADSTS700027"):
        opened(**APPLICATION, client_certificate=path).token()


def test_expired_certificate_is_rejected_before_any_request(opened: Opener, expired: Certified, tmp_path: Path) -> None:
    path = write(tmp_path / "old.pem", pem(expired))
    with pytest.raises(SignInError, match="expired on") as caught:
        opened(**APPLICATION, client_certificate=path).token()
    assert caught.value.code == "certificate_expired"


STRANGER = Certified.make()
DER = STRANGER.certificate.public_bytes(serialization.Encoding.DER)
KEY_DER = STRANGER.key.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
OPENSSH_KEY = STRANGER.key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
)


@pytest.mark.parametrize(
    ("content", "password", "words"),
    [
        (b"no certificate at all", None, "neither a PEM nor a PFX file"),
        (base64.b64encode(b"no certificate at all"), None, "neither a PEM nor a PFX file"),
        (b"", None, "it is empty"),
        (b"\n", None, "it is empty"),
        (b'{"value": "MIIK"}', None, "only the value of the secret"),
        (DER, None, "no private key"),
        (base64.b64encode(DER), None, "no private key"),
        (KEY_DER, None, "it has no certificate"),
        (pkcs7.serialize_certificates([STRANGER.certificate], serialization.Encoding.DER), None, "no private key"),
        (OPENSSH_KEY + STRANGER.certificate_pem, None, "ssh-keygen -p -m PKCS8"),
        (STRANGER.key_pem() + STRANGER.certificate_pem.replace(b"MII", b"MIJ"), None, "certificate is damaged"),
        (STRANGER.key_pem().replace(b"MII", b"MIJ") + STRANGER.certificate_pem, None, "key is damaged"),
        (STRANGER.pfx()[:-100], None, "needs client_certificate_password, or is damaged"),
        (base64.b64encode(STRANGER.pfx(PASSWORD)), "canary", "password is wrong"),
        (STRANGER.pfx(), "canary", "needs no client_certificate_password"),
        (Certified.make().certificate_pem, None, "no private key"),
        (Certified.make().key_pem(), None, "no certificate"),
        (Certified.make().key_pem() + Certified.make().certificate_pem, None, "belongs to its key"),
        (pem(Certified.make(ec.generate_private_key(ec.SECP256R1()))), None, "RSA"),
        (
            Certified.make().key_pem(PASSWORD) + Certified.make().certificate_pem,
            None,
            "needs client_certificate_password",
        ),
        (Certified.make().key_pem(PASSWORD) + Certified.make().certificate_pem, "canary", "password is wrong"),
        (Certified.make().pfx(PASSWORD), "canary", "password is wrong"),
        (Certified.make().pfx(PASSWORD), None, "needs client_certificate_password"),
        (pem(Certified.make()), "canary", "needs no client_certificate_password"),
    ],
)
def test_invalid_certificate_file_is_reported(
    opened: Opener, tmp_path: Path, content: bytes, password: str | None, words: str
) -> None:
    path = write(tmp_path / "bad.pem", content)
    tokens = opened(**APPLICATION, client_certificate=path, client_certificate_password=password)
    with pytest.raises(InvalidInput) as caught:
        tokens.token()
    assert words in str(caught.value)
    assert path in str(caught.value)
    assert "canary" not in str(caught.value)


def test_federated_token_signs_in(opened: Opener, cluster: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    path = write(tmp_path / "token", federated_token(cluster) + "\n")
    tokens = opened(**APPLICATION, federated_token_file=path)
    assert claims(tokens.token())["oid"] == PIPELINE_OBJECT
    assert tokens.source == "workload_identity"


def test_federated_token_file_is_reread_for_each_renewal(
    opened: Opener, cluster: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    write(path, federated_token(cluster))
    tokens = opened(**APPLICATION, federated_token_file=str(path))
    first = tokens.token()
    write(path, "a file that is just being replaced")
    with pytest.raises(InvalidInput, match="holds no token"):
        tokens.renew(first)
    write(path, federated_token(cluster))
    assert tokens.renew(first) != first


def test_workloads_do_not_share_tokens(
    authority: Authority, opened: Opener, cluster: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    path = write(tmp_path / "token", federated_token(cluster))
    first = opened(**APPLICATION, federated_token_file=path).token()
    before = authority.issued
    write(tmp_path / "token", federated_token(cluster, jti="of the next hour"))
    assert opened(**APPLICATION, federated_token_file=path).token() == first
    assert authority.issued == before
    write(tmp_path / "token", federated_token(cluster, sub="system:serviceaccount:fleet:intruder"))
    with pytest.raises(SignInError, match="AADSTS700213"):
        opened(**APPLICATION, federated_token_file=path).token()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://elsewhere.example"}, "AADSTS700211"),
        ({"aud": "api://something"}, "AADSTS700212"),
        ({"sub": "system:serviceaccount:fleet:intruder"}, "AADSTS700213"),
        ({"exp": 1700000000}, "AADSTS700024"),
    ],
)
def test_federated_token_with_wrong_claims_is_rejected(
    opened: Opener, cluster: rsa.RSAPrivateKey, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    path = write(tmp_path / "token", federated_token(cluster, **changes))
    with pytest.raises(SignInError) as caught:
        opened(**APPLICATION, federated_token_file=path).token()
    assert caught.value.code == code


def test_forged_federated_token_is_rejected(opened: Opener, tmp_path: Path) -> None:
    forged = federated_token(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    path = write(tmp_path / "token", forged)
    with pytest.raises(SignInError, match="AADSTS700027") as caught:
        opened(**APPLICATION, federated_token_file=path).token()
    assert forged not in str(caught.value)


@pytest.mark.parametrize("option", ["client_certificate", "federated_token_file"])
def test_missing_credential_file_is_reported(opened: Opener, tmp_path: Path, option: str) -> None:
    with pytest.raises(FleetError, match="cannot be read: No such file"):
        opened(**APPLICATION, **{option: str(tmp_path / "missing")}).token()
