# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Links, mounts, owners and missing directories: the check run of each file module predicts the real one."""

from __future__ import annotations

import itertools
import os
import ssl
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.support.ansible_files import mounted

from .fleet import DEVICES, NEW, TENANT, fleet
from .proof import agree
from .workbench import Answer, Workbench

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")
#: Each module with options that change something wherever its file goes.
MODULES: dict[str, dict[str, Any]] = {
    "ca_certificate": {},
    "device_capability": {"id": DEVICES[0], "capabilities": ["appDevelopment"], "force": True},
    "image_download": {"id": NEW},
}
EACH = pytest.mark.parametrize("module", MODULES)


def run(bench: Workbench, module: str, dest: str, *, check: bool = False, **options: Any) -> Answer:
    return bench.run(module, {**MODULES[module], "dest": dest, **options}, check=check)


def kept(module: str) -> dict[str, bool]:
    """The option that keeps existing content."""
    return {"force": False} if "force" in MODULES[module] else {}


def prove(bench: Workbench, module: str, dest: str, **options: Any) -> Answer:
    """Runs as a check, which changes nothing and predicts the real run; a second run has nothing to do."""
    before = listing(Path())
    predicted = run(bench, module, dest, check=True, **options)
    assert (predicted.writes, listing(Path())) == ((), before)
    real = run(bench, module, dest, **options)
    assert (predicted.values.get("failed"), real.values.get("failed")) == (None, None), real.values.get("msg")
    agree(predicted, real)
    check_result(real, dest)
    for check in (False, True):
        again = run(
            bench, module, dest, check=check, **{**options, **({"force": False} if "force" in MODULES[module] else {})}
        )
        assert (again.changed, again.diff, again.values.get("failed")) == (False, [], None)
        check_result(again, dest)
    assert not [name for name in os.listdir() if name.startswith((".azsphere", ".ansible"))]
    return real


def check_result(answer: Answer, dest: str) -> None:
    """Asserts that a result describes the file as it is."""
    found = os.stat(dest)
    shown = {name: answer.values[name] for name in ("dest", "mode", "uid", "gid", "size", "state")}
    assert shown == {
        "dest": dest,
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "uid": found.st_uid,
        "gid": found.st_gid,
        "size": found.st_size,
        "state": "file" if found.st_nlink == 1 else "hard",
    }
    if answer.diff:
        assert f"path: {dest}\n" in answer.diff[-1]["after"]


def listing(folder: Path) -> list[tuple[Any, ...]]:
    """Everything in a folder, with what a write would change."""
    entries = []
    for path in sorted(folder.rglob("*")):
        found = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        entries.append((str(path), found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, content))
    return entries


def refuse(bench: Workbench, module: str, dest: str, words: str, **options: Any) -> None:
    """Asserts that a check run and a real one fail with the same error, and that nothing was asked of the service."""
    before = listing(Path())
    errors = []
    for check in (True, False):
        answer = run(bench, module, dest, check=check, **options)
        assert answer.values["failed"]
        assert words in answer.values["msg"]
        errors.append(answer.values["error"])
        assert (answer.writes, listing(Path())) == ((), before)
    assert errors[0] == errors[1]


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of all runs: Ansible shows each once for a process, and its form depends on the core."""
    found: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text, **_options: found.append(text))
    return found


@pytest.fixture(autouse=True)
def seeded(bench: Workbench) -> None:
    bench.simulator.load(fleet())


@EACH
def test_symbolic_link_is_followed(bench: Workbench, module: str) -> None:
    Path("store").mkdir()
    Path("store/target").write_bytes(b"old")
    Path("link").symlink_to("store/target")
    real = prove(bench, module, "link", mode="0640")
    assert real.changed
    assert Path("link").is_symlink()
    assert Path("store/target").read_bytes() != b"old"
    assert stat.S_IMODE(Path("store/target").lstat().st_mode) == 0o640


@EACH
def test_dangling_link_creates_its_target(bench: Workbench, module: str) -> None:
    Path("link").symlink_to("target")
    assert prove(bench, module, "link").changed
    assert Path("link").is_symlink()
    assert Path("target").is_file()


@EACH
def test_only_the_mode_behind_a_link_changes(bench: Workbench, module: str) -> None:
    run(bench, module, "target", mode="0600")
    Path("link").symlink_to("target")
    inode = Path("target").stat().st_ino
    real = prove(bench, module, "link", mode="u=rw,g=r", **kept(module))
    assert real.changed
    assert (Path("target").stat().st_ino, stat.S_IMODE(Path("target").stat().st_mode)) == (inode, 0o640)


@EACH
@pytest.mark.parametrize(
    ("dest", "words"),
    [
        ("folder", "is a directory"),
        ("to folder", "is a directory"),
        ("pipe", "not a regular file"),
        ("loop", "link to itself"),
    ],
)
def test_destination_that_is_not_a_file_is_rejected(bench: Workbench, module: str, dest: str, words: str) -> None:
    Path("folder").mkdir()
    Path("to folder").symlink_to("folder")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    refuse(bench, module, dest, words)


@EACH
@pytest.mark.parametrize("dest", ["missing/file", "missing/further/file", "link"])
def test_missing_directory_is_a_warning_in_check_mode(
    bench: Workbench, module: str, dest: str, warnings: list[str]
) -> None:
    Path("link").symlink_to("missing/file")
    checked = run(bench, module, dest, check=True)
    assert (checked.changed, checked.values.get("failed")) == (True, None)
    [warning] = warnings
    assert "there is no directory" in warning
    assert "An earlier task may" in warning
    real = run(bench, module, dest)
    assert real.values["failed"]
    assert "there is no directory" in real.values["msg"]
    assert (real.changed, real.writes) == (False, ())
    Path(os.path.realpath(dest)).parent.mkdir(parents=True)
    agree(checked, run(bench, module, dest))


@EACH
def test_missing_user_is_a_warning_in_check_mode(bench: Workbench, module: str, warnings: list[str]) -> None:
    checked = run(bench, module, "file", check=True, owner="made-by-an-earlier-task", group="12")
    assert (checked.changed, checked.values["uid"], checked.values["gid"]) == (True, None, 12)
    assert "uid" in checked.values["unknown"]
    assert checked.values["owner"] == "made-by-an-earlier-task"
    assert "There is no user" in warnings[0]
    real = run(bench, module, "file", owner="made-by-an-earlier-task", group="12")
    assert 'There is no user "made-by-an-earlier-task"' in real.values["msg"]
    assert not Path("file").exists()


@as_root
@EACH
def test_owner_and_group_stay_unless_asked_for(bench: Workbench, module: str) -> None:
    Path("file").write_bytes(b"old")
    os.chown("file", NOBODY, 12)
    real = prove(bench, module, "file")
    assert (real.values["uid"], real.values["gid"]) == (NOBODY, 12)
    real = prove(bench, module, "file", owner="root", group="0", mode="g-rwx")
    assert (real.values["owner"], real.values["gid"]) == ("root", 0)


@as_root
@EACH
@pytest.mark.parametrize("unsafe_writes", [False, True])
def test_mounted_file_is_written_in_place(
    bench: Workbench, module: str, unsafe_writes: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = tmp_path_factory.mktemp("host") / "source"
    source.write_bytes(b"old")
    os.chown(source, NOBODY, NOBODY)
    Path("file").touch()
    with mounted(source, Path("file")):
        real = prove(bench, module, "file", mode="0640", unsafe_writes=unsafe_writes)
        assert (real.changed, real.values["uid"]) == (True, NOBODY)
        assert source.read_bytes() == Path("file").read_bytes() != b"old"


@as_root
@EACH
def test_file_in_locked_directory_is_written_in_place(bench: Workbench, module: str) -> None:
    with locked("store") as folder:
        (folder / "file").write_bytes(b"old")
        subprocess.run(["chattr", "+i", folder], check=True)
        assert prove(bench, module, "store/file").changed
        refuse(bench, module, "store/new", "the directory")


@as_root
@EACH
def test_immutable_file_is_rejected(bench: Workbench, module: str) -> None:
    with locked("store") as folder:
        (folder / "file").write_bytes(b"old")
        subprocess.run(["chattr", "+i", folder / "file"], check=True)
        refuse(bench, module, "store/file", "immutable")


@as_root
@EACH
def test_flags_are_set_once(bench: Workbench, module: str) -> None:
    with locked("store"):
        real = prove(bench, module, "store/file", attributes="+A")
        assert "attributes: A\n" in real.diff[0]["after"]


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """A folder in which flags can be set, and are taken away at the end."""
    folder = Path(name)
    folder.mkdir()
    done = subprocess.run(["chattr", "+i", folder], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot set flags here: {done.stderr.strip()}")
    try:
        subprocess.run(["chattr", "-i", folder], check=True)
        yield folder
    finally:
        subprocess.run(["chattr", "-R", "-i", folder], check=True)


# --- the record of blocked tenants -----------------------------------------------------------------------------------


def block(bench: Workbench, record: str, *, check: bool = False) -> Answer:
    options = {"legacy_authorization": "blocked", "record": record, "confirm": TENANT}
    return bench.run("tenant", options, check=check)


def test_record_behind_a_link_keeps_its_mode(bench: Workbench) -> None:
    Path("store").mkdir()
    Path("store/record").write_text("{}")
    Path("store/record").chmod(0o640)
    Path("record").symlink_to("store/record")
    agree(block(bench, "record", check=True), block(bench, "record"))
    assert Path("record").is_symlink()
    assert "blocked" in Path("store/record").read_text()
    assert stat.S_IMODE(Path("store/record").stat().st_mode) == 0o640
    assert not block(bench, "record").changed


@as_root
def test_nothing_is_blocked_when_the_record_does_not_fit_on_the_disk(bench: Workbench) -> None:
    Path("small").mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "none", "small"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        with pytest.raises(OSError, match="No space"):
            Path("small/filler").write_bytes(bytes(64 * 1024))
        real = block(bench, "small/record")
        assert "No space left on device" in real.values["msg"]
        assert (real.changed, real.writes, os.listdir("small")) == (False, (), ["filler"])
    finally:
        subprocess.run(["umount", "small"], check=True)


@as_root
def test_mounted_record_is_written_in_place(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = tmp_path_factory.mktemp("host") / "record"
    source.write_text("{}")
    Path("record").touch()
    with mounted(source, Path("record")):
        agree(block(bench, "record", check=True), block(bench, "record"))
        assert "blocked" in source.read_text()


def test_missing_record_directory_is_a_warning_in_check_mode(bench: Workbench, warnings: list[str]) -> None:
    checked = block(bench, "missing/record", check=True)
    assert checked.changed
    assert "there is no directory" in warnings[0]
    real = block(bench, "missing/record")
    assert (real.values["failed"], real.writes) == (True, ())


# --- certificates ----------------------------------------------------------------------------------------------------


def test_pem_chain_starts_with_certificate_and_ends_with_root(bench: Workbench) -> None:
    answer = prove(bench, "ca_certificate", "chain.pem", content="chain", format="pem")
    run(bench, "ca_certificate", "chain.p7b", content="chain")
    found = x509.load_pem_x509_certificates(Path("chain.pem").read_bytes())
    packed = pkcs7.load_der_pkcs7_certificates(Path("chain.p7b").read_bytes())
    assert {each.serial_number for each in found} == {each.serial_number for each in packed}
    assert found[0].subject.rfc4514_string() == answer.values["certificate"]["subject"]
    for below, above in itertools.pairwise(found):
        below.verify_directly_issued_by(above)
    assert found[-1].issuer == found[-1].subject
    ssl.create_default_context(cadata=Path("chain.pem").read_text())


def test_pem_and_der_contain_the_same_certificate(bench: Workbench) -> None:
    prove(bench, "ca_certificate", "tenant.pem", format="pem")
    run(bench, "ca_certificate", "tenant.cer")
    found = x509.load_pem_x509_certificate(Path("tenant.pem").read_bytes())
    assert found.public_bytes(serialization.Encoding.DER) == Path("tenant.cer").read_bytes()


@pytest.mark.parametrize(
    ("dest", "format", "words"),
    [
        ("tenant.pem", None, "format: pem"),
        ("TENANT.PEM", None, "format: pem"),
        ("tenant.der", "pem", "format: der"),
        ("tenant.p7b", "pem", "format: der"),
        ("tenant.pem", "pem", None),
        ("tenant.pem", "der", None),
        ("tenant.cer", None, None),
        ("tenant.crt", "pem", None),
    ],
)
def test_file_extension_of_another_format_causes_a_warning(
    bench: Workbench, dest: str, format: str | None, words: str | None, warnings: list[str]
) -> None:
    for check in (True, False):
        warnings.clear()
        run(bench, "ca_certificate", dest, check=check, **({} if format is None else {"format": format}))
        assert len(warnings) == (words is not None)
        assert words is None or words in warnings[0]
    assert Path(dest).read_bytes().startswith(b"-----BEGIN") == (format == "pem")
