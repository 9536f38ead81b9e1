# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Provision a fleet, run again without changes, then detect and fix a drift, printing each step."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.simulator.harness import Simulator, start_simulator
from tests.simulator.images import compose_package
from tests.support.apis import APIS, INTEGRATED

from .drift import drift
from .playbook import BUILD, HERE, PlaybookFailed, Run, play

LATENCY_MS = 20
PACKAGES = {
    "kettle.imagepackage": (
        "KettleApp",
        "6f1d2c3b-4a59-4e68-8f77-0a1b2c3d4e5f",
        "d1a5f3c2-7b64-4c0e-9a1d-3e5f7a9b1c2d",
    ),
    "coffee-machine.imagepackage": (
        "CoffeeApp",
        "0b9c8d7e-6f5a-4b3c-8d2e-1f0a9b8c7d6e",
        "e2b6a4d3-8c75-4d1f-8b2e-4f6a8b0c2d3e",
    ),
}
KINDS = {
    "product": "products",
    "device_group": "device groups",
    "image": "images",
    "deployment": "deployments",
    "user": "users",
    "device": "devices",
}


class CheckFailed(Exception):
    """A check of the demo failed."""


def main() -> int:
    """Run the demo; returns an exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--api", choices=APIS, default=APIS[0], help="the API to use (default: %(default)s)")
    api = parser.parse_args().api
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=BUILD))
    try:
        with start_simulator(latency_ms=LATENCY_MS, operation_seconds=0.1) as simulator:
            simulator.api = api
            return _show(simulator, folder)
    except (CheckFailed, PlaybookFailed) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(simulator: Simulator, folder: Path) -> int:
    _prepare(folder, with_users=simulator.api != INTEGRATED)
    print("azsphere.fleet: one task provisions two products, seven device groups and 500 devices")
    print(f"The service is a simulator at {simulator.ready['url']} (latency {LATENCY_MS} ms). Nothing real is touched.")
    if simulator.api == INTEGRATED:
        print(
            "Tasks use the Integrated API, which has no users, so the blueprint has none. The other administrator uses "
            "the Legacy API."
        )
    steps: list[tuple[str, Run]] = []

    def step(title: str, *options: str) -> Run:
        print(
            f"\n{len(steps) + 1}. {title}\n   ansible-playbook provision.yml {' '.join(options)}".rstrip(), flush=True
        )
        run = play(simulator, folder, *options)
        steps.append((title, run))
        for line in _counts(run.result["summary"]):
            print(f"     {line}")
        print(f"   {run.changes} changes, {run.seconds:.1f} s, {_requests(run)}", flush=True)
        return run

    predicted = step("Check mode on the empty tenant", "--check")
    done = step("Real run")
    again = step("Second run: no changes")
    print("\n   Meanwhile, another administrator:")
    for change in drift(simulator):
        print(f"     {change}")
    found = step("Check mode detects the drift", "--check", "--diff")
    print(textwrap.indent(_diff(found.output), "     "))
    fixed = step("Real run fixes the drift")
    rest = step("Last run: no changes")
    _table(steps)
    _check("check mode predicted all changes of the real run", _changes(predicted) == _changes(done))
    _check("check mode predicted all changes that fixed the drift", _changes(found) == _changes(fixed))
    _check("runs without differences change nothing", again.changes == rest.changes == 0 and fixed.changes > 0)
    _check(
        "check mode, and runs without changes, send only requests that read",
        not any(run.writes for run in (predicted, again, found, rest)),
    )
    return 0


def _prepare(folder: Path, *, with_users: bool) -> None:
    """Copy the blueprint and its device list to the directory, and create its image packages."""
    shutil.copy(HERE / "devices.csv", folder / "devices.csv")
    blueprint = yaml.safe_load((HERE / "blueprint.yml").read_text(encoding="utf-8"))
    kept = {key: value for key, value in blueprint.items() if with_users or key != "users"}
    (folder / "blueprint.yml").write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
    for name, (application, image_id, component_id) in PACKAGES.items():
        compose_package(folder / name, image_id=image_id, component_id=component_id, name=application)


def _counts(summary: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a line for each kind of resource, with the number of resources by action."""
    width = max(len(name) for name in KINDS.values())
    lines = []
    for kind, name in KINDS.items():
        counts = [f"{count} {action.replace('_', ' ')}" for action, count in summary.get(kind, {}).items() if count]
        lines.append(f"{name:<{width}}  {', '.join(counts) or 'none'}")
    return lines


def _requests(run: Run) -> str:
    return " + ".join(f"{count} {method}" for method, count in sorted(run.requests.items())) or "no request"


def _changes(run: Run) -> list[tuple[str, str, str]]:
    return [(change["kind"], change["name"], change["action"]) for change in run.result["changes"]]


def _diff(output: str) -> str:
    """Return the diffs in the output of ansible-playbook."""
    lines = output.splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith("---")), len(lines))
    last = next((number for number, line in enumerate(lines) if number > first and line.startswith("changed:")), first)
    return "\n".join(lines[first:last]).rstrip()


def _table(steps: list[tuple[str, Run]]) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    width = max(len(title) for title, _run in steps)
    print(f"\n   {'':<{width}}  {'changes':>8} {'seconds':>8} " + " ".join(f"{method:>6}" for method in methods))
    for title, run in steps:
        counts = " ".join(f"{run.requests.get(method, 0) or '-':>6}" for method in methods)
        print(f"   {title:<{width}}  {run.changes:>8} {run.seconds:>8.1f} {counts}")
    print("   (requests as counted by the simulator)\n")


def _check(claim: str, passed: bool) -> None:
    if not passed:
        raise CheckFailed(f"Check failed: {claim}.")
    print(f"   Checked: {claim}.")


if __name__ == "__main__":
    sys.exit(main())
