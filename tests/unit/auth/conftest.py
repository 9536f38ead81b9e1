# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A simulated authority in a process of its own, over TLS, and options that sign in there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.choose import open_tokens
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.tokens import Tokens
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.harness import Simulator, start_simulator
from tests.support.people import Certified, here, seed


class Authority:
    """The simulated sign-in as tests see it: its addresses, and calls that play the other side."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.url = simulator.url
        self.ca_path = simulator.ca
        self.identity_url = str(simulator.ready["managed_identity_url"])

    @property
    def issued(self) -> int:
        """How many access tokens were issued so far."""
        return int(self.simulator.counts()["tokens_issued"])

    @property
    def requests(self) -> int:
        """How many requests to the sign-in there were so far."""
        return sum(self.simulator.counts()["signin"].values())

    def call(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        """A call of the simulated sign-in's own."""
        answer: dict[str, Any] = self.simulator.order("POST", f"signin{path}", order)
        return answer

    def approve(self, user_code: str, username: str) -> None:
        self.call("/approve", {"user_code": user_code, "username": username})

    def revoke(self, **what: Any) -> None:
        self.call("/revoke", what)

    def next_tokens(self, **order: Any) -> None:
        self.call("/next-tokens", order)


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
def running(registered: Certified, expired: Certified, cluster: rsa.RSAPrivateKey) -> Iterator[Simulator]:
    certificates = [registered.certificate_pem, expired.certificate_pem]
    with start_simulator(seed=seed(certificates, cluster)) as simulator:
        yield simulator


@pytest.fixture
def authority(running: Simulator) -> Authority:
    running.reset()
    return Authority(running)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own credentials, a home of its own, and a bundle in the environment that trusts nobody here."""
    for name in os.environ:
        if name.startswith(("AZURE_", "AZSPHERE_", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(STRANGER.certificate_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger))


STRANGER = Certified.make()


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
        "retry_timeout": 3,
    }


@pytest.fixture
def opened(params: dict[str, Any], warnings: list[str]) -> Opener:
    """Opens tokens for these options and more, as a task of its own would."""

    def open_now(**more: Any) -> Tokens:
        return open_tokens(AuthOptions.from_params({**params, **more}, here()), warnings.append)

    return open_now
