# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The overlay is as true as the service: the same writes lead to the same reads, and to the same refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ImagePackage
from ansible_collections.azsphere.fleet.plugins.module_utils._options import OPTIONS
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.simulator.harness import Simulator
from tests.support.apis import INTEGRATED, LEGACY
from tests.support.polls import poll_at_once

from .fleet import DEVICES, PACKAGES, UNCLAIMED, fleet, write_files
from .random_acts import REFUSED, Act, Actor, acts, same

PRODUCTS = ["Kettle", "kettle", "Spare", "Plain", "New 1"]
GROUPS = ["Development", "field test", "Shelf", "New 2"]
USERS = ["ada@contoso.example", "Sam@contoso.example", "lin@contoso.example"]
FILES = [name for name, *_rest in PACKAGES]
#: None in a group, one in none, one that nobody has claimed. Foreign ones are a difference that is documented.
CHOSEN = [DEVICES[0], DEVICES[3], DEVICES[4], UNCLAIMED[0], UNCLAIMED[1]]


KETTLE = {"product": "Kettle"}
SHELF = {**KETTLE, "group": "shelf"}
KEEP = {"description": None, "os_feed": None, "update_policy": None, "allow_crash_dumps_collection": None}
NEW_GROUP = {"description": "", "os_feed": "RetailEval", "update_policy": "UpdateAll"}
#: Each rule that the overlay has to know once, as chance may leave one out.
RULES = [
    Act("create_product", {"name": "KETTLE", "description": None, "default": True}),
    Act("update_product", {"product": "Spare", "name": "kettle", "description": None}),
    Act("update_product", {**KETTLE, "name": "kettle", "description": ""}),
    Act("product_named", {"name": "KETTLE"}),
    Act("create_group", {**KETTLE, "name": "SHELF", **NEW_GROUP}),
    Act("update_group", {**SHELF, **KEEP, "name": "development"}),
    Act("update_group", {**SHELF, **KEEP, "name": "SHELF", "description": "", "allow_crash_dumps_collection": False}),
    Act("groups_named", {"name": "shelf"}),
    Act("delete_group", {**KETTLE, "group": "Field Test"}),
    Act("delete_product", KETTLE),
    Act("claim", {"devices": [DEVICES[0], UNCLAIMED[0]]}),
    Act("move", {**SHELF, "devices": [UNCLAIMED[0], UNCLAIMED[1], DEVICES[3]]}),
    Act("count", SHELF),
    Act("count", {**KETTLE, "group": None}),
    Act("delete_group", SHELF),
    Act("capability", {"device": UNCLAIMED[0]}),
    Act("capability", {"device": UNCLAIMED[1]}),
    Act("deploy", {**SHELF, "images": ["fresh.imagepackage"]}),
    Act("upload", {"package": "fresh.imagepackage"}),
    Act("upload", {"package": "fresh.imagepackage"}),
    Act("image_status", {"image": "fresh.imagepackage"}),
    Act("deploy", {**SHELF, "images": ["fresh.imagepackage", "kettle-old.imagepackage"]}),
    Act("deploy", {**SHELF, "images": ["kettle-old.imagepackage"]}),
    Act("deploy", {**SHELF, "images": ["kettle-board.imagepackage", "fresh.imagepackage"]}),
    Act("deployments", SHELF),
    Act("targeted", {"device": UNCLAIMED[0]}),
    Act("targeted", {"device": UNCLAIMED[1]}),
    Act("deploy", {**KETTLE, "group": "Field Test", "images": ["kettle.imagepackage"]}),
    Act("targeted", {"device": DEVICES[0]}),
    Act("component_ids", {"images": ["fresh.imagepackage", "kettle.imagepackage"]}),
    Act("create_default_groups", {"product": "Plain"}),
    Act("create_default_groups", KETTLE),
    Act("create_group", {"product": "Plain", "name": "New 2", **NEW_GROUP}),
    Act("delete_product", {"product": "Spare"}),
    Act("create_product", {"name": "Spare", "description": "", "default": False}),
    Act("groups", {"product": "Spare"}),
    Act("assign", {"user": "lin@contoso.example", "role": "Reader"}),
    Act("invite", {"user": "lin@contoso.example"}),
    Act("user", {"user": "lin@contoso.example"}),
    Act("assign", {"user": "lin@contoso.example", "role": "READER"}),
    Act("unassign", {"user": "Ada@contoso.example", "role": "reader"}),
    Act("assign", {"user": "ada@contoso.example", "role": "Owner"}),
    Act("unassign", {"user": "sam@contoso.example", "role": "Administrator"}),
    Act("user", {"user": "Sam@contoso.example"}),
    Act("create_tenant", {"name": "Lab", "device": UNCLAIMED[1]}),
    Act("create_tenant", {"name": "Lab", "device": UNCLAIMED[1]}),
    Act("create_tenant", {"name": "Lab", "device": DEVICES[4]}),
    Act("rename_tenant", {"name": "Bad-Name"}),
    Act("rename_tenant", {"name": "contoso fleet"}),
]
#: A second tenant with the name of the one in use.
NAMESAKE = [Act("create_tenant", {"name": "Contoso Fleet", "device": UNCLAIMED[0]}), Act("tenant"), Act("tenants")]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ImagePackage]:
    folder: Path = tmp_path_factory.mktemp("packages")
    write_files(folder)
    return {name: read_package(str(folder / name)) for name in FILES}


@contextmanager
def connected(simulator: Simulator, read_only: bool, api: str) -> Iterator[Service]:
    environment = simulator.env(api=api)
    options = {
        name: environment[variable]
        for name, option in OPTIONS.items()
        for variable in option.variables
        if variable in environment
    }
    with pytest.MonkeyPatch.context() as patch:
        poll_at_once(patch)
        connection = open_connection(options, read_only=read_only, warn=lambda _text: None, debug=lambda _text: None)
    try:
        yield connection.service
    finally:
        connection.close()


class Careful(Actor):
    """Performs acts as planners do, which create and claim nothing that is there, and delete nothing that is not.

    In Resource Manager, a creation replaces what is there, and a deletion of what is not there succeeds.
    """

    def do(self, act: Act) -> Any:
        found = self._product_named(act.arguments["product"]) if act.arguments.get("product") else None
        if found:
            # IDs echo the case of a request; planners know how the service spells the product.
            act = Act(act.verb, {**act.arguments, "product": found[0]})
        there: Any = None
        if act.verb == "create_product":
            there = self._product_named(act.arguments["name"]) if act.arguments["name"] else None
        elif act.verb == "create_group" and act.arguments["name"]:
            there = self._is_there(act.arguments["product"], act.arguments["name"])
        elif act.verb == "claim":
            unclaimed = [each for each in act.arguments["devices"] if self._device(each) is None]
            act = Act("claim", {"devices": unclaimed})
            there = not unclaimed
        elif act.verb in ("delete_product", "delete_group") and not self._is_there(**act.arguments):
            return f"{REFUSED}not found"
        if there:
            return f"{REFUSED}conflict"
        done = super().do(act)
        # A product or group with devices is a bad request there.
        return f"{REFUSED}conflict" if act.verb.startswith("delete_") and str(done).startswith(REFUSED) else done

    def _is_there(self, product: str, group: str | None = None) -> bool:
        names = [each[1].casefold() for each in self._groups_of(product)]
        return bool(self._product_named(product)) if group is None else group.casefold() in names

    def _groups_of(self, product: str) -> Any:
        return self._groups(product) if self._product_named(product) else []


def reported(service: Service, packages: dict[str, ImagePackage], api: str, sequence: list[Act]) -> list[Any]:
    actor = Actor(service, packages) if api == LEGACY else Careful(service, packages)
    return [actor.do(act) for act in sequence] + [actor.look()]


#: Verbs that the Integrated API lacks; planners never get to them.
LACKING = ("invite", "assign", "unassign", "user", "create_tenant", "rename_tenant")


def possible(act: Act) -> bool:
    """Returns whether the Integrated API has what the act needs."""
    renames = act.verb in ("update_product", "update_group") and act.arguments.get("name") is not None
    return not (renames or act.verb in LACKING)


_SEQUENCES = st.lists(acts(PRODUCTS, GROUPS, CHOSEN, FILES, USERS), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@example(sequence=RULES)
@example(sequence=NAMESAKE)
@given(sequence=_SEQUENCES)
def test_overlay_behaves_like_the_service(
    shared_simulator: Simulator, packages: dict[str, ImagePackage], sequence: list[Act]
) -> None:
    require_same(shared_simulator, packages, LEGACY, sequence)


@settings(max_examples=15, deadline=None)
@example(sequence=RULES)
@given(sequence=_SEQUENCES)
def test_overlay_behaves_like_the_integrated_service(
    shared_simulator: Simulator, packages: dict[str, ImagePackage], sequence: list[Act]
) -> None:
    require_same(shared_simulator, packages, INTEGRATED, [act for act in sequence if possible(act)])


def require_same(simulator: Simulator, packages: dict[str, ImagePackage], api: str, sequence: list[Act]) -> None:
    """Asserts that acts have the same results on the overlay and on the service."""
    simulator.reset()
    simulator.load(fleet())
    before = simulator.state()
    with connected(simulator, True, api) as below:
        planned = reported(Overlay(below), packages, api, sequence)
    assert simulator.state() == before
    with connected(simulator, False, api) as service:
        # As of planners, which read before they write. Later, another tenant may have the name that the options give.
        service.tenants.identity()
        real = reported(service, packages, api, sequence)
    read = zip([*sequence, "look"], planned, real, strict=True)
    assert [(act, one, other) for act, one, other in read if not same(one, other)] == []
