# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads files within bounds of size and time: nobody may ever write to a pipe, and a device may have no end."""

from __future__ import annotations

import errno
import os
import select
import stat
from typing import IO

from ._deadline import Deadline

#: Seconds for which something is awaited in a pipe to which no process writes. A shell opens its end at once.
WRITER_PATIENCE = 5.0
#: Seconds for all that comes from a pipe or a terminal: a command line such as that of a key vault may make it.
WHOLE_PATIENCE = 60.0
_PIECE = 64 * 1024
_PAUSE = 0.02


class UnreadableFile(OSError):
    """A file that is not read, for a reason that the system has no error for; `strerror` is the reason."""

    def __init__(self, number: int, reason: str, hint: str | None = None) -> None:
        super().__init__(number, reason)
        self.hint = hint


def hint_of(error: OSError) -> str | None:
    """Returns what to do about a file that could not be read, if that is known."""
    return error.hint if isinstance(error, UnreadableFile) else None


def read_at_most(path: str, most: int) -> bytes:
    """Returns the content of a file, or what another process writes to a pipe.

    Raises OSError, also for more than `most` bytes, and for a pipe that is empty or does not end in time.
    """
    with _opened(path) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            content = file.read(most + 1)
        else:
            content = _streamed(file.fileno(), most + 1)
    if len(content) > most:
        raise _too_large(most)
    return content


def open_regular(path: str, most: int | None = None) -> IO[bytes]:
    """Returns a file that is open for reading. Raises OSError, also for anything but a regular file, such as a pipe,
    and for more than `most` bytes.
    """
    file = _opened(path)
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and (most is None or found.st_size <= most):
        return file
    file.close()
    if most is not None and stat.S_ISREG(found.st_mode):
        raise _too_large(most)
    raise UnreadableFile(errno.EINVAL, "it is not a regular file", "Save the content in a file, and give its path.")


def _opened(path: str) -> IO[bytes]:
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:
        raise UnreadableFile(errno.EINVAL, "it is not a valid path") from error
    if stat.S_ISSOCK(mode):
        raise UnreadableFile(errno.ENXIO, "it is a socket", "Give the path of a file.")
    # Opening a pipe would wait for a process that writes to it.
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY))


def _streamed(file: int, most: int) -> bytes:
    """Returns what comes from a pipe or device, up to its end or to `most` bytes."""
    pipe = stat.S_ISFIFO(os.fstat(file).st_mode)
    whole, first = Deadline(WHOLE_PATIENCE), Deadline(WRITER_PATIENCE)
    content = bytearray()
    written_to = not pipe
    while len(content) < most:
        if whole.passed:
            raise UnreadableFile(errno.ETIMEDOUT, f"it did not end within {WHOLE_PATIENCE:g} s", "Give a file.")
        try:
            piece = os.read(file, min(_PIECE, most - len(content)))
        except BlockingIOError:
            written_to = True
            _await(file, whole)
            continue
        content += piece
        written_to = written_to or bool(piece)
        if not piece and (written_to or first.passed):
            break
        if not piece:
            first.wait(_PAUSE)
    if pipe and not content:
        raise _nothing_written(None if written_to else first)
    return bytes(content)


def _await(file: int, until: Deadline) -> None:
    """Waits until something can be read."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    if any(event & select.POLLNVAL for _file, event in poll.poll(until.remaining() * 1000)):
        until.wait(_PAUSE)


def _nothing_written(waited: Deadline | None) -> UnreadableFile:
    reason = "it is an empty pipe"
    if waited is not None:
        reason = f"nothing was written to this pipe within {waited.seconds:g} s"
    return UnreadableFile(errno.ENODATA, reason, "Start the process that writes to it first, or give a file.")


def _too_large(most: int) -> UnreadableFile:
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most // 2**10} KiB"
    return UnreadableFile(errno.EFBIG, f"it has more than {size}")
