# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A connection to the simulator, in both dialects: what is not known of the service may be one way or the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.service import LegacyService
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service

from tests.simulator.harness import Simulator
from tests.support.clock_and_tokens import READS, CountedTokens, FastClock
from tests.support.scripted_server import ScriptedServer
from tests.unit.legacy.scripted import TENANT, Bench, Route, Routes

DIALECTS = ("documented", "other")
Connect = Callable[..., Connection]


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def speaking(simulator: Simulator, dialect: str) -> Simulator:
    """The simulator in one of its dialects; the other one does not fit the description in places that are guesses."""
    simulator.settings(dialect=dialect, check_replies=dialect == "documented")
    return simulator


@pytest.fixture
def connect(simulator: Simulator) -> Iterator[Connect]:
    """Opens connections to the simulator, as its Administrator unless options say otherwise."""
    with ExitStack() as stack:

        def opened(read_only: bool = False, **options: Any) -> Connection:
            ready = simulator.ready
            given = {
                "tenant": ready["tenant"],
                "api_url": ready["url"],
                "ca_path": ready["ca"],
                "auth_source": "client_secret",
                "client_id": ready["client_id"],
                "client_secret": ready["client_secret"],
                "directory_id": ready["directory_id"],
                "authority_host": ready["authority_host"],
                "token_cache": f"{ready['directory']}/tokens",
                "retry_timeout": 20,
                **options,
            }
            connection = open_connection(given, read_only=read_only, warn=pytest.fail, debug=lambda _text: None)
            stack.callback(connection.close)
            return connection

        yield opened


@pytest.fixture
def service(speaking: Simulator, connect: Connect) -> Service:
    """The backend as a real run has it, with the simulator in each dialect."""
    del speaking
    return connect().service


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def make(routes: dict[str, Route], tenant: str | None = TENANT, read_only: bool = False) -> Bench:
            server = ScriptedServer(Routes(routes))
            url = stack.enter_context(server.running())
            clock = FastClock()
            session = Session(
                Settings(url, retry_timeout=1, concurrency=4),
                CountedTokens(),
                read_only=read_only,
                reads=READS,
                clock=clock,
            )
            stack.callback(session.close)
            return Bench(LegacyService(session, tenant, print), routes, server, clock)

        yield make
