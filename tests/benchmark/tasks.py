# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Playbooks of small tasks and loops, beside modules of Ansible itself, and an inventory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from .devices import access_token
from .figures import Row
from .lab import GROUP, PRODUCT, TENANT, Lab, RunFailed, device_ids, tool

SMALL, LOOPS, INVENTORY = "tasks", "loops", "inventory"
PLUGINS = Path(__file__).with_name("callback_plugins")
#: How tasks of this collection run.
WAYS = {"in-process": "true", "launched": "false"}
URI = "ansible.builtin.uri"


def small(lab: Lab, count: int, runs: int) -> list[Row]:
    """Runs so many tasks of each kind in one playbook, with nothing to change."""
    rows: dict[str, Row] = {}
    for _unused in range(runs):
        for way, switch in WAYS.items():
            lab.load()
            kinds = {
                "ansible.builtin.debug": {"ansible.builtin.debug": {"msg": "Hello"}},
                "ansible.builtin.ping": {"ansible.builtin.ping": {}},
                URI: {URI: _uri(lab, "GET", "products")},
                f"azsphere.fleet.product, {way}": {"azsphere.fleet.product": {"name": PRODUCT}},
            }
            tasks = [{"name": f"{kind} {number}", **task} for kind, task in kinds.items() for number in range(count)]
            for kind, seconds in _play(lab, tasks, switch).items():
                row = rows.setdefault(kind, Row(SMALL, kind))
                row.add(milliseconds=1000 * seconds / count)
    return list(rows.values())


def loops(lab: Lab, count: int, runs: int) -> list[Row]:
    """Moves devices one by one: with ansible.builtin.uri, and with the module `device`; and loops over a product."""
    ids = device_ids(count)
    rows: list[Row] = []
    device = {"ids": ["{{ item }}"], "product": PRODUCT, "device_group": "Other"}
    product = {"name": PRODUCT}
    for name, way, module, options in (
        (f"{URI}, move", "in-process", URI, None),
        ("azsphere.fleet.device, move, in-process", "in-process", "azsphere.fleet.device", device),
        ("azsphere.fleet.device, move, launched", "launched", "azsphere.fleet.device", device),
        ("azsphere.fleet.product, no change, in-process", "in-process", "azsphere.fleet.product", product),
        ("azsphere.fleet.product, no change, launched", "launched", "azsphere.fleet.product", product),
    ):
        row = Row(LOOPS, name)
        for _unused in range(runs):
            lab.load(ids)
            lab.simulator.load(_with_other_group(lab))
            given = options or _uri(lab, "PUT", "devices/{{ item }}/devicegroup", body=_groups(lab)["Other"])
            task = {"name": f"{name} 0", module: given, "loop": ids, "loop_control": {"label": ""}}
            seconds = sum(_play(lab, [task], WAYS[way]).values())
            row.add(seconds=seconds, each=1000 * seconds / count, devices_a_second=count / seconds)
        rows.append(row)
    return rows


def inventory(lab: Lab, count: int, runs: int) -> Row:
    """Lists devices as hosts, without a cache."""
    row = Row(INVENTORY, f"{count:,} devices")
    source = lab.folder / "fleet.yml"
    source.write_text(json.dumps({"plugin": "azsphere.fleet.devices", "tenant": TENANT}), encoding="utf-8")
    lab.load(device_ids(count))
    for _unused in range(runs):
        command = [tool("ansible-inventory"), "-i", str(source), "--list", "--output", str(lab.folder / "hosts.json")]
        cost = lab.run(command)
        hosts = json.loads((lab.folder / "hosts.json").read_text(encoding="utf-8"))["_meta"]["hostvars"]
        if len(hosts) != count:
            raise RunFailed(f"The inventory has {len(hosts)} hosts: {cost.output[-2000:]}")
        row.add(seconds=cost.seconds, requests=cost.requests, memory=cost.memory)
    return row


def _play(lab: Lab, tasks: list[dict[str, Any]], in_process: str) -> dict[str, float]:
    """Runs tasks whose names end with a number; returns the seconds of each kind. Raises RunFailed."""
    playbook, times = lab.folder / "playbook.yml", lab.folder / "times"
    play = {"name": "Benchmark", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    times.unlink(missing_ok=True)
    variables = {
        "AZSPHERE_IN_PROCESS": in_process,
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_CALLBACKS_ENABLED": "bench_times",
        "BENCH_TIMES": str(times),
    }
    cost = lab.run([tool("ansible-playbook"), str(playbook)], variables=variables)
    notes = [json.loads(line) for line in times.read_text(encoding="utf-8").splitlines()]
    if notes[-1][0] != "end":
        raise RunFailed(cost.output[-2000:])
    spent: dict[str, float] = {}
    for (name, begun), (_next, ended) in pairwise(notes):
        kind = name.rpartition(" ")[0]
        spent[kind] = spent.get(kind, 0.0) + ended - begun
    return spent


def _uri(lab: Lab, method: str, below: str, body: str | None = None) -> dict[str, Any]:
    return {
        "url": f"{lab.simulator.url}/v2/tenants/{_tenant(lab)['id']}/{below}",
        "method": method,
        "ca_path": lab.simulator.ca,
        "headers": {"Authorization": f"Bearer {access_token(lab)}"},
        "status_code": [200, 202],
        **({} if body is None else {"body": json.dumps(body), "body_format": "json"}),
    }


def _tenant(lab: Lab) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        each for each in json.loads(lab.simulator.state())["tenants"] if each["name"] == TENANT
    )
    return found


def _groups(lab: Lab) -> dict[str, str]:
    return {group["name"]: group["id"] for group in _tenant(lab)["products"][0]["device_groups"]}


def _with_other_group(lab: Lab) -> dict[str, Any]:
    """Returns the state of the simulator with one more device group."""
    state: dict[str, Any] = json.loads(lab.simulator.state())
    tenant = next(each for each in state["tenants"] if each["name"] == TENANT)
    assert [group["name"] for group in tenant["products"][0]["device_groups"]] == [GROUP]
    tenant["products"][0]["device_groups"].append({"name": "Other"})
    return state
