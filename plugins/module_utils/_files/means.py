# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Ansible's own means to move files and to set their attributes, with its failures as errors of this collection."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn, Protocol

from .._errors import FleetError, InvalidInput
from .attributes import FIXED_FLAGS, MODE_FORMS, SELINUX, Attributes, invalid_mode
from .destination import os_problem, unusable
from .port import Metadata

#: Flags of a file that nobody can write or replace.
LOCKED_FLAGS = frozenset("ia")


class FileModule(Protocol):
    """The members of AnsibleModule that this package uses."""

    fail_json: Any
    tmpdir: str

    def atomic_move(self, src: str, dest: str, unsafe_writes: bool = False) -> None:
        """Replaces dest by src and keeps the owner, group, mode and SELinux context of dest."""

    def load_file_common_arguments(self, params: Mapping[str, Any], path: str | None = None) -> dict[str, Any]:
        """Returns the arguments of `set_fs_attributes_if_different`."""

    def set_fs_attributes_if_different(
        self, file_args: Mapping[str, Any], changed: bool, diff: Any = None, expand: bool = True
    ) -> bool:
        """Sets owner, group, mode, flags and SELinux context."""

    def get_file_attributes(self, path: str, include_version: bool = True) -> dict[str, str]:
        """Returns what lsattr shows; nothing where the file system has no flags."""

    def selinux_enabled(self) -> bool:
        """Whether there are SELinux contexts."""

    def selinux_context(self, path: str) -> list[str]:
        """Returns the context of a file."""

    def selinux_default_context(self, path: str, mode: int = 0) -> list[str]:
        """Returns the context that a new file gets by the policy."""

    def _symbolic_mode_to_octal(self, path_stat: Any, symbolic_mode: str) -> int:
        """Applies a symbolic mode to that of a file."""


class Means:
    """Ansible's own operations on files."""

    def __init__(self, module: FileModule) -> None:
        self._module = module

    @property
    def temporary_directory(self) -> str:
        return self._module.tmpdir

    def mode(self, mode: int | str, current: int) -> int:
        """Returns the permission bits after applying a mode to others. Raises InvalidInput for an invalid mode."""
        if isinstance(mode, int):
            return mode
        try:
            # As ansible.builtin.unarchive does it: there is no public function.
            bits = self._module._symbolic_mode_to_octal(SimpleNamespace(st_mode=stat.S_IFREG | current), mode)
        except (ValueError, KeyError) as error:
            raise invalid_mode(mode, MODE_FORMS) from error
        return stat.S_IMODE(bits)

    def flags(self, path: str) -> frozenset[str] | None:
        """Returns the letters of the flags that chattr can change; None where the file system has no flags."""
        found = self._module.get_file_attributes(path, include_version=False).get("attr_flags")
        return None if found is None else frozenset(found) - FIXED_FLAGS

    def context(self, path: str, wanted: Attributes, *, new: bool) -> tuple[str, ...] | None:
        """Returns the SELinux context that the file gets; None without SELinux."""
        if not self._module.selinux_enabled():
            return None
        current = self._module.selinux_default_context(path) if new else self._module.selinux_context(path)
        asked = self._arguments(path, wanted)["secontext"]
        return tuple(part or before for part, before in zip((*asked, None), current, strict=False))

    def move(self, source: str, destination: str, wanted: Attributes) -> None:
        """Moves a file to its destination. Until attributes are set, a new file is readable by this user only."""
        with self._reporting("write", destination), _private():
            self._module.atomic_move(
                source, destination, unsafe_writes=wanted.unsafe_writes or os.path.exists(destination)
            )

    def apply(self, path: str, metadata: Metadata, wanted: Attributes) -> None:
        """Sets the attributes that a task asks for; `metadata` is the result."""
        arguments = self._arguments(path, wanted) | {
            "path": path,
            "mode": metadata.mode,
            "owner": None if wanted.owner is None else str(metadata.uid),
            "group": None if wanted.group is None else str(metadata.gid),
        }
        flags = (self.flags(path) or frozenset()) if wanted.flags else metadata.flags
        removed, added = "".join(sorted(flags - metadata.flags)), "".join(sorted(metadata.flags - flags))
        with self._reporting("set the attributes of", path):
            if removed:
                # First, as one of them may be what locks the file.
                only_flags: dict[str, Any] = dict.fromkeys(arguments)
                only_flags |= {"path": path, "secontext": [], "attributes": f"-{removed}"}
                self._module.set_fs_attributes_if_different(only_flags, False, expand=False)
            arguments["attributes"] = f"+{added}" if added else None
            self._module.set_fs_attributes_if_different(arguments, False, expand=False)

    def _arguments(self, path: str, wanted: Attributes) -> dict[str, Any]:
        selinux = dict(wanted.selinux)
        return self._module.load_file_common_arguments({name: selinux.get(name) for name in SELINUX}, path=path)

    @contextlib.contextmanager
    def _reporting(self, verb: str, path: str) -> Iterator[None]:
        """Turns Ansible's failures into InvalidInput: it raises Exception, OSError, or ends the module by fail_json."""
        before = self._module.fail_json

        def fail(msg: str, **details: Any) -> NoReturn:
            raise InvalidInput(f"{msg} {details.get('details', '')}".strip())

        self._module.fail_json = fail
        try:
            yield
        except Exception as error:
            raise unusable(verb, path, _cause(error)) from error
        finally:
            self._module.fail_json = before


def _cause(error: BaseException) -> str:
    """Returns the reason for a failure, as the operating system words it if possible."""
    deepest: BaseException | None = error
    while deepest is not None:
        if isinstance(deepest, OSError):
            return os_problem(deepest)
        deepest = deepest.__cause__ or deepest.__context__
    return error.message if isinstance(error, FleetError) else str(error).rstrip(".")


@contextlib.contextmanager
def _private() -> Iterator[None]:
    """Restricts the umask: Ansible creates a new file with the mode that it allows, and only then sets another."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
