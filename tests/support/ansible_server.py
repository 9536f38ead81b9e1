# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A fork server for ansible-playbook and ansible-inventory, with their imports already loaded.

Most of the time of a short playbook goes to imports. The server imports Ansible and the libraries once, and each run is
a fork of it that reads its configuration anew. With TEST_ALL_SCENARIOS, as in `make matrix`, each run is a process of
its own, as a user starts it.

`python -m tests.support.ansible_server DIRECTORY` starts the server, with its socket in the directory. It exits when
its standard input closes.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from .fork_server import accept_tasks, answer, exit_after, receive
from .programs import THOROUGH, program

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / ".build" / "collections" / "ansible_collections" / "azsphere" / "fleet"
META = Path("meta", "runtime.yml")
#: Where in its local directory Ansible keeps modules with all that they import, for the time of a run.
PACKED = "ansiballz_cache"
ADDRESS = "socket"
PROGRAMS = {"ansible-playbook": "ansible.cli.playbook", "ansible-inventory": "ansible.cli.inventory"}
#: What almost every run loads later, and what the collection imports. The collection itself is not among it.
PRELOADED = (
    *PROGRAMS.values(),
    "ansible.executor.playbook_executor",
    "ansible.plugins.action.normal",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.local",
    "ansible.plugins.filter.core",
    "ansible.plugins.filter.mathstuff",
    "ansible.plugins.shell.sh",
    "ansible.plugins.strategy.linear",
    "ansible.plugins.test.core",
    "cryptography.x509",
    "msal",
    "requests",
)
#: Variables that Ansible reads in each run, not when it is imported.
READ_LATE = frozenset(
    f"ANSIBLE_{name}"
    for name in (
        "ASYNC_DIR",
        "CALLBACKS_ENABLED",
        "HOME",
        "INVENTORY_ANY_UNPARSED_IS_FAILED",
        "INVENTORY_UNPARSED_WARNING",
        "LOCAL_TEMP",
        "LOCALHOST_WARNING",
        "REMOTE_TEMP",
        "SHOW_CUSTOM_STATS",
        "STDOUT_CALLBACK",
        "VAULT_PASSWORD_FILE",
        "VERBOSITY",
    )
)


def run_ansible(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without input. Returns its exit code and what it printed.

    The server runs the commands of Ansible that PROGRAMS names.
    """
    if os.environ.get(THOROUGH) or command[0] not in PROGRAMS:
        name = program(str(command[0])) if command[0] in PROGRAMS else command[0]
        return subprocess.run(
            [name, *command[1:]],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    early = {name: value for name, value in environment.items() if name.startswith(("ANSIBLE_", "PYTHON"))}
    server = _server(frozenset(item for item in early.items() if item[0] not in READ_LATE))
    task = json.dumps([*map(str, command)]), json.dumps([str(folder), dict(environment)])
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        code = _ask(server, "\n".join(task).encode(), [output.fileno(), errors.fileno()])
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(command, code, *texts)


@functools.cache
def _server(variables: frozenset[tuple[str, str]]) -> str:
    """Start a server whose imports see these variables, for as long as this process runs. Returns its folder."""
    folder = tempfile.mkdtemp(prefix="ansible-server-")
    others = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    own = {"ANSIBLE_HOME": folder, "ANSIBLE_LOCAL_TEMP": f"{folder}/tmp"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ansible_server", folder],
        cwd=ROOT,
        env={**others, **own, **dict(variables)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def stop() -> None:
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return folder


def _ask(folder: str, task: bytes, streams: list[int]) -> int:
    """Have the server run a task, with these streams as its output. Returns the exit code."""
    with socket.socket(socket.AF_UNIX) as server:
        # By way of a descriptor, because an absolute path may exceed the length limit of Unix sockets.
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            server.connect(f"/proc/self/fd/{place}/{ADDRESS}")
        finally:
            os.close(place)
        socket.send_fds(server, [len(task).to_bytes(4, "big")], streams)
        server.sendall(task)
        return int(server.recv(8))


def serve(folder: str) -> None:
    """Run each task in a fork until standard input closes."""
    for name in PRELOADED:
        importlib.import_module(name)
    _parse_once()
    packed = Path(folder, PACKED)
    packed.mkdir()
    os.chdir(folder)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(ADDRESS)
        listener.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        accept_tasks(listener, lambda task: _run_task(task, packed))


def _parse_once() -> None:
    """Parse the routing of collections and compile the collection's files once, rather than again in each fork.

    Ansible's loader of collections keeps neither. Both caches go by content.
    """
    finder = importlib.import_module("ansible.utils.collection_loader._collection_finder")
    compiled = functools.cache(compile)
    for path in sorted((COLLECTION / "plugins").rglob("*.py")):
        compiled(source=path.read_bytes(), filename=str(path), mode="exec", flags=0, dont_inherit=True)
    finder.compile = compiled
    parse = finder._meta_yml_to_dict
    routing = functools.cache(lambda content: pickle.dumps(parse(content, None)))
    for path in (Path(finder.__file__).parents[2] / "config" / "ansible_builtin_runtime.yml", COLLECTION / META):
        routing(path.read_bytes())
    finder._meta_yml_to_dict = lambda content, _name: pickle.loads(routing(content))


def _run_task(task: socket.socket, packed: Path) -> NoReturn:
    """Run one task in a second fork, so that its exit code can be returned even if it crashes."""
    text, streams = receive(task, 2)
    arguments, (folder, environment) = map(json.loads, text.split(b"\n"))
    child = os.fork()
    if child == 0:
        task.close()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, stream in enumerate([nothing, *streams]):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [program(arguments[0]), *arguments[1:]]
        sys.path[0] = str(Path(sys.executable).parent)
        exit_after(lambda: _run_program(arguments[0], packed))
    answer(task, child)


def _run_program(name: str, packed: Path) -> None:
    """Run a program with the configuration of this folder and environment.

    Runs share the modules that Ansible has packed, in `packed`.
    """
    constants = importlib.import_module("ansible.constants")
    # Other modules of Ansible have a reference to it.
    config = constants.config
    importlib.reload(constants)
    vars(config).update(vars(constants.config))
    constants.config = config
    Path(constants.DEFAULT_LOCAL_TMP, PACKED).symlink_to(packed)
    importlib.import_module(PROGRAMS[name]).main()


if __name__ == "__main__":
    serve(sys.argv[1])
