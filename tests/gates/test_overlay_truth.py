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
from tests.support.apis import APIS, LEGACY

from .fleet import DEVICES, PACKAGES, UNCLAIMED, fleet, write_files
from .random_acts import Act, Actor, acts, same

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
    connection = open_connection(options, read_only=read_only, warn=lambda _text: None, debug=lambda _text: None)
    try:
        yield connection.service
    finally:
        connection.close()


def reported(service: Service, packages: dict[str, ImagePackage], sequence: list[Act]) -> list[Any]:
    actor = Actor(service, packages)
    return [actor.do(act) for act in sequence] + [actor.look()]


#: Verbs that the Integrated API lacks; planners never get to them.
LACKING = ("invite", "assign", "unassign", "user", "create_tenant", "rename_tenant")


def possible(act: Act, api: str) -> bool:
    """Returns whether the service has what the act needs."""
    renames = act.verb in ("update_product", "update_group") and act.arguments.get("name") is not None
    return api == LEGACY or not (renames or act.verb in LACKING)


@pytest.mark.parametrize("api", APIS)
@settings(max_examples=40, deadline=None)
@example(sequence=RULES)
@given(sequence=st.lists(acts(PRODUCTS, GROUPS, CHOSEN, FILES, USERS), min_size=1, max_size=20))
def test_overlay_behaves_like_the_service(
    shared_simulator: Simulator, packages: dict[str, ImagePackage], api: str, sequence: list[Act]
) -> None:
    sequence = [act for act in sequence if possible(act, api)]
    shared_simulator.reset()
    shared_simulator.load(fleet())
    before = shared_simulator.state()
    with connected(shared_simulator, True, api) as below:
        planned = reported(Overlay(below), packages, sequence)
    assert shared_simulator.state() == before
    with connected(shared_simulator, False, api) as service:
        real = reported(service, packages, sequence)
    read = zip([*sequence, "look"], planned, real, strict=True)
    assert [(act, one, other) for act, one, other in read if not same(one, other)] == []
