# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options in, the service out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import (
    FleetError,
    InvalidInput,
    ReadOnlyViolation,
    Unreachable,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ProductSpec

from tests.simulator.harness import Simulator
from tests.unit.legacy.conftest import Connect


def opened(**params: Any) -> Any:
    given = {"access_token": "canary", "auth_source": "access_token", "token_cache": "none", **params}
    return open_connection(given, read_only=True, warn=pytest.fail, debug=lambda _text: None)


def test_opening_sends_no_request(simulator: Simulator, connect: Connect) -> None:
    connection = connect(token_cache="none")
    assert simulator.log() == []
    assert connection.api() == {
        "requests": 0,
        "retries": 0,
        "throttled_seconds": 0.0,
        "token_source": "client_secret",
    }
    connection.service.products.list()
    assert connection.api()["requests"] == 2, "the tenant by its name, and the products"


def test_missing_options_have_defaults() -> None:
    for nothing in (
        {},
        dict.fromkeys(("api_url", "ca_path", "request_timeout", "retry_timeout", "concurrency", "tenant")),
    ):
        assert opened(**nothing).api()["token_source"] == "access_token"


@pytest.mark.parametrize(
    "options",
    [
        {"api_url": "http://prod.core.sphere.azure.net"},
        {"api_url": "prod.core.sphere.azure.net"},
        {"api_url": "https://"},
        {"api_url": "https://user:canary@example.org"},
        {"api_url": "https://example.org/?x=canary"},
        {"api_url": "https://example.org:port"},
        {"api_url": "ftp://example.org"},
        {"request_timeout": 0},
        {"request_timeout": -1},
        {"retry_timeout": -1},
        {"retry_timeout": float("nan")},
        {"concurrency": 0},
        {"concurrency": 1000},
        {"ca_path": "/nowhere/ca.pem"},
        {"auth_source": "astrology"},
    ],
    ids=str,
)
def test_invalid_options_are_rejected(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        opened(**options)
    assert next(iter(options)) in str(caught.value)
    assert "canary" not in str(caught.value)


def test_invalid_ca_file_is_reported(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing of the kind")
    with pytest.raises(FleetError, match="ca_path"):
        opened(ca_path=str(path), tenant="x", api_url=simulator.url).service.products.list()


def test_unreachable_server_is_reported(connect: Connect) -> None:
    with pytest.raises(Unreachable, match=r"While listing the tenants, 127\.0\.0\.1:1 refused the connection"):
        connect(api_url="https://127.0.0.1:1").service.products.list()


def test_missing_tenant_lists_available_tenants(simulator: Simulator, connect: Connect) -> None:
    for tenant in (None, "", "  "):
        with pytest.raises(InvalidInput, match="The option tenant is missing") as caught:
            connect(tenant=tenant).service.products.list()
        assert str(simulator.ready["tenant"]) in str(caught.value)
        assert str(simulator.ready["tenant_id"]) in str(caught.value)


def test_read_only_connection_rejects_writes(simulator: Simulator, connect: Connect) -> None:
    with pytest.raises(ReadOnlyViolation):
        connect(read_only=True).service.products.create(ProductSpec("Kettle"))
    assert simulator.counts()["writes"] == 0


def test_closed_connection_sends_nothing(simulator: Simulator, connect: Connect) -> None:
    connection = connect()
    connection.service.products.list()
    connection.close()
    before = len(simulator.log())
    with pytest.raises(Unreachable, match="was interrupted"):
        connection.service.products.list()
    assert len(simulator.log()) == before
