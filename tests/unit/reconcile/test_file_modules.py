# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Capability files, images and certificates on disk: kept while they fit, the same in a check run and a real one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import Files
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Certificate, Device
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.ca_certificate import (
    PROOF,
    apply_certificate,
    desired_content,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.device_capability import apply_capability
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.file import desired_file
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.image_download import (
    apply_image_file,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._views.certificates import proves
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.ansible_files import disk, planned_files
from tests.support.fakes import Part, Recorder, SmallService, surround
from tests.support.memory import TENANT

DEVICE = "0a" * 64
IMAGE = "c1000000-0000-4000-8000-000000000001"
NOW = datetime.now(timezone.utc).replace(microsecond=0)
CODE = "6F1D2C3B4A594837"
CONTENT = bytes(range(256)) * 100


class Authority:
    """A CA that signs certificates."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.body = self.sign(name, days=700)

    def sign(self, name: str, days: float = 30) -> bytes:
        key = self._key if name == self.name else ec.generate_private_key(ec.SECP256R1())
        end = NOW + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(NOW, end) - timedelta(days=1))
            .not_valid_after(end)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


ACTIVE, NEXT = Authority("Azure Sphere one"), Authority("Azure Sphere one")


def forged(content: bytes) -> bytes:
    """With one bit of the signature changed."""
    return content[:-1] + bytes([content[-1] ^ 1])


class Signing(SmallService):
    """Below everything: a service that signs each file anew."""

    def __init__(self) -> None:
        super().__init__(
            authorities=(
                Certificate("AB12", True, False, ACTIVE.body),
                Certificate("CD34", False, False, NEXT.body),
                Certificate("EF56", False, True, None),
            ),
            contents={IMAGE: CONTENT},
            claimed=(Device(DEVICE, TENANT.id),),
        )
        self._signed = 0
        self.devices = Part(self.devices, capability_file=self._capability_file)
        self.certificates = Part(self.certificates, proof_of_possession=self._proof)

    def _capability_file(self, device_id: str, capabilities: list[str]) -> bytes:
        self._signed += 1
        if self.devices.get(device_id) is None:
            raise NotFound("There is no such device.")
        return f"{device_id} {capabilities} {self._signed}".encode()

    def _proof(self, verification_code: str, thumbprint: str | None) -> bytes:
        return (NEXT if thumbprint == "CD34" else ACTIVE).sign(verification_code)


class Bench:
    """Runs on one service: planned ones on an overlay, with files that stay planned."""

    def __init__(self) -> None:
        self.service = Recorder(Signing())

    def context(self, check: bool) -> Context:
        service = Overlay(cast(Any, self.service)) if check else self.service
        return surround(service, planned_files() if check else disk()).context

    def twice(self, run: Callable[[Context], Result], path: Path) -> Result:
        """Plans and applies twice: the plan predicts the changes, and the second run changes nothing."""
        before = path.read_bytes() if path.exists() else None
        planned = run(self.context(check=True))
        assert (path.read_bytes() if path.exists() else None) == before
        done = run(self.context(check=False))
        assert planned.changed == done.changed
        for key, value in planned.values.items():
            assert isinstance(value, Placeholder) or value == done.values[key]
        used = len(self.service.writes)
        for check in (False, True):
            again = run(self.context(check))
            assert (again.changed, again.diff) == (False, ())
        assert len(self.service.writes) == used
        return done


@pytest.fixture
def bench() -> Bench:
    return Bench()


def options(path: Path, mode: object = "0600", **others: Any) -> dict[str, Any]:
    """The file options of a task."""
    return {"dest": str(path), "mode": mode, **others}


def capability(path: Path, force: bool = False, mode: object = "0600") -> Callable[[Context], Result]:
    return lambda context: apply_capability(context, DEVICE.upper(), ["appDevelopment"], options(path, mode), force)


def test_capability_file_is_kept_once_it_is_there(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "device.cap"
    result = bench.twice(capability(path), path)
    assert path.read_bytes() == f"{DEVICE} ['appDevelopment'] 1".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert result.values == {
        "dest": str(path),
        "checksum": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size": path.stat().st_size,
        "mode": "0600",
        "uid": os.geteuid(),
        "gid": os.getegid(),
        "owner": path.owner(),
        "group": path.group(),
        "state": "file",
    }
    assert bench.service.writes == ["devices.capability_file"]


def test_force_replaces_the_capability_file(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "device.cap"
    path.write_bytes(b"another device's")
    path.chmod(0o600)
    assert not capability(path)(bench.context(check=False)).changed
    result = capability(path, force=True)(bench.context(check=False))
    assert result.changed
    assert path.read_bytes().startswith(DEVICE.encode())


def test_only_the_mode_of_a_file_can_be_wrong(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "device.cap"
    path.write_bytes(b"there")
    path.chmod(0o644)
    result = bench.twice(capability(path), path)
    assert result.diff is not None
    assert ("mode: '0644'" in result.diff[0]["before"], "mode: '0600'" in result.diff[0]["after"]) == (True, True)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, bench.service.writes) == (b"there", 0o600, [])


def test_no_difference_shows_what_is_in_a_file(bench: Bench, tmp_path: Path) -> None:
    result = capability(tmp_path / "device.cap")(bench.context(check=False))
    assert "appDevelopment" not in str(result)
    assert result.diff is not None
    assert [line.partition(":")[0] for line in result.diff[0]["after"].splitlines()] == [
        "path",
        "mode",
        "owner",
        "group",
        "size",
        "sha256",
    ]


def test_capability_file_for_unclaimed_device_is_rejected(bench: Bench, tmp_path: Path) -> None:
    for check in (True, False):
        result = apply_capability(bench.context(check), "0b" * 64, [], options(tmp_path / "x"), False)
        assert "Claim the device" in str(result.error)
    assert list(tmp_path.iterdir()) == []


def image(path: Path, image_id: str = IMAGE) -> Callable[[Context], Result]:
    return lambda context: apply_image_file(context, image_id, options(path, "0644"))


@pytest.mark.parametrize("before", [None, b"", CONTENT[:-1], CONTENT + b"x", bytes(len(CONTENT))])
def test_image_file_has_the_content_of_the_image(bench: Bench, tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "image"
    if before is not None:
        path.write_bytes(before)
    result = bench.twice(image(path), path)
    assert (result.changed, path.read_bytes()) == (True, CONTENT)
    assert result.values["checksum"] == hashlib.sha256(CONTENT).hexdigest()
    assert "secret" not in str(result)


def test_check_run_knows_what_an_image_file_will_hold(bench: Bench, tmp_path: Path) -> None:
    result = image(tmp_path / "image")(bench.context(check=True))
    assert result.values["checksum"] == hashlib.sha256(CONTENT).hexdigest()
    assert list(tmp_path.iterdir()) == []


def test_unknown_image_is_reported(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Invalid image ID"):
        image(tmp_path / "image", "nonsense")(bench.context(check=False))
    assert bench.service.used == []
    with pytest.raises(InvalidInput, match="not found in the tenant"):
        image(tmp_path / "image", "c9000000-0000-4000-8000-000000000001")(bench.context(check=False))


def certificate(
    path: Path, content: str = "certificate", thumbprint: str | None = None, code: str | None = None
) -> Callable[[Context], Result]:
    wanted = desired_content(content, thumbprint, code)
    return lambda context: apply_certificate(
        context, wanted, desired_file(context.files, options(path, "0644"), "0644", content)
    )


@pytest.mark.parametrize(("thumbprint", "body"), [(None, ACTIVE.body), ("ab:12", ACTIVE.body), ("cd 34", NEXT.body)])
@pytest.mark.parametrize("before", [None, b"", b"another"])
def test_certificate_is_the_one_asked_for(
    bench: Bench, tmp_path: Path, thumbprint: str | None, body: bytes, before: bytes | None
) -> None:
    path = tmp_path / "tenant.cer"
    if before is not None:
        path.write_bytes(before)
    result = bench.twice(certificate(path, thumbprint=thumbprint), path)
    assert (result.changed, path.read_bytes()) == (True, body)
    assert result.values["certificate"]["is_active"] == (body == ACTIVE.body)


def test_certificate_chain_is_written(bench: Bench, tmp_path: Path) -> None:
    bench.twice(certificate(tmp_path / "tenant.p7b", "chain"), tmp_path / "tenant.p7b")
    assert (tmp_path / "tenant.p7b").read_bytes() == b"chain"


def test_unknown_certificate_is_reported_with_available_ones(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="AB12"):
        certificate(tmp_path / "x", thumbprint="0099")(bench.context(check=False))


def test_expired_certificate_leaves_no_file(bench: Bench, tmp_path: Path) -> None:
    result = certificate(tmp_path / "x", thumbprint="EF56")(bench.context(check=False))
    assert isinstance(result.error, NotFound)
    assert list(tmp_path.iterdir()) == []


def test_valid_proof_is_kept(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "proof.cer"
    bench.twice(certificate(path, PROOF, None, CODE), path)
    first = path.read_bytes()
    assert proves(first, CODE, ACTIVE.body, NOW)
    bench.twice(certificate(path, PROOF, "CD34", CODE), path)
    assert proves(path.read_bytes(), CODE, NEXT.body, NOW)
    bench.twice(certificate(path, PROOF, "CD34", "another"), path)
    assert proves(path.read_bytes(), "another", NEXT.body, NOW)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no certificate",
        ACTIVE.body,
        ACTIVE.sign("another code"),
        ACTIVE.sign(CODE, days=-2),
        NEXT.sign(CODE),
        ACTIVE.sign(CODE)[:-1],
        forged(ACTIVE.sign(CODE)),
    ],
    ids=["empty", "text", "the authority", "other code", "expired", "other authority", "cut", "forged"],
)
def test_invalid_content_is_not_a_proof(content: bytes) -> None:
    assert not proves(content, CODE, ACTIVE.body, NOW)


@pytest.mark.parametrize(
    ("content", "code"), [("certificate", CODE), ("chain", CODE), (PROOF, None), (PROOF, ""), (PROOF, "x" * 65)]
)
def test_invalid_codes_are_rejected(content: str, code: str | None) -> None:
    with pytest.raises(InvalidInput):
        desired_content(content, None, code)


@pytest.mark.parametrize("mode", ["u=rwz", "888", "-1", "17777", "preserve", 644, 600, -1, True, [], 6.44])
@pytest.mark.parametrize("files", [disk, planned_files])
def test_invalid_modes_are_rejected(files: Callable[[], Files], mode: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Invalid mode"):
        desired_file(files(), options(tmp_path / "x", mode), "0600", "it")


@pytest.mark.parametrize(
    ("mode", "bits"),
    [
        ("0640", 0o640),
        ("640", 0o640),
        (0o640, 0o640),
        ("u=rw,g=r,o=", 0o640),
        ("g+r", 0o640),
        ("u+x,g=u-w", 0o750),
        (None, 0o600),
        ("", 0o600),
    ],
)
def test_modes_have_the_forms_that_ansible_takes(bench: Bench, mode: object, bits: int, tmp_path: Path) -> None:
    path = tmp_path / "device.cap"
    bench.twice(capability(path, mode=mode), path)
    assert path.stat().st_mode & 0o7777 == bits


def test_file_keeps_its_mode_when_none_is_given(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"old")
    path.chmod(0o640)
    bench.twice(lambda context: apply_image_file(context, IMAGE, options(path, None)), path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (CONTENT, 0o640)
