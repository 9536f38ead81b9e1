# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Starts a mesh, provisions a factory list in every way, and prints a table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.simulator.harness import start_simulator

from .network import Mesh
from .receptor import Unavailable, find_receptor
from .trials import Factory, provision_slices, provision_whole, provision_with_killed_node

THROTTLED = {"rate_limit": 100, "rate_burst": 100}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mesh", description=__doc__)
    parser.add_argument("--devices", type=int, default=3000, help="number of devices (default: 3000)")
    options = parser.parse_args(arguments)
    try:
        program = find_receptor()
    except Unavailable as error:
        print(f"The mesh is left out: {error}.", file=sys.stderr)
        return 0
    failed = False
    with tempfile.TemporaryDirectory(prefix="mesh-") as name, start_simulator(operation_seconds=0.05) as simulator:
        folder = Path(name)
        factory = Factory(simulator, folder, options.devices)
        with Mesh(program, folder, nodes=2) as mesh:
            for trial in (
                lambda: provision_whole(factory),
                lambda: provision_slices(mesh, factory, folder),
                lambda: provision_slices(mesh, factory, folder, **THROTTLED),
                lambda: provision_with_killed_node(mesh, factory, folder, failing=0.01),
            ):
                done = trial()
                failed = failed or bool(done.problems)
                print(done.line(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
