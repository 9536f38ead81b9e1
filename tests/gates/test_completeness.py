# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every operation of the API is sent by a module, and with success, which the simulator's log shows, and the page about
it says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.apis import INTEGRATED
from tools.completeness import PAGE, integrated_rows, operations, page, rows

from .fleet import DEVICES, TENANT_ID, UNCLAIMED, fleet
from .workbench import Workbench

OPERATIONS = {operation.id: operation for operation in operations()}
ROWS = rows()
INTEGRATED_ROWS = {name: row for group in integrated_rows().values() for name, row in group.items()}
SENT = [name for name, row in INTEGRATED_ROWS.items() if "run" in row]
#: What rows may name besides the result of their first task.
FACTS = {"claimed": DEVICES[0], "unclaimed": UNCLAIMED[0], "unclaimed_too": UNCLAIMED[1]}


def filled(value: Any, facts: Mapping[str, Any]) -> Any:
    """Options with the facts in place of their names; those that are null are left out."""
    if isinstance(value, dict):
        return {name: filled(each, facts) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [filled(each, facts) for each in value]
    return value.format_map(facts) if isinstance(value, str) else value


def run(
    bench: Workbench, task: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any], **connection: Any
) -> dict[str, Any]:
    ((module, options),) = task.items()
    values = bench.run(module, filled({**connection, **options}, facts)).values
    assert not values.get("failed"), values.get("msg")
    return values


def test_table_has_one_row_for_each_operation() -> None:
    assert sorted(ROWS) == sorted(OPERATIONS)
    assert len(operations()) == len(OPERATIONS) == 59


@pytest.mark.parametrize("operation", [name for name, row in ROWS.items() if "replaced_by" not in row])
def test_operation_sends_its_request(operation: str, bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZSPHERE_TENANT")
    bench.simulator.load(fleet())
    row = ROWS[operation]
    facts: dict[str, Any] = dict(FACTS)
    if "first" in row:
        facts["first"] = run(bench, row["first"], facts, tenant=TENANT_ID)
    run(bench, row["run"], facts, tenant=TENANT_ID)
    require_sent(bench, operation)


def require_sent(bench: Workbench, operation: str) -> None:
    sent = [entry["status"] for entry in bench.simulator.log() if entry["operation"] == operation]
    done = [status for status in sent if status in (200, 201, 202, 204)]
    assert done, f"sent in vain: {sent}" if sent else "not sent"


def test_table_of_the_integrated_api_has_one_row_for_each_operation() -> None:
    assert len(INTEGRATED_ROWS) == 45
    assert all(("run" in row) != ("never" in row) for row in INTEGRATED_ROWS.values())


@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
@pytest.mark.parametrize("operation", SENT)
def test_integrated_operation_is_sent(operation: str, bench: Workbench) -> None:
    bench.simulator.load(fleet())
    row = INTEGRATED_ROWS[operation]
    facts: dict[str, Any] = dict(FACTS)
    if "first" in row:
        facts["first"] = run(bench, row["first"], facts)
    run(bench, row["run"], facts)
    require_sent(bench, operation)


@pytest.mark.parametrize("bench", [INTEGRATED], indirect=True)
def test_withheld_operation_is_never_sent(bench: Workbench) -> None:
    """Not by any task of the table, although each of them changes, deletes or reads something."""
    sent: set[str] = set()
    for row in INTEGRATED_ROWS.values():
        if "run" in row:
            bench.simulator.load(fleet())
            facts: dict[str, Any] = dict(FACTS)
            if "first" in row:
                facts["first"] = run(bench, row["first"], facts)
            run(bench, row["run"], facts)
            sent |= {entry["operation"] for entry in bench.simulator.log() if entry["kind"] == "api"}
    assert sent & {name for name, row in INTEGRATED_ROWS.items() if "never" in row} == set()


@pytest.mark.parametrize("operation", [name for name, row in ROWS.items() if "replaced_by" in row])
def test_replaced_operation_is_not_sent(operation: str) -> None:
    """Only what the service deprecates need not be sent, and what stands in its place is."""
    assert OPERATIONS[operation].deprecated
    assert "run" in ROWS[ROWS[operation]["replaced_by"]]


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tools.completeness"
