# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A thread beside a task: shows how far it is, and stops it when the process that waits for it is gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

#: Seconds after which a task shows its first line of progress, and between two of them.
FIRST = 2.0
EVERY = 3.0
#: Seconds between two looks at whether the task is orphaned.
LOOK = 0.25
#: Seconds that an orphaned task has to end by itself, before its process ends by force.
GRACE = 1.0


class Surroundings(NamedTuple):
    """What the program that runs a task offers: `show` shows a line at once; `orphaned` returns whether the process
    that waits for the task is gone. None: not possible here.
    """

    show: Callable[[str], None] | None = None
    orphaned: Callable[[], bool] | None = None


NOTHING_AROUND = Surroundings()


class Companion:
    """A context manager around the work of a task.

    :param line: returns the line of progress to show.
    :param stop: makes the task end soon. The process ends with it, or by force.
    """

    def __init__(self, surroundings: Surroundings, line: Callable[[], str], stop: Callable[[], None]) -> None:
        self._show = surroundings.show
        self._orphaned = surroundings.orphaned
        self._line = line
        self._stop = stop
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Companion:
        if self._show is not None or self._orphaned is not None:
            self._thread = threading.Thread(target=self._run, name="azsphere.fleet progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic() + FIRST
        pause = LOOK if self._orphaned is not None else FIRST
        while not self._ended.wait(min(pause, max(0.0, due - time.monotonic()))):
            if self._orphaned is not None and self._orphaned():
                self._stop()
                self._ended.wait(GRACE)
                # Nobody is there to take the result, and sending it to nobody could never return.
                os._exit(1)
            if time.monotonic() >= due:
                due += EVERY
                if self._show is not None:
                    self._show(self._line())
            pause = LOOK if self._orphaned is not None else EVERY
