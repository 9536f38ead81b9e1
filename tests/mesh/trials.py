# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A factory list, provisioned in job slices on a mesh: the state, the tokens, the shares, and a node that is killed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.support.programs import inherited, plain, program

from .jobs import Job, Run, slice_of
from .network import Mesh, MeshFailed, Node, wait_until

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = "azsphere.fleet.manufacture"
SLICES, SHARDS = 3, 12
GROUPS = ("Kettle/Production", "Kettle/Field Test", "Lamp/Production")
SECONDS = 300.0
VARIABLES = {"manufacture_claim": True}
#: Part of its equal share that a slice gets at least while the service throttles all of them.
FAIR = 0.8


class Factory:
    """A simulator and a factory list of some devices, with its inventory of shards."""

    def __init__(self, simulator: Simulator, folder: Path, devices: int) -> None:
        self.simulator, self.folder = simulator, folder
        ids = [hashlib.sha512(f"mesh {number}".encode()).hexdigest() for number in range(devices)]
        self.groups = {each: GROUPS[number % len(GROUPS)] for number, each in enumerate(ids)}
        rows = [",".join((each, *group.split("/"))) for each, group in self.groups.items()]
        (folder / "devices.csv").write_text(
            "\n".join(["DeviceId,ProductName,DeviceGroupName", *rows, ""]), encoding="utf-8"
        )
        inventory = {"plugin": "azsphere.fleet.manufacturing", "src": "devices.csv", "shards": SHARDS}
        (folder / "factory.yml").write_text(json.dumps(inventory), encoding="utf-8")
        self.hosts = self._hosts()

    def begin(self, **settings: Any) -> None:
        """Empties the tenant, changes settings of the simulator, and forgets its log."""
        self.simulator.reset()
        self.simulator.load(
            {"tenants": [{"name": "Contoso Fleet", "products": [{"name": "Kettle"}, {"name": "Lamp"}]}]}
        )
        self.simulator.settings(**settings)

    def slice_devices(self, number: int) -> set[str]:
        """Returns the IDs of the devices of a slice."""
        chosen = slice_of(self.hosts, number, SLICES)["all"]["hosts"].values()
        return {row["id"].lower() for host in chosen for row in host["azsphere_rows"]}

    def job(self, number: int) -> Job:
        return Job(PLAYBOOK, slice_of(self.hosts, number, SLICES), VARIABLES, self.environment())

    def run_whole(self) -> subprocess.CompletedProcess[str]:
        """Provisions the list by one job, without a mesh."""
        command = ["ansible-playbook", PLAYBOOK, "-i", "factory.yml", "-e", json.dumps(VARIABLES)]
        environment = {**inherited(), **self.environment(), "AZSPHERE_TOKEN_CACHE": str(self.folder / "tokens")}
        return self._run(command, environment)

    def environment(self) -> dict[str, str]:
        """The variables that a credential and the settings of AWX give to a job."""
        return {
            **{name: value for name, value in self.simulator.env().items() if name != "AZSPHERE_TOKEN_CACHE"},
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }

    def places(self) -> dict[str, str | None]:
        """Returns the device group of each device that is claimed into the tenant, as product and name."""
        state = json.loads(self.simulator.state())
        tenant = next(each for each in state["tenants"] if each["name"] == "Contoso Fleet")
        names = {
            group["id"]: f"{product['name']}/{group['name']}"
            for product in tenant["products"]
            for group in product["device_groups"]
        }
        return {each["id"]: names.get(each.get("device_group")) for each in tenant["devices"]}

    def moved(self) -> list[str]:
        """Returns the device of each accepted move, in the order of the requests."""
        return [
            entry["path"].split("/devices/")[1].split("/")[0].lower()
            for entry in self.simulator.log()
            if entry["operation"] == "Devices_Move" and entry["status"] in (200, 202)
        ]

    def _hosts(self) -> dict[str, dict[str, Any]]:
        environment = {**inherited(), **self.environment()}
        listed = self._run(["ansible-inventory", "--list", "-i", "factory.yml"], environment)
        if listed.returncode:
            raise MeshFailed(f"The inventory cannot be read: {listed.stderr}")
        hosts: dict[str, dict[str, Any]] = json.loads(listed.stdout, object_hook=plain)["_meta"]["hostvars"]
        return hosts

    def _run(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program(command[0]), *command[1:]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass
class Trial:
    """The outcome of one way to provision the list."""

    name: str
    seconds: float = 0.0
    requests: int = 0
    tokens: int = 0
    shares: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        shares = ", ".join(f"{share:.0%}" for share in self.shares) or "-"
        verdict = "ok" if not self.problems else "FAILED: " + " ".join(self.problems)
        figures = f"{self.seconds:7.1f} s{self.requests:8} requests{self.tokens:4} tokens  {shares:<18}"
        return f"{self.name:<44}{figures} {verdict}"


def provision_whole(factory: Factory) -> Trial:
    """Provisions the list by one job."""
    trial = Trial("one job, without a mesh")
    factory.begin()
    before, begin = _tokens(factory), time.monotonic()
    done = factory.run_whole()
    _count(trial, factory, before, begin)
    if done.returncode:
        trial.problems.append(f"ansible-playbook failed: {done.stdout}{done.stderr}")
    _compare(trial, factory)
    return trial


def provision_slices(mesh: Mesh, factory: Factory, folder: Path, **settings: Any) -> Trial:
    """Provisions the list by three slices on two nodes; the settings of the simulator throttle them."""
    trial = Trial("three slices on two nodes" + (", throttled" if settings else ""))
    factory.begin(**settings)
    before, begin = _tokens(factory), time.monotonic()
    runs = [_start(mesh, mesh.nodes[(number - 1) % 2], factory, folder, number) for number in range(1, SLICES + 1)]
    _finish(trial, runs)
    _count(trial, factory, before, begin)
    _compare(trial, factory)
    trial.shares = _shares(factory)
    if trial.tokens > SLICES:
        trial.problems.append(f"{trial.tokens} tokens for {SLICES} slices.")
    if settings and min(trial.shares) < FAIR:
        trial.problems.append(f"A slice got less than {FAIR:.0%} of its share.")
    return trial


def provision_with_killed_node(mesh: Mesh, factory: Factory, folder: Path, failing: float, **settings: Any) -> Trial:
    """Provisions the list while requests fail and a node is killed; its slice then runs again on the other node."""
    trial = Trial(f"a node killed, {failing:.0%} of requests failing")
    factory.begin(**settings)
    # Kinds of faults after which a client may not send anything twice without looking.
    kinds = {"connection lost": {"kind": "drop_after"}, "503": {"kind": "status", "status": 503}}
    factory.simulator.rig(kinds, probability=failing, seed=7)
    before, begin = _tokens(factory), time.monotonic()
    doomed = mesh.nodes[1]
    runs = {
        number: _start(mesh, doomed if number == 2 else mesh.nodes[0], factory, folder, number)
        for number in range(1, SLICES + 1)
    }
    share = factory.slice_devices(2)
    wait_until(lambda: len(share & set(factory.moved())) > len(share) // 4, SECONDS, "the slice did not start")
    doomed.kill()
    runs[2].abandon()
    left = len(share - set(factory.moved()))
    if not left:
        trial.problems.append("The slice had ended before its node was killed.")
    runs[2] = _start(mesh, mesh.nodes[0], factory, folder, 2)
    _finish(trial, list(runs.values()))
    _count(trial, factory, before, begin)
    _compare(trial, factory)
    twice = [device for device, count in Counter(factory.moved()).items() if count > 1]
    if twice:
        trial.problems.append(f"{len(twice)} devices were moved twice.")
    return trial


def _start(mesh: Mesh, node: Node, factory: Factory, folder: Path, number: int) -> Run:
    place = folder / f"job-{time.monotonic_ns()}"
    place.mkdir(parents=True)
    return Run(mesh, node, factory.job(number), place)


def _finish(trial: Trial, runs: Sequence[Run]) -> None:
    for run in runs:
        status = run.wait(SECONDS)
        if status != "successful":
            trial.problems.append(f"A slice on {run.node.name} ended as {status}: {run.output[-2000:]}")


def _tokens(factory: Factory) -> int:
    return int(factory.simulator.counts()["tokens_issued"])


def _count(trial: Trial, factory: Factory, tokens_before: int, begin: float) -> None:
    trial.seconds = time.monotonic() - begin
    counts = factory.simulator.counts()
    trial.requests, trial.tokens = int(counts["requests"]), int(counts["tokens_issued"]) - tokens_before


def _compare(trial: Trial, factory: Factory) -> None:
    """Compares the tenant with the list."""
    places = factory.places()
    if places != factory.groups:
        wrong = [each for each, group in factory.groups.items() if places.get(each) != group]
        more = len(places.keys() - factory.groups.keys())
        trial.problems.append(f"{len(wrong)} devices are not where they belong, {more} are not in the list.")


def _shares(factory: Factory) -> list[float]:
    """Returns the moves of each slice as part of an equal share, while all slices are at work."""
    slices = [factory.slice_devices(number) for number in range(1, SLICES + 1)]
    order = [next(number for number, each in enumerate(slices) if device in each) for device in factory.moved()]
    begin = max(order.index(number) for number in range(SLICES))
    end = min(len(order) - 1 - order[::-1].index(number) for number in range(SLICES))
    together = order[begin : end + 1]
    return [together.count(number) * SLICES / len(together) for number in range(SLICES)]
