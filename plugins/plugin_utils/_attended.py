# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The process of Ansible that waits for tasks, and the lines that tasks show while they run."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator

from ansible import constants
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._companion import GRACE, LOOK
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import printable
from ansible_collections.azsphere.fleet.plugins.module_utils._launched import handed


def waits_no_more() -> bool:
    """Returns whether the process of Ansible that started this one has ended, so that nobody waits for the result."""
    parent = multiprocessing.parent_process()
    return parent is not None and parent.pid != os.getppid()


def end_orphaned() -> None:
    """Ends this process if nobody waits for it. Ansible would wait for somebody to take the result."""
    if waits_no_more():
        os._exit(1)


def shown_as(name: str, host: str) -> Callable[[str], None]:
    """Returns a function that shows a line about a task at once."""
    return lambda line: Display().display(printable(f"[{host}] {name} {line}"))


@contextlib.contextmanager
def attended(show: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """Shows the lines of a module that is launched inside; gives the environment that the module needs for that.

    When nobody waits for this process any more, it ends with the module, or by force.
    """
    number, path = tempfile.mkstemp(prefix="azsphere-progress-", dir=constants.DEFAULT_LOCAL_TMP)
    ended = threading.Event()
    with open(number, encoding="utf-8", errors="replace") as file:

        def attend() -> None:
            while not ended.wait(LOOK):
                for line in file:
                    show(line.rstrip("\n"))
                if waits_no_more():
                    ended.wait(LOOK + 2 * GRACE)
                    os._exit(1)

        thread = threading.Thread(target=attend, name="azsphere.fleet launched", daemon=True)
        thread.start()
        try:
            parent = multiprocessing.parent_process()
            controller = os.getppid() if parent is None else parent.pid
            yield handed(path, [os.getpid(), *([controller] if controller else [])])
        finally:
            ended.set()
            thread.join()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
