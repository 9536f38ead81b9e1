# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Schemathesis against the simulator: requests made from the OpenAPI description, valid and invalid ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.unit.simulator.client import TENANT, Client
from tests.unit.simulator.conftest import IMAGE, KETTLE, LAB, OWN, seed

#: For each operation and mode.
EXAMPLES = 8
_PAGE = Path(__file__).parents[2] / "simulator" / "openapi.yaml"
DESCRIPTION = schemathesis.openapi.from_path(_PAGE)
OPERATIONS = {
    each.definition.raw["operationId"]: each for each in (result.ok() for result in DESCRIPTION.get_all_operations())
}
#: What exists, by the name of a path parameter; others are left as they are drawn.
EXISTING = {"productId": KETTLE, "deviceGroupId": LAB, "imageId": IMAGE, "deviceId": OWN[0], "productName": "Kettle"}
#: Replies whose body the service leaves open (FACTS, failures) fit no schema.
_FAILED = 400


#: A request that takes nothing cannot be wrong.
INVALID = [(name, "negative") for name, each in OPERATIONS.items() if list(each.iter_parameters()) or each.body]


@pytest.mark.parametrize(("operation_id", "mode"), [*((name, "positive") for name in OPERATIONS), *INVALID])
def test_described_requests_get_described_replies(client: Client, operation_id: str, mode: str) -> None:
    operation = OPERATIONS[operation_id]
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))
    client.simulator.settings(check_replies=False)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, existing=st.booleans())
    def ask(case: Any, existing: bool) -> None:
        known = {"tenantId": TENANT, **(EXISTING if existing else {})}
        case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
        answer = case.call(
            base_url=client.simulator.url, session=client._session, headers=client._headers, verify=client.simulator.ca
        )
        checks: list[Callable[..., Any]] = [not_a_server_error]
        if answer.status_code < _FAILED:
            checks += [response_schema_conformance, content_type_conformance]
        case.validate_response(answer, checks=checks)

    try:
        ask()
    finally:
        client.simulator.load(seed())
