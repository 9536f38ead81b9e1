# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Both APIs on one fleet: a change through one leaves the other nothing to do, and `integration_info` says so."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.apis import APIS, INTEGRATED, LEGACY

from .fleet import DEVICES, TENANT_ID, UNCLAIMED, empty, fleet
from .proof import prove
from .scenarios.blueprints import DOCUMENT, drifted, half_built
from .scenarios.lacking import without_users
from .workbench import Answer, Workbench

BLUEPRINT = {**without_users({"blueprint": DOCUMENT}), "claim": True}
#: Tasks that change something, each alone on the fleet.
TASKS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "product": ("product", {"name": "Toaster", "description": "Toasters for hotels"}),
    "cleared description": ("product", {"name": "Kettle", "description": ""}),
    "device group": ("device_group", {"product": "Kettle", "name": "Lab", "os_feed": "RetailEval"}),
    "settings": (
        "device_group",
        {
            "product": "Kettle",
            "name": "Field Test",
            "update_policy": "No3rdPartyAppUpdates",
            "allow_crash_dumps_collection": True,
        },
    ),
    "deployment": (
        "deployment",
        {"product": "Kettle", "device_group": "Shelf", "packages": ["fresh.imagepackage", "kettle-board.imagepackage"]},
    ),
    "devices": ("device", {"ids": list(UNCLAIMED), "product": "Kettle", "device_group": "Shelf", "claim": True}),
    "image": ("image", {"path": "fresh.imagepackage"}),
    "deletion": ("product", {"name": "Spare", "state": "absent"}),
}


class Switch:
    """The workbench, through either API."""

    def __init__(self, bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self._monkeypatch = monkeypatch

    def run(self, api: str, module: str, options: Mapping[str, Any], *, check: bool = False) -> Answer:
        with self._monkeypatch.context() as patch:
            for name in ("AZSPHERE_API", *self.bench.simulator.env(api=INTEGRATED), *self.bench.simulator.env()):
                patch.delenv(name, raising=False)
            for name, value in self.bench.simulator.env(api=api).items():
                patch.setenv(name, value)
            return self.bench.run(module, options, check=check)

    def compare(self, **options: Any) -> dict[str, Any]:
        """What `integration_info` returns, with the options of both connections."""
        with self._monkeypatch.context() as patch:
            for api in reversed(APIS):
                for name, value in self.bench.simulator.env(api=api).items():
                    patch.setenv(name, value)
            answer = self.bench.run("integration_info", {"tenant": TENANT_ID, **options})
        assert answer.writes == ()
        return answer.values


@pytest.fixture
def switch(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Switch:
    return Switch(bench, monkeypatch)


@pytest.mark.parametrize(("first", "second"), [APIS, APIS[::-1]], ids=["legacy first", "integrated first"])
@pytest.mark.parametrize("seed", [empty, half_built, drifted], ids=lambda seed: seed.__name__)
def test_blueprint_applied_through_one_api_changes_nothing_through_the_other(
    switch: Switch, seed: Any, first: str, second: str
) -> None:
    switch.bench.simulator.load(seed())
    applied = switch.run(first, "blueprint", BLUEPRINT)
    assert (applied.values.get("failed", False), applied.changed) == (False, True), applied.values.get("msg")
    before = switch.bench.look()
    for check in (True, False):
        again = switch.run(second, "blueprint", BLUEPRINT, check=check)
        assert not again.values.get("failed"), again.values.get("msg")
        assert (again.changed, again.diff, again.writes) == (False, [], ())
    assert switch.bench.look() == before
    found = switch.compare()
    assert (found["integrated"], found["differences"]) == (True, [])


@pytest.mark.parametrize(("first", "second"), [APIS, APIS[::-1]], ids=["legacy first", "integrated first"])
@pytest.mark.parametrize("task", TASKS)
def test_task_done_through_one_api_changes_nothing_through_the_other(
    switch: Switch, task: str, first: str, second: str
) -> None:
    switch.bench.simulator.load(fleet())
    module, options = TASKS[task]
    done = switch.run(first, module, options)
    assert (done.values.get("failed", False), done.changed) == (False, True), done.values.get("msg")
    again = switch.run(second, module, options)
    assert not again.values.get("failed"), again.values.get("msg")
    assert (again.changed, again.diff, again.writes) == (False, [], ())
    assert switch.compare()["differences"] == []


def test_integration_info_reads_the_same_in_check_mode(switch: Switch) -> None:
    switch.bench.simulator.load(fleet())
    document = copy.deepcopy(DOCUMENT)
    document["products"][1]["name"] = "Pi"
    before = switch.bench.look()
    found = switch.compare(blueprint=document)
    assert (found["integrated"], found["legacy_available"], found["catalog_in_use"]) == (True, True, True)
    assert found["tenant"] == {"id": TENANT_ID, "name": "Contoso Fleet"}
    assert found["catalog"]["tenant_id"] == TENANT_ID
    assert [(each["path"], each["value"]) for each in found["losses"]] == [
        ("products[1].name", "Pi"),
        ("users[0]", "lin@contoso.example"),
    ]
    assert switch.bench.look() == before


def test_tenant_that_is_not_integrated_is_reported(switch: Switch) -> None:
    seed = fleet()
    seed["tenants"][0]["catalog"] = None
    seed["tenants"][1] |= {"roles": seed["tenants"][0]["roles"], "catalog": {"name": "Fabrikam"}}
    switch.bench.simulator.load(seed)
    found = switch.compare(catalog="Fabrikam")
    assert (found["integrated"], found["catalog"], found["differences"]) == (False, None, None)


def test_catalog_of_the_tenant_is_found_among_several(switch: Switch) -> None:
    seed = fleet()
    seed["tenants"][1] |= {"roles": seed["tenants"][0]["roles"], "catalog": {"name": "Fabrikam"}}
    seed["tenants"][0]["catalog"] = {"name": "Contoso"}
    switch.bench.simulator.load(seed)
    found = switch.compare(catalog="Fabrikam")
    assert (found["integrated"], found["catalog_in_use"], found["catalog"]["name"]) == (True, False, "Contoso")
    assert found["differences"] is None
    assert switch.compare(catalog="Contoso")["differences"] == []


@pytest.mark.parametrize("status", ["410", "403"])
def test_paused_legacy_api_is_reported(switch: Switch, status: str) -> None:
    switch.bench.simulator.load(fleet())
    switch.bench.simulator.settings(paused_reply=status)
    switch.bench.simulator.pause()
    found = switch.compare()
    assert status in found["legacy_error"]
    assert (found["integrated"], found["legacy_available"], found["differences"]) == (True, False, None)
    assert switch.run(LEGACY, "product_info", {}).values["error"]["status"] == int(status)
    assert not switch.run(INTEGRATED, "product_info", {}).values.get("failed")


def test_names_and_policies_of_a_tenant_that_would_be_lost(switch: Switch) -> None:
    seed = fleet()
    seed["tenants"][0]["products"].append(
        {"name": "Pi", "device_groups": [{"name": "Lab", "update_policy": "NoUpdates"}]}
    )
    switch.bench.simulator.load(seed)
    found = [(each["path"], each["value"]) for each in switch.compare()["losses"]]
    assert found == [('product "Pi"', "Pi"), ('update policy of device group "Pi/Lab"', "NoUpdates")]


@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
def test_account_info_lists_the_catalogs(bench: Workbench) -> None:
    bench.simulator.load(fleet())
    values = bench.run("account_info", {}).values
    assert values["account"]["source"] == "client_secret"
    assert [tenant["id"] for tenant in values["tenants"]] == [TENANT_ID]


@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
def test_catalog_is_created_once_and_confirmed(bench: Workbench) -> None:
    bench.simulator.load(fleet())
    options = {"name": "ContosoLaboratory", "confirm": "ContosoLaboratory"}
    prove(bench, lambda check: bench.run("tenant", options, check=check), changes=True)
    unconfirmed = bench.run("tenant", {"name": "ContosoWorkshop"}).values
    assert unconfirmed["failed"]
    assert bench.writes() == ()


@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
def test_operation_of_another_task_is_unsupported(bench: Workbench) -> None:
    bench.simulator.load(fleet())
    bench.simulator.settings(operation_seconds=30)
    options = {"ids": [DEVICES[0]], "product": "Kettle", "device_group": "Shelf", "wait": False}
    started = bench.run("device", options).values["operation"]
    for operation in ("f1000000-0000-4000-8000-000000000001", (started or {}).get("id") or "unknown"):
        error = bench.run("operation_info", {"id": operation}).values["error"]
        assert error["code"] == "unsupported"
        assert error["hint"]


def test_provisioning_through_the_integrated_api_is_proven_like_any_other(switch: Switch) -> None:
    switch.bench.simulator.load(empty())
    prove(switch.bench, lambda check: switch.run(INTEGRATED, "blueprint", BLUEPRINT, check=check), changes=True)
