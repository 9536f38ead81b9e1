# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that tasks keep on disk, through ansible-playbook."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.simulator.harness import Simulator

from .play import Played, play_tasks

MODULE = "azsphere.fleet.ca_certificate"
TENANT = "Contoso Fleet"


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    simulator.load({"tenants": [{"name": TENANT}]})
    return simulator


def play(simulator: Simulator, folder: Path, tasks: dict[str, dict[str, Any]]) -> Played:
    return play_tasks(simulator, folder, tasks, defaults={"tenant": TENANT})


def test_check_mode_plans_file_in_directory_of_an_earlier_task(fleet: Simulator, tmp_path: Path) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "create": {"ansible.builtin.file": {"path": str(tmp_path / "new"), "state": "directory", "mode": "0755"}},
        "keep": {MODULE: {"dest": str(tmp_path / "new" / "tenant.cer")}, "diff": True},
    }
    checked = play(fleet, tmp_path, {name: {**task, "check_mode": True} for name, task in tasks.items()}).results
    done = play(fleet, tmp_path, tasks).results
    assert not checked["keep"].get("failed")
    assert "there is no directory" in str(checked["keep"]["warnings"])
    for key in ("changed", "diff", "mode", "owner", "group", "uid", "gid", "size", "state", "checksum", "dest"):
        assert checked["keep"][key] == done["keep"][key]
    assert "warnings" not in done["keep"]


def test_playbook_sets_links_modes_and_formats(fleet: Simulator, tmp_path: Path) -> None:
    (tmp_path / "target").touch(mode=0o644)
    (tmp_path / "link.pem").symlink_to("target")
    task = {MODULE: {"dest": str(tmp_path / "link.pem"), "format": "pem", "content": "chain", "mode": "u=rw,g=r,o="}}
    results = play(fleet, tmp_path, {"check": {**task, "check_mode": True}, "first": task, "second": task}).results
    assert [results[name]["changed"] for name in ("check", "first", "second")] == [True, True, False]
    assert results["check"]["checksum"] == results["first"]["checksum"] == results["second"]["checksum"]
    assert (tmp_path / "link.pem").is_symlink()
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640
    assert len(x509.load_pem_x509_certificates((tmp_path / "target").read_bytes())) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": 644}, 'Invalid mode "644": it is a decimal number. Quote the octal number, such as "0644".'),
        ({"mode": "rw-r--r--"}, 'Invalid mode "rw-r--r--": use an octal number'),
        ({"owner": "nobody-has-this-name"}, 'There is no user "nobody-has-this-name". Create the user first'),
        ({"dest": "."}, "it is a directory. Give the path of a file in it."),
        ({"dest": "missing/file"}, "Create the directory first."),
        ({"dest": "/dev/null"}, "Cannot write /dev/null: it is not a regular file. Give another path."),
        ({"format": "p7b"}, "value of format must be one of: der, pem, got: p7b"),
    ],
)
def test_impossible_destination_is_one_sentence(
    fleet: Simulator, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    given = {"dest": "tenant.cer", **options}
    [result] = play(fleet, tmp_path, {"refused": {MODULE: given}}).results.values()
    assert result["failed"]
    assert message in result["msg"]
    assert fleet.counts()["writes"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_playbook_sets_owner_group_and_flags(fleet: Simulator, tmp_path: Path) -> None:
    task = {MODULE: {"dest": str(tmp_path / "tenant.cer"), "owner": "nobody", "group": "12", "attributes": "+A"}}
    results = play(fleet, tmp_path, {"check": {**task, "check_mode": True}, "first": task, "second": task}).results
    if "no such attributes" in str(results["check"].get("msg")):
        pytest.skip("this file system has no flags")
    assert [results[name]["changed"] for name in ("check", "first", "second")] == [True, True, False]
    found = (tmp_path / "tenant.cer").stat()
    assert (found.st_uid, found.st_gid) == (65534, 12)
    assert (results["first"]["owner"], results["first"]["gid"]) == ("nobody", 12)
