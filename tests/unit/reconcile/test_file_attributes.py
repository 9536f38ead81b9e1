# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Owners, modes and flags of files: as asked for or as they were, and planned as they then are."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.attributes import Attributes
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import write_file
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder

from tests.support.ansible_files import disk, mounted, planned_files, refuse_both, write_both

PRIVATE = Attributes(mode=0o600)
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


@contextmanager
def run_as_nobody() -> Iterator[Path]:
    """Runs the block as an ordinary user, in a process of its own, with a directory that this user owns."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/own")
        os.chown(f"{folder}/own", NOBODY, NOBODY)
        yield Path(folder)


def in_child(work: Callable[[], None]) -> None:
    """Runs something as an ordinary user in a child process; fails as it does."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            tempfile.tempdir = "/tmp"  # That of the tests belongs to root.
            work()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- owners and modes ----------------------------------------------------------------------------------------------


@as_root
def test_owner_group_and_mode_stay_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, NOBODY, 12)
    path.chmod(0o640)
    write_both(path, b"new", Attributes())
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (NOBODY, 12, 0o640)
    write_both(path, b"newer", Attributes(owner="root", group="0", mode="g-r"))
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, 0o600)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_new_file_does_not_depend_on_the_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_both(tmp_path / "file", b"new", Attributes(new_mode=0o600))
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


@as_root
def test_new_file_gets_the_group_of_a_set_group_id_directory(tmp_path: Path) -> None:
    os.chown(tmp_path, -1, 12)
    tmp_path.chmod(0o2755)
    write_both(tmp_path / "file")
    assert (tmp_path / "file").stat().st_gid == 12


def test_unknown_users_and_groups_are_refused(tmp_path: Path) -> None:
    refuse_both(tmp_path / "file", 'There is no user "nobody-has-this"', Attributes(owner="nobody-has-this"))
    refuse_both(tmp_path / "file", 'There is no group "nobody-has-this"', Attributes(group="nobody-has-this"))


def test_dependency_on_an_earlier_task_is_reported_and_planned(tmp_path: Path) -> None:
    reported: list[str] = []
    planned = planned_files(lambda error: reported.append(error.message))
    path = tmp_path / "missing" / "directory" / "file"
    wanted = Attributes(mode=0o640, owner="nobody-has-this")
    for _unused in range(2):
        planned.check_destination(str(path), wanted)
        write_file(planned, str(path), b"new", wanted)
    assert reported == [
        f"Cannot write {path}: there is no directory {path.parent}.",
        'There is no user "nobody-has-this".',
    ]
    state = planned.state(str(path))
    assert state is not None
    assert (state.size, state.metadata.mode) == (3, 0o640)
    assert isinstance(state.metadata.uid, Placeholder)
    assert list(tmp_path.iterdir()) == []


@as_root
def test_ordinary_user_keeps_owners_where_the_file_can_be_written() -> None:
    with run_as_nobody() as folder:
        shared, sealed = folder / "own" / "shared", folder / "own" / "sealed"
        for path, mode in ((shared, 0o666), (sealed, 0o644)):
            path.write_bytes(b"old")
            path.chmod(mode)

        def work() -> None:
            # Written in place, as a new file would belong to this user.
            write_both(shared, b"new", Attributes())
            assert shared.stat().st_uid == 0
            # Can only be replaced.
            write_both(sealed, b"new", Attributes(mode=0o600))
            assert (sealed.stat().st_uid, stat.S_IMODE(sealed.stat().st_mode)) == (NOBODY, 0o600)

        in_child(work)


@as_root
def test_changes_requiring_root_are_rejected_in_check_mode_too() -> None:
    with run_as_nobody() as folder:
        for name, mode in (("writable", 0o666), ("sealed", 0o644), ("secret", 0o600)):
            (folder / name).write_bytes(b"old")
            (folder / name).chmod(mode)
        (folder / "own" / "file").write_bytes(b"old")
        os.chown(folder / "own" / "file", NOBODY, NOBODY)

        def work() -> None:
            write_both(folder / "writable", b"new", Attributes())
            refuse_both(folder / "writable", "it belongs to another user", PRIVATE)
            refuse_both(folder / "sealed", "neither the file nor its directory .* is writable")
            refuse_both(folder / "new", "the directory .* is not writable")
            refuse_both(folder / "own" / "file", "only root can do that", Attributes(owner="0"))
            refuse_both(folder / "own" / "file", "not in the group", Attributes(group="0"))
            with pytest.raises(InvalidInput, match=r"Cannot read .*: Permission denied"):
                disk().state(str(folder / "secret"))

        in_child(work)
        assert sorted(os.listdir(folder)) == ["own", "sealed", "secret", "writable"]


@as_root
def test_sticky_directory_lets_only_the_owner_replace_a_file() -> None:
    with run_as_nobody() as folder:
        for name, mode in (("writable", 0o666), ("sealed", 0o644)):
            (folder / name).write_bytes(b"old")
            (folder / name).chmod(mode)
        folder.chmod(0o1777)

        def work() -> None:
            write_both(folder / "writable", b"new", Attributes())
            refuse_both(folder / "sealed", "writable")
            write_both(folder / "own file", b"new", PRIVATE)

        in_child(work)
        assert (folder / "writable").stat().st_uid == 0


# --- flags of chattr -----------------------------------------------------------------------------------------------


@pytest.fixture
def flags_path(tmp_path: Path) -> Iterator[Path]:
    """The path of a file whose flags can be set here."""
    probe = tmp_path / "probe"
    probe.touch()
    done = subprocess.run(["chattr", "+i", probe], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot set flags here: {done.stderr.strip()}")
    subprocess.run(["chattr", "-i", probe], check=True)
    probe.unlink()
    yield tmp_path / "file"
    subprocess.run(["chattr", "-R", "-ia", tmp_path], check=True)


def flags_of(path: Path) -> str:
    shown = subprocess.run(["lsattr", "-d", path], check=True, capture_output=True, text=True).stdout
    return shown.split()[0].replace("-", "").replace("e", "")


@as_root
@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("", "+A", "A"),
        ("A", "+A", "A"),
        ("Ad", "-A", "d"),
        ("Ad", "=S", "S"),
        ("A", "dS", "Sd"),
        ("A", "=", ""),
        ("", "+i", "i"),
    ],
)
def test_flags_are_set_once(before: str, wanted: str, after: str, flags_path: Path) -> None:
    flags_path.write_bytes(b"content")
    subprocess.run(["chattr", f"={before}", flags_path], check=True)
    planned, real = planned_files(), disk()
    asked = Attributes(flags=wanted)
    for files in (planned, real):
        state = files.state(str(flags_path))
        assert state is not None
        assert (files.settled(str(flags_path), asked) == state.metadata) == (sorted(before) == sorted(after))
        files.set_attributes(str(flags_path), asked)
    assert sorted(flags_of(flags_path)) == sorted(after)
    assert planned.state(str(flags_path)) == real.state(str(flags_path))
    state = real.state(str(flags_path))
    assert state is not None
    assert real.settled(str(flags_path), asked) == state.metadata


@as_root
@pytest.mark.parametrize("flag", ["i", "a"])
def test_locked_file_is_rejected_and_can_be_unlocked(flag: str, flags_path: Path) -> None:
    flags_path.write_bytes(b"old")
    flags_path.chmod(0o644)
    subprocess.run(["chattr", f"+{flag}", flags_path], check=True)
    refuse_both(flags_path, "immutable or append-only")
    for files in (planned_files(), disk()):
        with pytest.raises(InvalidInput, match="immutable or append-only"):
            files.set_attributes(str(flags_path), PRIVATE)
    disk().set_attributes(str(flags_path), Attributes(mode=0o600, flags=f"-{flag}"))
    assert (flags_of(flags_path), stat.S_IMODE(flags_path.stat().st_mode)) == ("", 0o600)
    write_both(flags_path, b"new", Attributes(mode=0o600, flags=f"+{flag}"))
    assert flags_of(flags_path) == flag


@as_root
def test_nothing_is_written_in_a_locked_directory(flags_path: Path) -> None:
    flags_path.write_bytes(b"old")
    subprocess.run(["chattr", "+i", flags_path.parent], check=True)
    refuse_both(flags_path.parent / "new", "the directory .* is not writable")
    # The file itself can be written.
    write_both(flags_path)


@as_root
def test_read_only_file_system_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "mount" / "file"
    path.parent.mkdir()
    with mounted(path.parent, path.parent):
        path.write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,bind,ro", path.parent], check=True)
        refuse_both(path, "neither the file nor its directory .* is writable")
        refuse_both(path.parent / "new", "the directory .* is not writable")
