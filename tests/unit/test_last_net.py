# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The last net: an exception that nothing expects ends a task in one sentence, with what was done so far."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible_collections.azsphere.fleet.plugins.module_utils._backend.bulk import surprises_are_errors
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import DeviceGroupSpec, ProductSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import of_task
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome
from ansible_collections.azsphere.fleet.plugins.module_utils._task import Ending, Modes, Task
from ansible_collections.azsphere.fleet.plugins.modules import blueprint, device, product
from ansible_collections.azsphere.fleet.plugins.plugin_utils._reading import errors_as

from tests.support.ansible_files import disk, module_arguments
from tests.support.fakes import Part
from tests.support.memory import MemoryService
from tests.unit.modules.conftest import validated

SECRET = "a text that may hold anything"
DEVICES = [f"{number:0128x}" for number in range(1, 6)]


class Screen:
    """A host that keeps what is shown."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.details: list[str] = []
        self.traces: list[str] = []
        self.warn = self.warnings.append
        self.debug = self.details.append
        self.trace = self.traces.append

    def mask(self, _secrets: Any) -> None:
        """Nothing is masked."""


def kettle() -> Any:
    service = MemoryService()
    service.products.create(ProductSpec("Kettle", default_device_groups=False))
    for name in ("Lab", "Field"):
        service.device_groups.create(ProductRef("Kettle"), DeviceGroupSpec(name))
    return service


def run(monkeypatch: pytest.MonkeyPatch, module: Any, service: Any, **options: Any) -> tuple[Ending, Screen]:
    monkeypatch.setattr(Task, "_open_service", lambda _task: service)
    screen = Screen()
    params = validated(module, options)
    with Task(params, ([of_task({})], ()), Environment({}, os.getcwd()), screen, Modes(), disk()) as task:
        return task.run(module.run), screen


def surprise(*_arguments: Any, **_options: Any) -> None:
    raise ValueError(SECRET)


def some(service: Any, verb: str) -> Callable[..., None]:
    """Does the bulk work for two devices, and then fails."""
    work = getattr(service.devices, verb)

    def half(device_ids: Any, *arguments: Any, **options: Any) -> None:
        work(device_ids[:2], *arguments, **options)
        surprise()

    return half


def assert_one_sentence(ending: Ending, screen: Screen) -> str:
    assert ending.error is not None
    message = str(ending.error)
    assert "The task failed unexpectedly: ValueError" in message
    assert "report it, with the traceback that -vvv shows." in message
    assert SECRET not in message
    assert "\n" not in message
    [trace] = screen.traces
    assert f"ValueError: {SECRET}" in trace
    return message


def test_devices_done_so_far_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    service = kettle()
    service.devices = Part(service.devices, claim=some(service, "claim"))
    ending, screen = run(monkeypatch, device, service, ids=DEVICES, claim=True)
    assert "Writes may have been sent. Run the task again" in assert_one_sentence(ending, screen)
    assert ending.values["changed"] is True
    outcomes = {each["id"]: each["actions"] for each in ending.values["outcomes"]}
    assert [outcomes[each] for each in DEVICES[:2]] == [["claim"], ["claim"]]
    assert not any(outcomes.get(each) for each in DEVICES[2:])


def test_devices_of_a_blueprint_done_so_far_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    service = kettle()
    service.devices = Part(service.devices, claim=some(service, "claim"))
    entries = [{"id": each, "product": "Kettle", "device_group": "Lab"} for each in DEVICES]
    document = {"products": [{"name": "Kettle", "default_device_groups": False}], "devices": entries}
    ending, screen = run(monkeypatch, blueprint, service, blueprint=document, claim=True)
    assert_one_sentence(ending, screen)
    assert ending.values["changed"] is True
    assert [each["name"] for each in ending.values["changes"]] == DEVICES[:2]


def test_writes_of_a_blueprint_that_were_not_sent_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    service = kettle()
    service.device_groups = Part(service.device_groups, create=surprise)
    groups = [{"name": "A"}, {"name": "B"}]
    document = {"products": [{"name": "Kettle", "default_device_groups": False, "device_groups": groups}]}
    ending, screen = run(monkeypatch, blueprint, service, blueprint=document)
    assert_one_sentence(ending, screen)
    assert ending.values["not_tried"] == [{"kind": "device_group", "name": "Kettle/B", "action": "create"}]


def test_defect_of_one_device_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    service = kettle()

    def claim(device_ids: Any, deadline: Any, report: Any, *_into: Any) -> None:
        for device_id in device_ids:
            try:
                with surprises_are_errors(f"claiming the device {device_id}", device_id):
                    surprise()
            except FleetError as error:
                report(DeviceOutcome(device_id, error))

    service.devices = Part(service.devices, claim=claim)
    ending, screen = run(monkeypatch, device, service, ids=DEVICES[:2], claim=True)
    message = ending.values["outcomes"][0]["msg"]
    assert f"Claiming the device {DEVICES[0]} failed unexpectedly: ValueError in " in message
    assert "report it, with the traceback that -vvv shows. Writes may have been sent." in message
    assert SECRET not in json.dumps(ending.values)
    assert ending.values["outcomes"][0]["unknown"]
    [trace] = screen.traces
    assert f"ValueError: {SECRET}" in trace


@pytest.mark.parametrize(("verb", "written"), [("get", False), ("create", True)])
def test_changed_says_whether_a_write_may_have_been_sent(
    monkeypatch: pytest.MonkeyPatch, verb: str, written: bool
) -> None:
    service: Any = MemoryService()
    service.products = Part(service.products, **{verb: surprise})
    ending, screen = run(monkeypatch, product, service, name="Kettle")
    assert ("Writes may have been sent" in assert_one_sentence(ending, screen)) == written
    assert ending.values["changed"] is written
    assert ending.values["api"]["requests"] == 0


def test_completed_steps_count_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    service = kettle()
    service.device_groups = Part(service.device_groups, list=surprise)
    ending, screen = run(monkeypatch, product, service, name="Toaster")
    assert_one_sentence(ending, screen)
    assert service.products.get(ProductRef("Toaster")) is not None
    assert ending.values["changed"] is True


def test_warnings_are_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, in the task: whatever is shown comes from it."""

    def warn(_params: Any, context: Any) -> Any:
        context.warn("a\x1b[2Jb\nc")
        raise FleetError("No.")

    monkeypatch.setattr(product, "run", warn)
    _ending, screen = run(monkeypatch, product, MemoryService(), name="Kettle")
    assert screen.warnings == ["a\\x1b[2Jb\\nc"]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Task, "_open_service", surprise)


@pytest.mark.parametrize("verbosity", [0, 3])
@pytest.mark.usefixtures("broken")
def test_launched_module_shows_the_traceback_at_high_verbosity_only(
    monkeypatch: pytest.MonkeyPatch, verbosity: int
) -> None:
    printed = io.StringIO()
    internal = {"_ansible_verbosity": verbosity, "_ansible_module_name": "azsphere.fleet.product"}
    given = module_arguments({"name": "Kettle", **internal})
    with given, contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        product.main()
    values = json.loads(printed.getvalue())
    assert values["failed"] is True
    assert values["changed"] is False
    assert values["error"]["code"] == "defect"
    assert "exception" not in values
    assert ("traceback" in values) == (verbosity == 3)
    assert (SECRET in json.dumps(values)) == (verbosity == 3)


def test_lookups_raise_one_sentence() -> None:
    expected = pytest.raises(AnsibleLookupError, match="The task failed unexpectedly: ValueError")
    with expected as caught, errors_as(AnsibleLookupError, "lookup"):
        surprise()
    assert SECRET not in str(caught.value)


def test_errors_of_ansible_pass() -> None:
    with pytest.raises(AnsibleError, match="of Ansible"), errors_as(AnsibleLookupError, "lookup"):
        raise AnsibleError("of Ansible")


def test_outcome_of_a_device_is_not_lost_to_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of one device before the surprise is reported too."""
    service = kettle()

    def claim(device_ids: Any, _deadline: Any, report: Any) -> None:
        report(DeviceOutcome(device_ids[0], FleetError("Foreign.")))
        surprise()

    service.devices = Part(service.devices, claim=claim)
    ending, screen = run(monkeypatch, device, service, ids=DEVICES, claim=True)
    assert_one_sentence(ending, screen)
    assert [each["msg"] for each in ending.values["outcomes"] if each["failed"]] == ["Foreign."]
