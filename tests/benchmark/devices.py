# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The module `device` for many devices, in a process of its own as Ansible launches it, and the bare client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import requests

from tests.integration.play import ROOT
from tests.support.apis import INTEGRATED, LEGACY

from .figures import Row
from .lab import GROUP, PRODUCT, TENANT, Cost, Lab, RunFailed, device_ids, python

COLD, UNCHANGED, THROTTLED, BUCKETS, TOKEN = "devices", "unchanged", "throttled", "buckets", "token"
MODULE = "ansible_collections.azsphere.fleet.plugins.modules.device"
RATE = BURST = 100.0
#: What Resource Manager gives each principal: writes at once, and a second.
WRITES, WRITES_A_SECOND = 200, 10
_SCOPE = "https://firstparty.sphere.azure.net/api/.default"


def cold(lab: Lab, count: int, latency: float, runs: int, concurrency: int | None = None) -> Row:
    """Claims and moves devices; then the bare client does, with as many connections as the module used at most."""
    row = Row(COLD, _name(count, latency))
    for _unused in range(runs):
        lab.load(latency_ms=latency)
        cost = _run(lab, device_ids(count), changed=count, concurrency=concurrency)
        lab.load(latency_ms=latency)
        bare = lab.run(python("-m", "tests.benchmark.bare"), given=_order(lab, count, cost.connections))
        row.add(bare_seconds=bare.seconds, ratio=cost.seconds / bare.seconds, **_metrics(cost, count))
    return row


def unchanged(lab: Lab, count: int, latency: float, runs: int) -> Row:
    """Finds all devices where they should be."""
    row = Row(UNCHANGED, _name(count, latency))
    ids = device_ids(count)
    lab.load(ids, latency_ms=latency)
    for _unused in range(runs):
        row.add(**_metrics(_run(lab, ids, changed=0), count))
    return row


def throttled(lab: Lab, count: int, runs: int) -> Row:
    """Moves devices while the service accepts RATE requests per second."""
    row = Row(THROTTLED, f"{count:,} devices, {RATE:.0f} requests a second")
    ids = device_ids(count)
    for _unused in range(runs):
        lab.load(latency_ms=50, rate_limit=RATE, rate_burst=BURST)
        cost = _run(lab, ids, changed=count)
        used = (cost.requests - cost.rejected - BURST) / (RATE * cost.connected)
        row.add(used=100 * used, rejected=100 * cost.rejected / cost.requests, **_metrics(cost, count))
    return row


def buckets(lab: Lab, count: int, runs: int) -> Row:
    """Moves devices through the Integrated API, whose bucket holds WRITES and gets WRITES_A_SECOND."""
    row = Row(BUCKETS, f"{count:,} devices")
    ids = device_ids(count)
    catalog = {"AZSPHERE_CATALOG": TENANT}
    lab.simulator.api = INTEGRATED
    try:
        for _unused in range(runs):
            lab.load(ids, within="Returned", arm_throttling=True)
            cost = _run(lab, ids, changed=count, variables=catalog)
            retries = json.loads(cost.output[cost.output.index("{") :])["api"]["retries"]
            used = (count - WRITES) / (WRITES_A_SECOND * cost.connected)
            row.add(used=100 * used, rejected=100 * retries / cost.requests, **_metrics(cost, count))
    finally:
        lab.simulator.api = LEGACY
    return row


def token(lab: Lab, count: int, runs: int) -> Row:
    """Claims and moves devices; in the middle, all tokens become invalid."""
    row = Row(TOKEN, _name(count, 50))
    for _unused in range(runs):
        lab.load(latency_ms=50)
        with _revoking(lab, count // 2):
            cost = _run(lab, device_ids(count), changed=count)
        row.add(tokens=cost.tokens, **_metrics(cost, count))
    return row


def _run(
    lab: Lab,
    ids: Sequence[str],
    *,
    changed: int,
    concurrency: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Cost:
    """Runs the module. Raises RunFailed unless so many devices changed."""
    lines = ["DeviceId,ProductName,DeviceGroupName", *(f"{device},{PRODUCT},{GROUP}" for device in ids)]
    source = lab.folder / "devices.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = {"src": str(source), "claim": True, "outcomes": "failures", "wait_timeout": 3600}
    if concurrency is not None:
        options["concurrency"] = concurrency
    paths = f"{ROOT}:{ROOT / '.build' / 'collections'}"
    given = json.dumps({"ANSIBLE_MODULE_ARGS": options})
    cost = lab.run(python("-m", MODULE), given=given, variables={"PYTHONPATH": paths, **(variables or {})})
    summary = json.loads(cost.output[cost.output.index("{") :])["summary"]
    if summary["moved"] != changed or summary["failed"]:
        raise RunFailed(f"{changed} devices were to be moved: {summary}")
    return cost


def _metrics(cost: Cost, count: int) -> dict[str, float]:
    return {
        "seconds": cost.seconds,
        "requests": cost.requests,
        "requests_each": cost.requests / count,
        "memory": cost.memory,
        "connections": cost.connections,
        "busy": 100 * cost.busy,
    }


def _order(lab: Lab, count: int, connections: int) -> str:
    state = json.loads(lab.simulator.state())
    tenant = next(each for each in state["tenants"] if each["name"] == TENANT)
    return json.dumps(
        {
            "url": lab.simulator.url,
            "ca": lab.simulator.ca,
            "token": access_token(lab),
            "tenant": tenant["id"],
            "group": tenant["products"][0]["device_groups"][0]["id"],
            "devices": device_ids(count),
            "connections": max(1, connections),
        }
    )


def access_token(lab: Lab) -> str:
    """Returns a token of the simulator's built-in application."""
    ready = lab.simulator.ready
    reply = requests.post(
        f"{ready['authority_host']}/{ready['directory_id']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": ready["client_id"],
            "client_secret": ready["client_secret"],
            "scope": _SCOPE,
        },
        verify=lab.simulator.ca,
        timeout=30,
    )
    reply.raise_for_status()
    return str(reply.json()["access_token"])


@contextmanager
def _revoking(lab: Lab, writes: int) -> Iterator[None]:
    """Revokes all tokens once, after so many writes."""
    ended = threading.Event()

    def watch() -> None:
        before = lab.simulator.counts()["writes"]
        while not ended.wait(0.1):
            if lab.simulator.counts()["writes"] - before >= writes:
                lab.simulator.revoke_tokens()
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _name(count: int, latency: float) -> str:
    return f"{count:,} devices, {latency:.0f} ms"
