# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A fork server that runs Ansible modules in an interpreter with its imports already loaded.

Ansible starts a new interpreter for each task, and most of that time goes to imports. The server imports Ansible, the
libraries and the collection's packages once, and runs each task in a fork of itself. Tests of module packaging do not
use it: tests/gates/test_playbooks and the demo run modules as Ansible ships them.

`python -m tests.support.fork_server DIRECTORY` starts the server, with its socket in the directory. It exits when its
standard input closes.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import select
import shlex
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build" / "collections"
ADDRESS = "socket"
UTILS = "ansible_collections.azsphere.fleet.plugins.module_utils"
#: A shell script starts Python, since a `#!` line cannot name an interpreter whose path contains spaces.
LAUNCHER = """#!/bin/sh
exec {python} -IS {client} "$@"
"""
# The socket address is relative, because an absolute path may exceed the length limit of Unix sockets.
CLIENT = """
import json, os, socket, sys
task = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
os.chdir({folder!r})
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
socket.send_fds(server, [len(task).to_bytes(4, "big")], [0, 1, 2])
server.sendall(task)
sys.exit(int(server.recv(8) or b"1"))
"""


@contextlib.contextmanager
def fork_server(folder: Path) -> Iterator[Path]:
    """Start the server, and yield the path of an interpreter that passes its program to it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.fork_server", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        client = folder / "client.py"
        client.write_text(CLIENT.format(folder=str(folder), address=ADDRESS), encoding="utf-8")
        launcher = folder / "python3"
        quoted = {"python": shlex.quote(sys.executable), "client": shlex.quote(str(client))}
        launcher.write_text(LAUNCHER.format(**quoted), encoding="utf-8")
        launcher.chmod(0o700)
        try:
            yield launcher
        finally:
            server.communicate()


def serve(folder: str) -> None:
    """Run each task in a fork until standard input closes."""
    sys.path.insert(0, str(COLLECTIONS))
    for name in ("ansible.module_utils.basic", "requests", "msal", "yaml", "cryptography.x509", UTILS):
        importlib.import_module(name)
    for found in pkgutil.walk_packages(sys.modules[UTILS].__path__, f"{UTILS}."):
        importlib.import_module(found.name)
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(ADDRESS)
        listener.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        accept_tasks(listener, _run_task)


def accept_tasks(listener: socket.socket, run: Callable[[socket.socket], object]) -> None:
    """Run each task in a fork, which `run` must end, until standard input closes."""
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        task, _address = listener.accept()
        if os.fork() == 0:
            listener.close()
            run(task)
        task.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def receive(task: socket.socket, streams: int) -> tuple[bytes, list[int]]:
    """Return the text of a task, and the streams that came with it."""
    size, found, _flags, _sender = socket.recv_fds(task, 4, streams)
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += task.recv(65536)
    return text, found


def answer(task: socket.socket, child: int) -> NoReturn:
    """Send the exit code of a process once it has ended, and exit."""
    _child, status = os.waitpid(child, 0)
    task.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run_task(task: socket.socket) -> None:
    """Run one task in a second fork, so that its exit code can be returned even if it crashes."""
    text, streams = receive(task, 3)
    arguments, folder, environment = json.loads(text)
    child = os.fork()
    if child == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = arguments
        sys.path[0] = os.path.dirname(arguments[0])
        exit_after(lambda: runpy.run_path(arguments[0], run_name="__main__"))
    answer(task, child)


def exit_after(run: Callable[[], object]) -> NoReturn:
    """Call a program, and exit with its exit code.

    Skips the teardown of the modules that the server has loaded, which takes a tenth of a second.
    """
    code: object = 1
    try:
        run()
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve(sys.argv[1])
