# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A session against a scripted server, on a clock that goes as fast as the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session
from ansible_collections.azsphere.fleet.plugins.module_utils._http.settings import Settings
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.wire import ERROR_CODES, FAILURE_HINTS

from tests.support.clock_and_tokens import READS, CountedTokens, FastClock
from tests.support.scripted_server import Answer, Asked, ScriptedServer


@dataclass
class Bench:
    server: ScriptedServer
    session: Session
    tokens: CountedTokens
    clock: FastClock


MakeBench = Callable[..., Bench]


@pytest.fixture
def bench() -> Iterator[MakeBench]:
    """Makes a session with a server that gives these answers. Back-off takes the whole of what it may take."""
    with ExitStack() as stack:

        def make(*answers: Answer | Callable[[Asked], Answer], read_only: bool = False, **settings: Any) -> Bench:
            server = ScriptedServer(*answers)
            url = stack.enter_context(server.running())
            tokens, clock = CountedTokens(), FastClock()
            session = Session(
                Settings(url, request_timeout=5, error_codes=ERROR_CODES, hints=FAILURE_HINTS, **settings),
                tokens,
                read_only=read_only,
                reads=READS,
                clock=clock,
                jitter=lambda most: most,
            )
            stack.callback(session.close)
            return Bench(server, session, tokens, clock)

        yield make
