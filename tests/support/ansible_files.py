# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files as a module has them, with Ansible's own means to write them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.attributes import Attributes
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk, refuse
from ansible_collections.azsphere.fleet.plugins.module_utils._files.planned import PlannedFiles
from ansible_collections.azsphere.fleet.plugins.module_utils._files.port import write_file, write_pieces

PUBLIC = Attributes(mode=0o644)


def disk(absent: Callable[[InvalidInput], object] = refuse) -> Disk:
    """Returns the files of a real run."""
    return Disk(_module(), absent)


def planned_files(absent: Callable[[InvalidInput], object] = refuse) -> PlannedFiles:
    """Returns the files of a check run."""
    return PlannedFiles(disk(absent))


def _module() -> basic.AnsibleModule:
    with module_arguments({}):
        return basic.AnsibleModule({}, supports_check_mode=True)


@contextmanager
def module_arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Hands arguments to the next AnsibleModule that is created."""
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # ansible-core before 2.19
        given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        before, basic._ANSIBLE_ARGS = basic._ANSIBLE_ARGS, given
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = before
    else:
        with patch_module_args(dict(arguments)):
            yield


def write_both(path: Path, content: bytes = b"new", wanted: Attributes = PUBLIC) -> None:
    """Plans to write a file, writes it, and asserts that the plan has become true."""
    planned = planned_files()
    write_file(planned, str(path), content, wanted)
    real = disk()
    write_file(real, str(path), content, wanted)
    assert planned.state(str(path)) == real.state(str(path))
    assert path.read_bytes() == content


def refuse_both(path: Path | str, match: str, wanted: Attributes = PUBLIC) -> None:
    """Asserts that a check run and a real one refuse to write a file, in the same words, before it is fetched."""
    fetched: list[bytes] = []
    messages = set()
    for files in (planned_files(), disk()):
        with pytest.raises(InvalidInput, match=match) as caught:
            write_pieces(files, str(path), lambda _write: fetched.append(b"fetched"), wanted)
        messages.add(str(caught.value))
    assert (len(messages), fetched) == (1, [])


@contextmanager
def mounted(source: Path, target: Path) -> Iterator[None]:
    """Mounts a file over another, as containers do."""
    done = subprocess.run(["mount", "--bind", source, target], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)
