# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What an action plugin hands to the module that it launches: a file for progress, and the processes that wait for it.

It goes through the environment of the module, since AnsibleModule takes no other arguments than those of the task.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping

from ._companion import Surroundings

#: The path of a file to which lines of progress are added.
FILE = "AZSPHERE_FLEET_PROGRESS_FILE"
#: The namespace of process IDs, then the ID of each process and when it started, all separated by blanks.
WAITING = "AZSPHERE_FLEET_WAITING"


def handed(file: str, processes: Iterable[int]) -> dict[str, str]:
    """Returns the environment for a module that is launched on this machine."""
    waiting = " ".join([_namespace(), *(f"{each}:{_started(each) or ''}" for each in processes)])
    return {FILE: file, WAITING: waiting}


def surroundings(variables: Mapping[str, str]) -> Surroundings:
    """Returns the surroundings of a launched module from its environment."""
    return Surroundings(_writer(variables.get(FILE, "")), _watch(variables.get(WAITING, "")))


def _writer(path: str) -> Callable[[str], None] | None:
    if not path:
        return None

    def write(line: str) -> None:
        # Another user, by become, may have no access to the file: then nothing is shown.
        with contextlib.suppress(OSError):
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                os.write(file, f"{line}\n".encode())
            finally:
                os.close(file)

    return write


def _watch(waiting: str) -> Callable[[], bool] | None:
    namespace, *processes = waiting.split(" ")
    # Elsewhere these are other processes.
    if not processes or namespace != _namespace():
        return None
    return lambda: any(_is_gone(process) for process in processes)


def _is_gone(process: str) -> bool:
    number, _colon, started = process.partition(":")
    now = _started(int(number))
    return now is None or (bool(started and now) and now != started)


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(process: int) -> str | None:
    """Returns when a process started, as the system counts; empty if that is not shown, None if it has ended."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            # The name before it may have blanks and brackets.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return "" if _exists(process) else None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
