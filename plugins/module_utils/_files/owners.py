# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Who owns files, and who may change that."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable

from .._digits import whole_number
from .._errors import InvalidInput
from .._model.values import Placeholder
from .destination import unusable
from .port import Metadata

Report = Callable[[InvalidInput], None]


def find_user(owner: str, absent: Report) -> int | Placeholder:
    """Returns the number of a user, given by name or number; a placeholder when `absent` lets an unknown one pass."""
    return _find("user", owner, lambda name: pwd.getpwnam(name).pw_uid, absent)


def find_group(group: str, absent: Report) -> int | Placeholder:
    """Returns the number of a group, as `find_user` does."""
    return _find("group", group, lambda name: grp.getgrnam(name).gr_gid, absent)


def _find(kind: str, name: str, look_up: Callable[[str], int], absent: Report) -> int | Placeholder:
    number = whole_number(name)
    if number is not None:
        return number
    try:
        return look_up(name)
    except (KeyError, ValueError):
        hint = f"Create the {kind} first, or give its number."
        absent(InvalidInput(f'There is no {kind} "{name}".', code=f"unknown_{kind}", target=name, hint=hint))
        return Placeholder(kind, name)


def user_name(uid: int | Placeholder) -> str:
    """Returns the name of a user, or the number as text when it has none."""
    if isinstance(uid, Placeholder):
        return uid.names[0]
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int | Placeholder) -> str:
    """Returns the name of a group, or the number as text when it has none."""
    if isinstance(gid, Placeholder):
        return gid.names[0]
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def new_group(directory: str) -> int:
    """Returns the number of the group of a file that this user creates in the directory."""
    if os.path.isdir(directory):
        around = os.stat(directory)
        if around.st_mode & stat.S_ISGID:
            return around.st_gid
    return os.getegid()


def can_give(uid: object, gid: object) -> bool:
    """Whether this user can give a new file this owner and group."""
    return os.geteuid() == 0 or (uid == os.geteuid() and gid in (os.getegid(), *os.getgroups()))


def require_change(path: str, before: Metadata, after: Metadata) -> None:
    """Raises InvalidInput unless this user can change the metadata of a file."""
    user = os.geteuid()
    if user == 0 or before == after:
        return
    if user != before.uid:
        raise unusable("set the attributes of", path, "it belongs to another user")
    if after.uid != before.uid:
        raise unusable("change the owner of", path, "only root can do that")
    if after.gid != before.gid and not can_give(user, after.gid):
        raise unusable("change the group of", path, "this user is not in the group")
