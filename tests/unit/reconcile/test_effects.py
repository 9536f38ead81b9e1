# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What is read back after writes against what was predicted: what is an error, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import EffectMissing, Forbidden
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    ProductSpec,
    UserSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import device_group, product, user_role
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.effects import effect_missing, missing_effects
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import Outcome, Plan, execute

from tests.support.fakes import Part, Recorder, surround
from tests.support.memory import MemoryService

SOON = Waiting(True, Deadline(3600), settling=0.6)
PATIENT = Waiting(True, Deadline(3600), settling=20)
KETTLE = {"name": "Kettle", "description": "Hot", "device_groups": ["Lab"]}


def changed(**settings: Any) -> dict[str, Any]:
    return {**KETTLE, **settings}


@pytest.mark.parametrize(
    ("before", "wanted", "found"),
    [
        pytest.param(KETTLE, changed(description="Pots"), changed(description="Pots"), id="as predicted"),
        pytest.param(KETTLE, changed(description="Pots"), changed(description=" pots "), id="case and blanks"),
        pytest.param(KETTLE, changed(description=None), changed(description=""), id="no text"),
        pytest.param(KETTLE, changed(name=Placeholder("name")), KETTLE, id="unknown"),
        pytest.param(KETTLE, KETTLE, changed(description="of others"), id="not changed by the steps"),
        pytest.param(KETTLE, changed(device_groups=["Lab", "New"]), changed(device_groups=["new"]), id="a list"),
        pytest.param(None, changed(description=None), changed(description="of the service"), id="default text"),
        pytest.param(None, {"name": "K", "flag": False}, {"name": "K", "flag": True}, id="default flag"),
        pytest.param(KETTLE, None, None, id="deleted"),
        pytest.param(None, None, KETTLE, id="made by others"),
        pytest.param(KETTLE, None, {}, id="unreadable"),
    ],
)
def test_legitimate_state_is_accepted(before: Any, wanted: Any, found: Any) -> None:
    assert list(missing_effects("product Kettle", before, wanted, found)) == []


@pytest.mark.parametrize(
    ("before", "wanted", "found", "message"),
    [
        (KETTLE, changed(description="Pots"), KETTLE, 'the change of .*shows description "Hot" in place of "Pots"'),
        (KETTLE, changed(description=None), KETTLE, 'shows description "Hot" in place of nothing'),
        (KETTLE, changed(name="KETTLE"), KETTLE, 'shows name "Kettle" in place of "KETTLE"'),
        (
            KETTLE,
            changed(device_groups=["Lab", "New"]),
            KETTLE,
            r"shows device_groups \[Lab\] in place of \[Lab, New\]",
        ),
        (KETTLE, changed(device_groups=[]), KETTLE, r"in place of \[\]"),
        (None, KETTLE, None, "the creation of the product Kettle, but does not show it"),
        (None, {"flag": True}, {"flag": False}, "shows flag false in place of true"),
        (KETTLE, None, KETTLE, "the deletion of the product Kettle, but still shows it"),
        (KETTLE, changed(name="Pot"), None, "the change of the product Kettle, but does not show it"),
    ],
)
def test_missing_effect_is_reported_in_one_sentence(before: Any, wanted: Any, found: Any, message: str) -> None:
    error = effect_missing(list(missing_effects("product Kettle", before, wanted, found)))
    assert isinstance(error, EffectMissing)
    assert error.code == "effect_missing"
    with pytest.raises(EffectMissing, match=message):
        raise error


def test_several_missing_effects_are_counted() -> None:
    missing = list(missing_effects("product K", KETTLE, changed(name="a", description="b", device_groups=[]), KETTLE))
    assert "(2 more effects are missing). It may take effect later." in str(effect_missing(missing))


def run(service: Any, planner: Any, waiting: Waiting = SOON) -> Outcome[Plan]:
    return execute(surround(service).context, planner, waiting)


def kettle() -> MemoryService:
    service = MemoryService()
    service.products.create(ProductSpec("Kettle", "Hot", default_device_groups=False))
    service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec("Lab"))
    return service


def ineffective(service: MemoryService, kind: str, *verbs: str) -> MemoryService:
    """The service with verbs that report success and do nothing."""
    part = Part(getattr(service, kind), **{verb: lambda *_arguments, **_options: None for verb in verbs})
    setattr(service, kind, part)
    return service


def test_update_without_effect_is_an_error_and_no_change() -> None:
    service = ineffective(kettle(), "device_groups", "update")
    spec = DeviceGroupSpec("Lab", os_feed="RetailEval")
    outcome = run(service, lambda port: device_group.plan(port, "Kettle", spec))
    assert 'shows os_feed "Retail" in place of "RetailEval"' in str(outcome.error)
    assert (outcome.changed, outcome.diff) == (False, ())


def test_part_of_an_effect_is_an_error_and_a_change() -> None:
    service = kettle()
    update = service.products.update
    service.products = Part(  # type: ignore[assignment]
        service.products, update=lambda ref, spec: update(ref, ProductSpec(description=spec.description))
    )
    spec = ProductSpec("KETTLE", "Pots", default_device_groups=False)
    product_id = service.products.list()[0].id
    outcome = run(service, lambda port: product.plan(port, spec, product_id))
    assert 'shows name "Kettle" in place of "KETTLE"' in str(outcome.error)
    assert outcome.changed
    assert "Pots" in outcome.diff[0]["after"]


def test_effect_that_becomes_visible_late_is_waited_for() -> None:
    service = Recorder(kettle())
    stale = service.products.get(ProductRef("Kettle"))
    get, readings = service.products.get, [stale, stale]

    class Late:
        """Shows the former product twice after it was changed."""

        def __getattr__(self, kind: str) -> Any:
            below = getattr(service, kind)
            return Part(below, get=self._get) if kind == "products" else below

        def _get(self, ref: ProductRef) -> Any:
            return readings.pop() if readings and service.writes else get(ref)

    spec = ProductSpec("Kettle", "Pots", default_device_groups=False)
    outcome = run(Late(), lambda port: product.plan(port, spec), PATIENT)
    assert outcome.error is None
    assert outcome.after.values["description"] == "Pots"
    assert readings == []


def test_prediction_reads_nothing_more() -> None:
    """The reads are those of the plan, then those after the write: a request for each."""
    service = Recorder(kettle())
    run(service, lambda port: product.plan(port, ProductSpec("Kettle", "Pots", default_device_groups=False)))
    reads = ["products.get", "device_groups.list"]
    assert service.used == [*reads, "products.update", *reads]
    service.used.clear()
    run(service, lambda port: device_group.plan(port, "Kettle", DeviceGroupSpec("New", os_feed="RetailEval")))
    reads = ["products.get", "device_groups.get", "device_groups.list"]
    assert service.used[:4] == [*reads, "device_groups.create"]
    assert service.used[4:] in (["device_groups.get"], ["operations.wait", "device_groups.get"])


def test_roles_that_cannot_be_read_any_more_are_accepted() -> None:
    """An account that removed its own Administrator role may not read what it has."""
    me = "admin@contoso.example"
    below = MemoryService()
    below.users.invite(me)
    for role in ("Administrator", "Reader"):
        below.users.assign_role(me, role)
    service = Recorder(below, {"users.get": [None, Forbidden("You may not."), Forbidden("You may not.")]})
    spec = UserSpec(me, ("Administrator",), present=False, force=True)
    outcome = run(service, lambda port: user_role.plan(port, spec))
    assert outcome.error is None
    assert outcome.changed
