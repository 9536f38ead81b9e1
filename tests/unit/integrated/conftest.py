# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.client import (
    FAILURE_HINTS,
    READ_OPERATIONS,
    bucket_of,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated.service import IntegratedService
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service

from tests.support.clock_and_tokens import CountedTokens, FastClock
from tests.support.scripted_server import ScriptedServer
from tests.unit.integrated.recorded import CATALOG, IN, Bench, MakeBench, Recorded, catalog


@pytest.fixture
def bench() -> Iterator[MakeBench]:
    """Makes a service whose replies are given by method and path. The catalog exists unless they say otherwise."""
    with ExitStack() as stack:

        def make(routes: dict[str, Any], read_only: bool = False) -> Bench:
            server = ScriptedServer(Recorded({f"GET {IN}": catalog(), **routes}))
            url = stack.enter_context(server.running())
            clock = FastClock()
            session = Session(
                Settings(url, retry_timeout=30, concurrency=4, hints=FAILURE_HINTS, bucket_of=bucket_of),
                CountedTokens(),
                read_only=read_only,
                reads=READ_OPERATIONS,
                clock=clock,
            )
            stack.callback(session.close)
            said: list[str] = []
            service = IntegratedService(session, CATALOG, said.append)
            as_port: Service = service
            assert as_port.capabilities.claim_into_group
            return Bench(service, server, clock, said)

        yield make
