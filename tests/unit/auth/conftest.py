# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A simulated authority over TLS, and options that sign in there."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn
from ansible_collections.azsphere.fleet.plugins.module_utils._auth import AuthOptions, Tokens, open_tokens
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from tests.simulator import signin
from tests.simulator.clock import Clock
from tests.simulator.loading import load
from tests.simulator.settings import Settings
from tests.simulator.tokens import Tokens as IssuedTokens
from tests.simulator.world import World

from .people import Certified, seed


@dataclass(frozen=True)
class Authority:
    """The simulated sign-in as tests see it: its addresses, and calls that play the other side."""

    url: str
    ca_path: str
    identity_url: str

    def call(self, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call of the simulator's own; with an order it is a POST."""
        context = ssl.create_default_context(cafile=self.ca_path)
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/signin{path}", data=body)
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    @property
    def issued(self) -> int:
        """How many access tokens were issued so far."""
        return int(self.call("")["tokens_issued"])

    def approve(self, user_code: str, username: str) -> None:
        self.call("/approve", {"user_code": user_code, "username": username})

    def revoke(self, **what: Any) -> None:
        self.call("/revoke", what)

    def next_tokens(self, **order: Any) -> None:
        self.call("/next-tokens", order)


class _Server(uvicorn.Server):
    """Lets the test's own thread keep the signals."""

    def install_signal_handlers(self) -> None: ...


def _serve(app: Starlette, listener: socket.socket, **arguments: Any) -> Callable[[], None]:
    server = _Server(uvicorn.Config(app, log_level="error", **arguments))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)

    return stop


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


@pytest.fixture(scope="session")
def registered() -> Certified:
    """The certificate that the application `pipeline` has."""
    return Certified.make()


@pytest.fixture(scope="session")
def expired() -> Certified:
    """One that it has as well, but that has run out."""
    return Certified.make(days=-1)


@pytest.fixture(scope="session")
def cluster() -> rsa.RSAPrivateKey:
    """The key with which the cluster signs its workloads' tokens."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def authority(
    tmp_path_factory: pytest.TempPathFactory, registered: Certified, expired: Certified, cluster: rsa.RSAPrivateKey
) -> Iterator[Authority]:
    folder = tmp_path_factory.mktemp("authority")
    made = trustme.CA()
    made.cert_pem.write_to_path(str(folder / "ca.pem"))
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    listener, identity_listener = _listener(), _listener()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    clock, settings = Clock(), Settings()
    document = seed([registered.certificate_pem, expired.certificate_pem], cluster)
    state = load(document, datetime.now(timezone.utc))
    world = World(url, "", settings, clock, IssuedTokens(url, clock, settings), state, document, {})
    stops = [
        _serve(Starlette(routes=signin.routes(world)), listener, ssl_certfile=str(folder / "server.pem")),
        _serve(signin.managed_identity_app(world), identity_listener),
    ]
    yield Authority(url, str(folder / "ca.pem"), f"http://127.0.0.1:{identity_listener.getsockname()[1]}")
    for stop in stops:
        stop()


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own credentials, and a home of its own."""
    for name in os.environ:
        if name.startswith(("AZURE_", "AZSPHERE_", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


@pytest.fixture
def warnings() -> list[str]:
    """What was warned of."""
    return []


Opener = Callable[..., Tokens]


@pytest.fixture
def params(authority: Authority, tmp_path: Path) -> dict[str, Any]:
    """Options that lead to the simulated authority, with a cache of their own."""
    return {
        "authority_host": authority.url,
        "ca_path": authority.ca_path,
        "token_cache": str(tmp_path / "cache"),
        "request_timeout": 10,
    }


@pytest.fixture
def opened(params: dict[str, Any], warnings: list[str]) -> Opener:
    """Opens tokens for these options and more, as a task of its own would."""

    def open_now(**more: Any) -> Tokens:
        return open_tokens(AuthOptions.from_params({**params, **more}), warnings.append)

    return open_now
