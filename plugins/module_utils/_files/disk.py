# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NoReturn

from .._bounded_file import hint_of, open_regular, read_at_most
from .._deadline import Deadline
from .._errors import InvalidInput
from .._model.values import Placeholder
from . import owners
from .attributes import Attributes, changed_flags
from .destination import (
    Placement,
    is_mount_point,
    is_sticky_for,
    missing_directory,
    os_problem,
    resolve,
    unusable,
    writable,
)
from .digest import Digest
from .locks import locked
from .log import LogFile, check_log
from .means import LOCKED_FLAGS, FileModule, Means
from .port import FileState, Metadata, Produce
from .prepared import PreparedFile
from .temporary import TemporaryFile

#: Bytes that are read at a time where a file is not needed as a whole.
PIECE = 1024 * 1024
#: Bytes of a file that is read as a whole; more than a list of a million devices has.
MOST = 256 * 1024 * 1024


def refuse(error: InvalidInput) -> NoReturn:
    """Raises the error: in a real run, nothing else creates what is absent."""
    raise error


class Disk:
    """Files on disk.

    `module` writes; reading needs none. `absent` takes the error for a missing directory, user or group, which an
    earlier task of a play may create.
    """

    def __init__(self, module: FileModule | None = None, absent: Callable[[InvalidInput], object] = refuse) -> None:
        self._module = module
        self._absent = absent
        self._reported: set[str] = set()

    @property
    def _means(self) -> Means:
        if self._module is None:
            raise RuntimeError("these files can only be read")
        return Means(self._module)

    def read(self, path: str) -> bytes | None:
        try:
            return read_at_most(path, MOST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable("read", path, os_problem(error), hint_of(error)) from error

    def state(self, path: str) -> FileState | None:
        digest = Digest()
        try:
            with open_regular(path) as file:
                while piece := file.read(PIECE):
                    digest.write(piece)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable("read", path, os_problem(error)) from error
        return digest.state(self._metadata(os.path.realpath(path)))

    def check_destination(self, path: str, wanted: Attributes) -> None:
        directory = missing_directory(path, resolve(path))
        if directory is not None:
            hint = "Create the directory first."
            self._report(unusable("write", path, f"there is no directory {directory}", hint))
        if wanted.mode is not None:
            self._means.mode(wanted.mode, wanted.new_mode)
        self._owner(wanted)
        self._group(wanted)

    def settled(self, path: str, wanted: Attributes) -> Metadata:
        current = self._metadata(resolve(path))
        after = self.applied(path, current, wanted)
        owners.require_change(path, current, after)
        if current.flags & after.flags & LOCKED_FLAGS and replace(after, flags=current.flags) != current:
            raise _locked("set the attributes of", path)
        return after

    def written(self, path: str, wanted: Attributes) -> Metadata:
        real = resolve(path)
        before, _placement = self._placed(path, real, wanted)
        after = self.applied(path, before, wanted)
        owners.require_change(path, before, after)
        return after

    def applied(self, path: str, current: Metadata, wanted: Attributes) -> Metadata:
        real = resolve(path)
        uid, gid = self._owner(wanted), self._group(wanted)
        return replace(
            current,
            mode=current.mode if wanted.mode is None else self._means.mode(wanted.mode, current.mode),
            uid=current.uid if uid is None else uid,
            gid=current.gid if gid is None else gid,
            flags=current.flags if wanted.flags is None else self._flags(path, real, current, wanted.flags),
            context=self._means.context(real, wanted, new=not os.path.exists(real)),
        )

    def prepare(self, path: str, produce: Produce, wanted: Attributes) -> PreparedFile:
        self.check_destination(path, wanted)
        real, after = resolve(path), self.written(path, wanted)
        _before, placement = self._placed(path, real, wanted)
        directory = os.path.dirname(real)
        try:
            temporary = TemporaryFile(directory if writable(directory) else self._means.temporary_directory)
            try:
                temporary.fill(produce)
            except BaseException:
                temporary.remove()
                raise
        except OSError as error:
            raise unusable("write", path, os_problem(error)) from error
        return PreparedFile(self._means, temporary, real, placement, after, wanted)

    def locked(self, path: str, until: Deadline) -> AbstractContextManager[None]:
        return locked(path, until)

    def log(self, path: str) -> LogFile:
        return LogFile(path)

    def check_log(self, path: str) -> None:
        """Reports what is absent; raises InvalidInput for what else prevents `log`."""
        directory = missing_directory(path, resolve(path))
        if directory is not None:
            hint = "Create the directory first."
            self._report(unusable("write", path, f"there is no directory {directory}", hint))
        else:
            check_log(path)

    def set_attributes(self, path: str, wanted: Attributes) -> None:
        after = self.settled(path, wanted)
        self._means.apply(resolve(path), after, wanted)

    def _placed(self, path: str, real: str, wanted: Attributes) -> tuple[Metadata, Placement]:
        """Returns the metadata of a file once it has new content and before its attributes are set, and how it gets it.

        A new file replaces the former one, unless that is impossible or would change the owner or group.
        """
        directory = os.path.dirname(real)
        new = Metadata(wanted.new_mode, os.geteuid(), owners.new_group(directory))
        enterable = not os.path.isdir(directory) or (writable(directory) and not self._locked(directory))
        if not os.path.exists(real):
            if not enterable:
                raise unusable("write", path, f"the directory {directory} is not writable")
            return new, Placement.RENAME
        current = self._metadata(real)
        if current.flags & LOCKED_FLAGS:
            raise _locked("write", path)
        replaceable = enterable and not is_mount_point(real) and not is_sticky_for(real, current.uid)
        kept = owners.can_give(current.uid, current.gid)
        if replaceable and (kept or not writable(real)):
            uid, gid = (current.uid, current.gid) if kept else (new.uid, new.gid)
            return Metadata(current.mode, uid, gid, context=current.context), Placement.RENAME
        if not writable(real):
            raise unusable("write", path, f"neither the file nor its directory {directory} is writable")
        return current, Placement.IN_PLACE

    def _metadata(self, real: str) -> Metadata:
        try:
            found = os.stat(real)
        except OSError as error:
            raise unusable("read", real, os_problem(error)) from error
        return Metadata(
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            found.st_nlink,
            self._means.flags(real) or frozenset(),
            self._means.context(real, Attributes(), new=False),
        )

    def _flags(self, path: str, real: str, current: Metadata, wanted: str) -> frozenset[str]:
        place = real if os.path.exists(real) else os.path.dirname(real)
        if os.path.exists(place) and self._means.flags(place) is None:
            raise unusable(
                "set the attributes of", path, "its file system has no such attributes, or lsattr is missing"
            )
        return changed_flags(current.flags, wanted)

    def _locked(self, directory: str) -> bool:
        return bool((self._means.flags(directory) or frozenset()) & LOCKED_FLAGS)

    def _owner(self, wanted: Attributes) -> int | Placeholder | None:
        return None if wanted.owner is None else owners.find_user(wanted.owner, self._report)

    def _group(self, wanted: Attributes) -> int | Placeholder | None:
        return None if wanted.group is None else owners.find_group(wanted.group, self._report)

    def _report(self, error: InvalidInput) -> None:
        if str(error) not in self._reported:
            self._reported.add(str(error))
            self._absent(error)


def _locked(verb: str, path: str) -> InvalidInput:
    return unusable(verb, path, "it is immutable or append-only", f"Remove the flag first, with chattr -i -a {path}")
