# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The command line of the simulator."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .loading import InvalidState
from .server import Options, serve
from .settings import DIALECTS, InvalidSetting, Settings

_DESCRIPTION = """\
Simulates the Azure Sphere Public API v2 and its sign-in on 127.0.0.1, for tests and for trying irreversible changes.
When it is ready, it prints one line of JSON on standard output: its address, the file of its certificate authority, and
valid credentials. All other messages go to standard error.
"""
_EPILOG = "Seed files, settings, dialects and the administration under /_simulator are described in docs/simulator.md."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator. Returns the exit code: 0 after a stop, 2 if it could not start."""
    options = parser().parse_args(arguments)
    made = None
    try:
        if options.directory is None:
            made = options.directory = Path(tempfile.mkdtemp(prefix="azsphere-simulator-"))
        options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        serve(
            Options(
                port=options.port,
                directory=options.directory.resolve(),
                settings=_settings(options),
                seed=options.seed,
                state=options.state,
                ready_file=options.ready_file,
                with_parent=options.with_parent,
            )
        )
    except (InvalidState, InvalidSetting) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"Cannot run the simulator: {error}.")
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.simulator", description=_DESCRIPTION, epilog=_EPILOG)
    add = made.add_argument
    add("--port", type=_port, default=0, help="port of the API and the sign-in (default: a free port)")
    add("--latency", type=float, default=0.0, metavar="MS", help="delay of each reply in milliseconds")
    add("--operation-time", type=float, metavar="SECONDS", help="duration of an operation (default: 0.05)")
    add("--page-size", type=int, metavar="N", help="maximum page size (default: 100, and up to 1000 on request)")
    add("--seed", type=Path, metavar="FILE", help="YAML or JSON file with the initial state")
    add("--state", type=Path, metavar="FILE", help="read the state from this file if it exists, and save it there")
    add(
        "--directory",
        type=Path,
        metavar="DIR",
        help="directory for its certificates (default: one that is removed on exit)",
    )
    add("--ready-file", type=Path, metavar="FILE", help="write the ready message to this file as well")
    add("--dialect", choices=DIALECTS, help="behaviour where the real service is not documented")
    add(
        "--set",
        dest="set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other setting; can be repeated",
    )
    add("--check-replies", action="store_true", help="validate its own replies against the OpenAPI description")
    add("--with-parent", action="store_true", help="stop when the parent process exits")
    return made


def _settings(options: argparse.Namespace) -> Settings:
    changes: dict[str, Any] = {} if options.dialect is None else {"dialect": options.dialect}
    changes["latency_ms"] = options.latency
    changes["check_replies"] = options.check_replies
    if options.operation_time is not None:
        changes["operation_seconds"] = options.operation_time
    if options.page_size is not None:
        changes["page_size"] = options.page_size
    for assignment in options.set:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise InvalidSetting(f"Invalid option --set: use NAME=VALUE, not {assignment!r}.")
        changes[name] = _value(name, value)
    settings = Settings()
    settings.change(changes)
    return settings


def _value(name: str, text: str) -> Any:
    """Parse the value of a setting from the command line: switches are strings, all others JSON."""
    if isinstance(getattr(Settings, name, None), str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}: use a number from 0 to 65535")
    return int(text)


def _failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
