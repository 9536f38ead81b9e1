# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files on disk and planned ones: whole or not at all, and told of alike."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._files import (
    Disk,
    Files,
    FileState,
    PlannedFiles,
    Write,
    check_place,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder, PlannedBytes


def files_of(kind: str) -> Files:
    return Disk() if kind == "disk" else PlannedFiles(Disk())


@pytest.mark.parametrize("kind", ["disk", "planned"])
def test_what_was_written_is_told_alike(kind: str, tmp_path: Path) -> None:
    files, path = files_of(kind), str(tmp_path / "file")
    assert files.state(path) is files.read(path) is None
    files.write(path, b"content", 0o640)
    assert files.read(path) == b"content"
    assert files.state(path) == FileState(7, hashlib.sha256(b"content").hexdigest(), 0o640)
    files.receive(path, lambda write: [write(b"piece ") for _unused in range(3)], 0o600)
    assert files.state(path) == FileState(18, hashlib.sha256(b"piece " * 3).hexdigest(), 0o600)
    files.set_mode(path, 0o644)
    state = files.state(path)
    assert state is not None
    assert (state.size, state.mode) == (18, 0o644)


def test_what_is_planned_leaves_the_disk_alone(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"old")
    there.chmod(0o600)
    planned = PlannedFiles(Disk())
    planned.write(str(there), b"new", 0o644)
    planned.write(str(tmp_path / "other"), b"new", 0o644)
    planned.set_mode(str(there), 0o640)
    assert (there.read_bytes(), there.stat().st_mode & 0o777) == (b"old", 0o600)
    assert os.listdir(tmp_path) == ["there"]


def test_content_that_only_the_service_can_give_has_no_checksum(tmp_path: Path) -> None:
    planned = PlannedFiles(Disk())
    planned.write(str(tmp_path / "file"), PlannedBytes(), 0o600)
    state = planned.state(str(tmp_path / "file"))
    assert state is not None
    assert isinstance(state.sha256, Placeholder)
    assert isinstance(state.size, Placeholder)


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_stream_that_breaks_leaves_what_was_there(before: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)

    def broken(write: Write) -> None:
        write(b"half")
        raise NotFound("The address was good for a while only.")

    with pytest.raises(NotFound):
        Disk().receive(str(path), broken, 0o644)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([] if before is None else [before])


def test_nobody_else_can_read_a_file_while_it_is_written(tmp_path: Path) -> None:
    modes: list[int] = []

    def look(write: Write) -> None:
        write(b"private")
        modes.extend(entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir())

    Disk().receive(str(tmp_path / "file"), look, 0o644)
    assert modes == [0o600]


def test_a_link_in_the_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"theirs")
    link.symlink_to(target)
    Disk().write(str(link), b"ours", 0o600)
    assert (target.read_bytes(), link.read_bytes(), link.is_symlink()) == (b"theirs", b"ours", False)


@pytest.mark.parametrize("kind", ["disk", "planned"])
def test_a_folder_that_is_not_there_is_one_sentence(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Cannot write"):
        files_of(kind).write(str(tmp_path / "no" / "file"), b"", 0o600)


def test_what_the_disk_would_refuse_is_refused_when_planned(tmp_path: Path) -> None:
    """The mode of somebody else's file, and such a file itself in a folder like /tmp."""
    path, somebody_else = str(tmp_path / "file"), os.geteuid() + 1
    Disk().write(path, b"theirs", 0o666)
    planned = PlannedFiles(Disk(), somebody_else)
    with pytest.raises(InvalidInput, match=r"Cannot change the mode of .*: Operation not permitted"):
        planned.set_mode(path, 0o600)
    tmp_path.chmod(0o1777)
    with pytest.raises(InvalidInput, match=r"Cannot write .*: Operation not permitted"):
        planned.write(path, b"ours", 0o600)
    planned.write(str(tmp_path / "new"), b"ours", 0o600)
    tmp_path.chmod(0o777)
    planned.write(path, b"ours", 0o600)
    planned.set_mode(path, 0o644)  # It is another file now.


def test_places_at_which_no_file_can_be(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place, problem in (
        ("/.", "it is a folder"),
        ("/new/", "it is a folder"),
        ("/no/file", "there is no folder"),
        ("/pipe", "no ordinary file"),
        ("/nu\0ll", "null character"),
    ):
        with pytest.raises(InvalidInput, match=problem):
            check_place(f"{tmp_path}{place}")
    with pytest.raises(InvalidInput, match="empty"):
        check_place("")
    check_place(str(tmp_path / "file"))
