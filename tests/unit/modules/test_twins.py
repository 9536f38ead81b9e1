# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups whose names differ in blanks only, as older clients could make them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput
from ansible_collections.azsphere.fleet.plugins.modules import blueprint, device, device_group, product, product_info

from .conftest import Bench

PRODUCT, TWIN = "a1000000-0000-4000-8000-000000000001", "a1000000-0000-4000-8000-000000000002"
DEVICE = "0a" * 64


@pytest.fixture
def twins(bench: Bench) -> Bench:
    bench.seed(
        products=[
            {"name": "Kettle ", "id": TWIN, "device_groups": [{"name": "Lab"}]},
            {"name": "Kettle", "id": PRODUCT, "device_groups": [{"name": "Lab"}, {"name": "Lab "}]},
        ],
        devices=[{"id": DEVICE}],
    )
    return bench


def names(bench: Bench) -> dict[str, str]:
    return {each.id: each.name for each in bench.service().products.list()}


@pytest.mark.parametrize("name", ["Kettle", "kettle ", " KETTLE"])
def test_names_match_exactly(twins: Bench, name: str) -> None:
    options = {"name": name, "default_device_groups": False}
    found = twins.run(product, **options)
    assert not found.result.changed
    assert found["product"]["id"] == PRODUCT
    assert [each["id"] for each in twins.run(product_info, name=name)["products"]] == [PRODUCT]


def test_device_list_matches_names_exactly(twins: Bench, tmp_path: Path) -> None:
    path = tmp_path / "devices.csv"
    path.write_text(f"DeviceId,ProductName,DeviceGroupName\n{DEVICE},kettle , Lab\n")
    assert twins.run(device, src=str(path)).result.changed
    [found] = twins.service().devices.list()
    assert found.product_id == PRODUCT


def test_id_selects_the_product_to_delete(twins: Bench) -> None:
    predicted = twins.run(product, check=True, id=TWIN, state="absent")
    gone = twins.run(product, id=TWIN, state="absent")
    assert predicted.result.diff == gone.result.diff
    assert names(twins) == {PRODUCT: "Kettle"}


def test_id_selects_the_product_to_rename(twins: Bench) -> None:
    options = {"id": TWIN, "name": "Lamp", "default_device_groups": False}
    predicted = twins.run(product, check=True, **options)
    renamed = twins.run(product, **options)
    assert predicted.result.diff == renamed.result.diff
    assert names(twins) == {PRODUCT: "Kettle", TWIN: "Lamp"}
    assert not twins.run(product, **options).result.changed


@pytest.mark.parametrize("check", [True, False])
def test_name_of_another_product_is_rejected(twins: Bench, check: bool) -> None:
    # In a check run the overlay says it, in a real one the service.
    outcome = _outcome(lambda: twins.run(product, check=check, id=TWIN, name="Kettle", default_device_groups=False))
    assert "already" in outcome
    assert names(twins) == {PRODUCT: "Kettle", TWIN: "Kettle "}


def _outcome(run: Callable[[], Any]) -> str:
    try:
        return str(run().result.error)
    except FleetError as error:
        return str(error)


def test_blanks_alone_can_be_taken_out_of_a_name(bench: Bench) -> None:
    bench.seed(products=[{"name": "Kettle ", "id": TWIN, "device_groups": []}])
    options = {"id": TWIN, "name": "Kettle", "default_device_groups": False}
    assert bench.run(product, check=True, **options).result.changed
    assert bench.run(product, **options).result.changed
    assert names(bench) == {TWIN: "Kettle"}


def test_names_that_differ_in_blanks_are_one_resource(bench: Bench) -> None:
    bench.seed(products=[{"name": "Kettle ", "id": TWIN, "device_groups": [{"name": "Lab "}]}])
    assert not bench.run(product, name="Kettle", default_device_groups=False).result.changed
    assert not bench.run(device_group, product="Kettle", name="Lab").result.changed
    assert bench.run(product, name="Kettle", state="absent").result.changed
    assert names(bench) == {}


def test_deletion_by_ambiguous_name_is_rejected(twins: Bench) -> None:
    with pytest.raises(InvalidInput, match="Ambiguous product name") as caught:
        twins.run(product, name="Kettle", state="absent")
    assert PRODUCT in str(caught.value)
    assert TWIN in str(caught.value)
    with pytest.raises(InvalidInput, match="Ambiguous device group name"):
        twins.run(device_group, product="Kettle", name="Lab", state="absent")


def test_product_id_selects_the_group_of_a_duplicate_name(twins: Bench) -> None:
    made = twins.run(device_group, product=TWIN, name="Desks")
    assert made.result.changed
    assert made["device_group"]["product_id"] == TWIN
    assert not twins.run(device_group, product=TWIN, name="Desks").result.changed


def test_pruning_leaves_what_has_the_name_but_for_blanks(twins: Bench) -> None:
    document = {"products": [{"name": "Kettle", "default_device_groups": False}]}
    twins.run(blueprint, blueprint=document, prune=["products"])
    assert names(twins) == {PRODUCT: "Kettle", TWIN: "Kettle "}
