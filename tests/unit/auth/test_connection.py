# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tokens as the connection to the service uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._http.exchange import RENEWALS

from tests.support.people import DIRECTORY, PIPELINE, SECRET

from .conftest import Authority

Connector = Callable[[], Connection]


@pytest.fixture
def connected(authority: Authority, params: dict[str, Any], warnings: list[str]) -> Iterator[Connector]:
    """Opens a connection as a task of its own would."""
    given = {
        **params,
        "api_url": authority.url,
        "client_id": PIPELINE,
        "directory_id": DIRECTORY,
        "client_secret": SECRET,
    }
    with ExitStack() as opened:

        def connect() -> Connection:
            connection = open_connection(given, read_only=True, warn=warnings.append, debug=lambda _text: None)
            return opened.enter_context(closing(connection))

        yield connect


def test_revoked_token_is_renewed_once_without_failure(authority: Authority, connected: Connector) -> None:
    for _unused in range(2):
        connected().service.tenants.list()
    before = authority.issued
    authority.simulator.revoke_tokens()
    for _unused in range(2):
        connected().service.tenants.list()
    assert authority.issued == before + 1


def test_token_that_expires_between_requests_is_renewed(authority: Authority, connected: Connector) -> None:
    connection = connected()
    connection.service.tenants.list()
    before = authority.issued
    authority.simulator.advance(4000)
    connection.service.tenants.list()
    assert authority.issued == before + 1


def test_token_for_another_service_is_renewed_a_few_times_and_then_reported(
    authority: Authority, connected: Connector
) -> None:
    authority.next_tokens(audience="https://management.azure.com", times=1)
    connected().service.tenants.list()
    authority.next_tokens(audience="https://management.azure.com", times=20)
    authority.simulator.revoke_tokens()
    before = authority.issued
    with pytest.raises(FleetError) as caught:
        connected().service.tenants.list()
    assert caught.value.status == 401
    assert before < authority.issued <= before + RENEWALS


def test_result_names_the_source_of_the_token(connected: Connector) -> None:
    connection = connected()
    connection.service.tenants.list()
    assert connection.api()["token_source"] == "client_secret"


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://host:port", "https://:canary@host", "https://canary:pw@host:x"]
)
def test_invalid_address_is_rejected(url: str) -> None:
    with pytest.raises(InvalidInput, match="api_url") as caught:
        open_connection({"api_url": url}, read_only=True, warn=print, debug=print)
    assert "canary" not in str(caught.value)
