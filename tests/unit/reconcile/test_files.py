# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files on disk and planned files: the plan comes true, and files are written as a whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._files import disk as disk_module
from ansible_collections.azsphere.fleet.plugins.module_utils._files.attributes import Attributes
from ansible_collections.azsphere.fleet.plugins.module_utils._files.planned import PlannedFiles
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import Files, Write, write_file, write_pieces
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder, PlannedBytes

from tests.support.ansible_files import PUBLIC, disk, mounted, planned_files, refuse_both, write_both

PRIVATE = Attributes(mode=0o600)
KINDS = pytest.mark.parametrize("files_of", [disk, planned_files], ids=["disk", "planned"])
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


@KINDS
def test_state_shows_what_was_written(files_of: Callable[[], Files], tmp_path: Path) -> None:
    files, path = files_of(), str(tmp_path / "file")
    assert files.state(path) is files.read(path) is None
    write_file(files, path, b"content", Attributes(mode=0o640))
    assert files.read(path) == b"content"
    write_pieces(files, path, lambda write: [write(b"piece ") for _unused in range(3)], PRIVATE)
    files.set_attributes(path, PUBLIC)
    state = files.state(path)
    assert state is not None
    assert (state.size, state.metadata.mode, state.metadata.uid) == (18, 0o644, os.geteuid())


def test_planned_writes_leave_the_disk_alone(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"old")
    there.chmod(0o600)
    planned = planned_files()
    write_file(planned, str(there), b"new", PUBLIC)
    write_file(planned, str(tmp_path / "other"), b"new", PUBLIC)
    planned.set_attributes(str(there), Attributes(mode=0o640))
    assert (there.read_bytes(), stat.S_IMODE(there.stat().st_mode)) == (b"old", 0o600)
    assert os.listdir(tmp_path) == ["there"]


def test_unknown_content_has_no_checksum(tmp_path: Path) -> None:
    planned = planned_files()
    write_file(planned, str(tmp_path / "file"), PlannedBytes(), PRIVATE)
    state = planned.state(str(tmp_path / "file"))
    assert state is not None
    assert isinstance(state.sha256, Placeholder)
    assert isinstance(state.size, Placeholder)


# --- links and mounts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chain", [1, 2])
def test_links_are_followed_for_content_and_mode(chain: int, tmp_path: Path) -> None:
    target, place = tmp_path / "target", tmp_path / "target"
    target.write_bytes(b"old")
    for number in range(chain):
        link = tmp_path / f"link{number}"
        link.symlink_to(place.name)
        place = link
    write_both(place, b"new", PRIVATE)
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o600)
    assert place.is_symlink()
    assert not target.is_symlink()


def test_dangling_link_creates_its_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_both(tmp_path / "link", b"new", Attributes(mode="u=rw,go="))
    assert (tmp_path / "target").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_two_links_to_one_file_are_one_planned_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).symlink_to("target")
    planned = planned_files()
    write_file(planned, str(tmp_path / "one"), b"new", PUBLIC)
    assert planned.read(str(tmp_path / "two")) == planned.read(str(tmp_path / "target")) == b"new"


def test_hard_link_is_replaced_and_the_other_name_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    os.link(tmp_path / "one", tmp_path / "two")
    write_both(tmp_path / "one")
    assert (tmp_path / "two").read_bytes() == b"old"


@as_root
@pytest.mark.parametrize("name", ["file", "a name with\ttabs"])
@pytest.mark.parametrize("content", [b"", b"new", b"much longer than before" * 1000])
def test_mounted_file_is_written_in_place(name: str, content: bytes, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / name
    source.write_bytes(b"older content")
    os.chown(source, NOBODY, NOBODY)
    target.touch()
    with mounted(source, target):
        write_both(target, content, Attributes(mode=0o600))
    found = source.stat()
    assert (source.read_bytes(), found.st_uid, stat.S_IMODE(found.st_mode)) == (content, NOBODY, 0o600)
    assert sorted(os.listdir(tmp_path)) == sorted(["source", name])


@as_root
@pytest.mark.parametrize("in_place", [False, True])
def test_full_disk_leaves_the_former_content(in_place: bool, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        (small / "file").write_bytes(b"old")
        target = small / "file"
        if in_place:
            target = tmp_path / "target"
            target.touch()
            with mounted(small / "file", target), pytest.raises(InvalidInput, match="No space left on device"):
                write_file(disk(), str(target), bytes(1024 * 1024), PUBLIC)
        else:
            with pytest.raises(InvalidInput, match="No space left on device"):
                write_file(disk(), str(target), bytes(1024 * 1024), PUBLIC)
        assert (small / "file").read_bytes() == b"old"
        assert os.listdir(small) == ["file"]
    finally:
        subprocess.run(["umount", small], check=True)


# --- places --------------------------------------------------------------------------------------------------------


def test_places_at_which_no_file_can_be_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to pipe").symlink_to("pipe")
    for place, problem in (
        ("/folder", "it is a directory"),
        ("/link", "it is a directory"),
        ("/.", "it is a directory"),
        ("/new/", "it is a directory"),
        ("/no/file", "there is no directory"),
        ("/file/file", "is not a directory|Not a directory"),
        ("/file/no/file", "is not a directory|Not a directory"),
        ("/pipe", "not a regular file"),
        ("/to pipe", "not a regular file"),
        ("/loop", "symbolic link to itself"),
        ("/nu\0ll", "null character"),
        ("/" + "x" * 300, "File name too long"),
    ):
        refuse_both(f"{tmp_path}{place}", problem)
    refuse_both("", "empty")
    refuse_both("/dev/null", "not a regular file")


# --- whole or not at all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, b"old"])
def test_interrupted_stream_leaves_the_former_content(before: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)

    def broken(write: Write) -> None:
        write(b"half")
        raise NotFound("The address has expired.")

    with pytest.raises(NotFound):
        write_pieces(disk(), str(path), broken, PUBLIC)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([] if before is None else [before])


def test_nobody_else_can_read_a_file_while_it_is_written(tmp_path: Path) -> None:
    modes: list[int] = []

    def look(write: Write) -> None:
        write(b"private")
        modes.extend(stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir())

    write_pieces(disk(), str(tmp_path / "file"), look, PUBLIC)
    assert modes == [0o600]


@pytest.mark.parametrize("before", [None, 0o644])
def test_private_content_is_private_from_the_first_moment(before: int | None, tmp_path: Path) -> None:
    """Ansible's atomic_move gives a new file the mode of the umask, and a replaced one its former mode."""
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(b"old")
        path.chmod(before)
    files = disk()
    prepared = files.prepare(str(path), lambda write: write(b"private"), PRIVATE)
    seen: list[int] = []
    module = files._module
    assert module is not None
    apply = module.set_fs_attributes_if_different

    def look(*arguments: object, **options: object) -> bool:
        seen.append(stat.S_IMODE(path.stat().st_mode))
        return bool(apply(*arguments, **options))  # type: ignore[arg-type]

    module.set_fs_attributes_if_different = look  # type: ignore[method-assign]
    prepared.commit()
    assert (seen, stat.S_IMODE(path.stat().st_mode)) == ([0o600], 0o600)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_no_temporary_file_stays_when_the_process_is_stopped(number: int, tmp_path: Path) -> None:
    def work(write: Write) -> None:
        write(b"half")
        assert len(os.listdir(tmp_path)) == 1
        os.kill(os.getpid(), number)

    child = os.fork()
    if child == 0:
        # Whoever starts the tests in the background has them ignore some signals.
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        try:
            write_pieces(disk(), str(tmp_path / "file"), work, PUBLIC)
        except (SystemExit, KeyboardInterrupt):
            os._exit(3)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert os.listdir(tmp_path) == []


def test_uncommitted_content_is_removed_with_the_process(tmp_path: Path) -> None:
    program = (
        "import sys; from tests.support.ansible_files import disk;"
        "from ansible_collections.azsphere.fleet.plugins.module_utils._files.attributes import Attributes;"
        f"disk().prepare({str(tmp_path / 'file')!r}, lambda write: write(b'x'), Attributes()); sys.exit(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, os.listdir(tmp_path)) == (3, [])


def test_prepared_content_can_be_discarded(tmp_path: Path) -> None:
    for files in (disk(), planned_files()):
        files.prepare(str(tmp_path / "file"), lambda write: write(b"x"), PUBLIC).discard()
        assert files.state(str(tmp_path / "file")) is None
    assert os.listdir(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_large_planned_content_is_not_kept(tmp_path: Path) -> None:
    planned: PlannedFiles = planned_files()
    write_pieces(
        planned, str(tmp_path / "file"), lambda write: [write(bytes(1024 * 1024)) for _piece in range(3)], PUBLIC
    )
    state = planned.state(str(tmp_path / "file"))
    assert state is not None
    assert state.size == 3 * 1024 * 1024
    assert planned.read(str(tmp_path / "file")) == b""


def test_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "MOST", 2**20)
    with pytest.raises(InvalidInput, match="Cannot read /dev/zero: it has more than 1 MiB"):
        disk().read("/dev/zero")
