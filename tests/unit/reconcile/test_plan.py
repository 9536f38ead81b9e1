# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How plans are carried out: lost answers, failures halfway, and not waiting."""

from __future__ import annotations

from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._context import Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    AmbiguousWrite,
    Conflict,
    Forbidden,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DeviceGroupSpec,
    Operation,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import product
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import (
    ATTEMPTS,
    Outcome,
    Plan,
    apply_plan,
    execute,
)

from tests.support.fakes import WAITING, Part, Recorder, surround
from tests.support.memory import MemoryService

KETTLE = ProductSpec("Kettle", description="Hot")


def lost() -> AmbiguousWrite:
    return AmbiguousWrite("While creating the product Kettle, the answer was lost.")


def run(service: Any, spec: ProductSpec, waiting: Waiting = WAITING) -> tuple[Outcome[Plan], list[str]]:
    around = surround(service)
    return execute(around.context, lambda port: product.plan(port, spec), waiting), around.warnings


def test_write_executed_before_its_reply_was_lost_is_not_repeated() -> None:
    service = Recorder(MemoryService(), {"products.create": [lost()]}, after=True)
    outcome, warnings = run(service, KETTLE)
    assert service.writes == ["products.create"]
    assert outcome.error is None
    assert outcome.changed
    assert outcome.after.values["description"] == "Hot"
    assert (outcome.diff[0]["before"], "name: Kettle" in outcome.diff[0]["after"]) == ("", True)
    assert len(warnings) == 1


def test_write_that_was_not_delivered_is_repeated_by_the_new_plan() -> None:
    service = Recorder(MemoryService(), {"products.create": [lost()]})
    outcome, _warnings = run(service, KETTLE)
    assert service.writes == ["products.create", "products.create"]
    assert outcome.error is None
    assert outcome.after.values["name"] == "Kettle"


def test_only_what_is_missing_is_done_after_a_lost_answer() -> None:
    below = MemoryService()
    below.products.create(ProductSpec("Kettle", default_device_groups=False))
    for name in ("Development", "Field Test", "Production"):
        below.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec(name))
    service = Recorder(below, {"device_groups.create": [lost(), None]}, after=True)
    outcome, _warnings = run(service, ProductSpec("Kettle"))
    assert service.writes == ["device_groups.create", "device_groups.create"]
    assert len(outcome.after.values["device_groups"]) == 5
    assert len(outcome.plan.before.values["device_groups"]) == 3


def test_answers_that_are_always_lost_are_an_error_in_the_end() -> None:
    service = Recorder(MemoryService(), {"products.create": [lost() for _unused in range(9)]})
    outcome, warnings = run(service, KETTLE)
    assert len(service.writes) == ATTEMPTS
    assert len(warnings) == ATTEMPTS - 1
    assert isinstance(outcome.error, AmbiguousWrite)


def test_partial_failure_reports_the_current_state() -> None:
    below = MemoryService()
    below.products.create(ProductSpec("Kettle", default_device_groups=False))
    for name in ("Development", "Field Test", "Production"):
        below.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec(name))
    service = Recorder(below, {"device_groups.create": [None, Conflict("Somebody was faster.")]})
    outcome, _warnings = run(service, ProductSpec("Kettle"))
    assert isinstance(outcome.error, Conflict)
    assert outcome.changed
    assert len(outcome.after.values["device_groups"]) == 4


def test_failure_of_the_first_step_changed_nothing() -> None:
    service = Recorder(MemoryService(), {"products.create": [Conflict("No.")]})
    outcome, _warnings = run(service, KETTLE)
    assert (outcome.changed, outcome.diff, outcome.after.values) == (False, (), None)


def test_changes_are_reported_although_they_cannot_be_read_back() -> None:
    """As when an account gives up the role that let it look."""
    service = Recorder(MemoryService(), {"products.get": [None, Forbidden("You may not.")]})
    outcome, _warnings = run(service, KETTLE)
    assert service.writes == ["products.create"]
    assert (outcome.changed, outcome.diff) == (True, ())
    assert isinstance(outcome.error, Forbidden)
    assert "could not be read back" in str(outcome.error)


def test_lost_reply_counts_as_change_if_state_cannot_be_read() -> None:
    service = Recorder(
        MemoryService(), {"products.create": [lost()], "products.get": [None, Forbidden("You may not.")]}
    )
    outcome, _warnings = run(service, KETTLE)
    assert (outcome.changed, str(outcome.error)) == (
        True,
        "You may not. Writes were sent, but the state could not be read back. Run the task again.",
    )


def test_desired_state_causes_no_writes() -> None:
    service = Recorder(MemoryService())
    run(service, KETTLE)
    service.used.clear()
    outcome, _warnings = run(service, KETTLE)
    assert (service.writes, outcome.changed, outcome.diff) == ([], False, ())


class Slow(MemoryService):
    """Products are there only once their operation was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[str] = []
        self._late: list[ProductSpec] = []
        below = self.products
        self._create = below.create
        self.products: Any = Part(below, create=self._start)
        self.operations: Any = Part(self.operations, wait=self._wait)

    def _start(self, spec: ProductSpec) -> Operation:
        self._late.append(spec)
        return Operation("f1000000-0000-4000-8000-000000000001", "CreateProduct", "NotStarted")

    def _wait(self, operation: Operation, deadline: Deadline) -> Operation:
        self.waited.append(operation.id)
        for spec in self._late:
            self._create(spec)
        return Operation(operation.id, operation.type, "Complete")


def test_result_without_wait_is_predicted() -> None:
    service = Slow()
    outcome, _warnings = run(service, KETTLE, Waiting(False, Deadline(60)))
    assert service.waited == []
    assert outcome.execution.operation is not None
    assert outcome.execution.operation.state == "NotStarted"
    assert outcome.changed
    assert outcome.after.values["name"] == "Kettle"
    assert isinstance(outcome.after.values["id"], Placeholder)
    assert service.products.list() == []


def test_result_with_wait_is_read_back() -> None:
    service = Slow()
    outcome, _warnings = run(service, KETTLE)
    assert len(service.waited) == 1
    assert not isinstance(outcome.after.values["id"], Placeholder)


def test_results_of_modules_hold_what_is_there_and_the_last_operation() -> None:
    around = surround(Overlay(MemoryService()))
    result = apply_plan(around.context, lambda port: product.plan(port, KETTLE), WAITING, "product")
    assert result.changed
    assert set(result.values) == {"product", "operation"}
    assert result.values["operation"]["type"] == "CreateProduct"


def test_lookups_use_the_current_service() -> None:
    service = Recorder(MemoryService())
    execute(surround(service).context, lambda port: product.plan(port, KETTLE), WAITING)
    assert service.used[:3] == ["products.get", "products.list", "products.create"]
