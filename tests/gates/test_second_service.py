# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The scenarios on a second service: another backend, without GUIDs, of which reconcilers and modules know nothing."""

from __future__ import annotations

import base64
import copy
import importlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import CONNECTION
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._login import Account
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Certificate
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Diff, mask_unknown

from tests.simulator import certificates as authorities
from tests.support.ansible_files import disk, planned_files
from tests.support.toy_service import LACKS, ToyCertificates, ToyService, ToyState

from .fleet import FOREIGN, TENANT_ID, write_files
from .proof import fill, masked
from .scenarios import ALL
from .scenarios.lacking import NEEDED, by_name, lacking, supported, without_users
from .scenarios.table import NOTHING, OPERATION, READ, REFUSED, SUCCESSOR, Scenario
from .workbench import PREFIX


@dataclass(frozen=True)
class Answer:
    values: dict[str, Any]
    unknown: list[str]
    changed: bool
    diff: tuple[Diff, ...]
    error: FleetError | None


class Bench:
    """Modules on a toy service, in a folder with the files of the scenarios."""

    def __init__(self, seed: Mapping[str, Any], certificates: ToyCertificates) -> None:
        document = copy.deepcopy(dict(seed))
        self.state = ToyState(document["tenants"][0])
        self.service = ToyService(self.state, frozenset([FOREIGN]), certificates)
        self.tenant = self.state.tenant

    def run(self, module: str, options: Mapping[str, Any], *, check: bool = False) -> Answer:
        imported = importlib.import_module(f"{PREFIX}.{module}")
        context = Context(
            lambda: Overlay(self.service) if check else self.service,
            planned_files() if check else disk(),
            warn=lambda _text: None,
            account=lambda: Account("access_token"),
        )
        try:
            result = imported.run(validated(imported, options), context)
        except FleetError as error:
            return Answer({}, [], False, (), error)
        values, unknown = mask_unknown(result.values)
        return Answer(dict(values), unknown, result.changed, tuple(result.diff or ()), result.error)


def validated(module: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    arguments = module.ARGUMENTS + CONNECTION
    files = FILE_COMMON_ARGUMENTS if arguments.add_file_common_args else {}
    checked = ArgumentSpecValidator(
        {**files, **arguments.spec},
        mutually_exclusive=arguments.mutually_exclusive,
        required_one_of=arguments.required_one_of,
        required_together=arguments.required_together,
        required_if=arguments.required_if,
    ).validate(dict(options))
    assert not checked.error_messages, checked.error_messages
    return dict(checked.validated_parameters)


@pytest.fixture(scope="module")
def signed() -> ToyCertificates:
    now = datetime.now(timezone.utc)
    cas = authorities.make_default_cas(authorities.make_root(now), TENANT_ID, now)
    active = authorities.active(cas, now)
    assert active is not None
    other = next(each for each in cas if each is not active)
    first, second = (
        Certificate(f"{number:040X}", number == 1, False, base64.b64decode(authorities.body(each)))
        for number, each in enumerate((active, other), 1)
    )

    def sign(code: str) -> bytes:
        return base64.b64decode(authorities.proof_of_possession(active, code, now))

    chain = base64.b64decode(authorities.bundle(cas, None))
    return ToyCertificates(first, second, chain, sign)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepared(scenario: Scenario, signed: ToyCertificates) -> tuple[Bench, dict[str, Any]]:
    bench = Bench(scenario.seed, signed)
    for name, text in scenario.files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    expected: dict[str, Any] = {SUCCESSOR: signed.list()[1].thumbprint}
    for module, options in scenario.first:
        done = bench.run(module, without_users({k: expected.get(str(v), v) for k, v in options.items()}))
        assert done.error is None
        expected[OPERATION] = (done.values.get("operation") or {}).get("id")
    return bench, {name: expected.get(str(value), value) for name, value in by_name(scenario).items()}


def disk_files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


SUPPORTED = [each for each in ALL if supported(each)]
WRITING = [each for each in SUPPORTED if each.effect not in (READ, REFUSED)]
READING = [each for each in SUPPORTED if each.effect == READ]
REFUSALS = [each for each in SUPPORTED if each.effect == REFUSED]


@pytest.mark.parametrize("scenario", WRITING, ids=lambda scenario: scenario.id)
def test_check_mode_predicts_writes_to_a_second_service(
    folder: Path, signed: ToyCertificates, scenario: Scenario
) -> None:
    bench, options = prepared(scenario, signed)
    options = without_users(options)
    before = bench.state.snapshot(), disk_files(folder)
    predicted = bench.run(scenario.module, options, check=True)
    assert (bench.state.snapshot(), disk_files(folder)) == before
    assert predicted.error is None
    real = bench.run(scenario.module, options)
    assert real.error is None
    assert (predicted.changed, real.changed) == (scenario.effect != NOTHING, scenario.effect != NOTHING)
    assert masked(predicted.values, predicted.unknown) == masked(real.values, predicted.unknown)
    reported = [text for each in predicted.diff for text in each.values()]
    made = [text for each in real.diff for text in each.values()]
    assert [fill(*pair) for pair in zip(reported, made, strict=True)] == made
    if not scenario.again:
        for check in (False, True):
            again = bench.run(scenario.module, options, check=check)
            assert (again.error, again.changed, again.diff) == (None, False, ())


@pytest.mark.parametrize("scenario", READING, ids=lambda scenario: scenario.id)
def test_info_modules_read_a_second_service(folder: Path, signed: ToyCertificates, scenario: Scenario) -> None:
    del folder
    bench, options = prepared(scenario, signed)
    writes = bench.state.writes
    planned, real = (bench.run(scenario.module, options, check=check) for check in (True, False))
    assert (planned.error, real.error, bench.state.writes) == (None, None, writes)
    assert planned.values == real.values


@pytest.mark.parametrize("scenario", REFUSALS, ids=lambda scenario: scenario.id)
def test_second_service_rejects_the_same_input(folder: Path, signed: ToyCertificates, scenario: Scenario) -> None:
    bench, options = prepared(scenario, signed)
    options = without_users(options)
    before = bench.state.snapshot(), disk_files(folder)
    planned, real = (bench.run(scenario.module, options, check=check) for check in (True, False))
    assert planned.error is not None
    assert real.error is not None
    assert planned.error.code != "unsupported"
    assert str(planned.error) == str(real.error) or bench.state.writes > before[0][2]


@pytest.mark.parametrize("scenario", [each for each in ALL if lacking(each)], ids=lambda scenario: scenario.id)
def test_missing_capability_is_reported_as_unsupported(
    folder: Path, signed: ToyCertificates, scenario: Scenario
) -> None:
    """Before the first write, in check and real runs alike."""
    bench = Bench(scenario.seed, signed)
    for name, text in scenario.files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    before = bench.state.snapshot(), disk_files(folder)
    for check in (True, False):
        answer = bench.run(scenario.module, scenario.options, check=check)
        assert answer.error is not None
        assert answer.error.code == "unsupported"
        if scenario.id.startswith("blueprint"):
            assert answer.error.target == "users"
            assert answer.error.hint == "Use the role assignments of the platform."
    assert (bench.state.snapshot(), disk_files(folder)) == before


def test_only_missing_capabilities_are_skipped() -> None:
    skipped = list(itertools.chain.from_iterable(NEEDED.values()))
    assert set(skipped) <= {each.id for each in ALL}
    assert len(set(skipped)) == len(skipped)
    assert set(NEEDED) == set(LACKS)
