# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Modules run in this process, against a simulator that each worker starts once."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import CONNECTION
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import Connection, open_connection, open_login
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result, mask_unknown

from tests.simulator.harness import Simulator, start_simulator
from tests.support.ansible_files import disk, planned_files

from .write_cases import CLAIMED

TENANT = "Contoso Fleet"


@dataclass(frozen=True)
class Outcome:
    """What a module returned: `values` as results show them, and the warnings that it gave."""

    result: Result
    values: dict[str, Any]
    unknown: list[str]
    warnings: list[str] = field(default_factory=list)

    def __getitem__(self, key: str) -> Any:
        return self.values[key]


class Bench:
    """Runs modules as an Administrator of the simulated tenant."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._connections: list[Connection] = []

    @property
    def options(self) -> dict[str, Any]:
        """The connection options that reach the simulator."""
        env = self.simulator.env()
        return {
            "api_url": env["AZSPHERE_API_URL"],
            "tenant": TENANT,
            "token_cache": env["AZSPHERE_TOKEN_CACHE"],
            "authority_host": env["AZURE_AUTHORITY_HOST"],
            "directory_id": env["AZURE_TENANT_ID"],
            "client_id": env["AZURE_CLIENT_ID"],
            "client_secret": env["AZURE_CLIENT_SECRET"],
            "ca_path": env["REQUESTS_CA_BUNDLE"],
        }

    def run(self, module: ModuleType, *, check: bool = False, no_log: bool = False, **options: Any) -> Outcome:
        """The module's own function with its options as Ansible would give them. Raises FleetError."""
        params = validated(module, {**self.options, **options})
        warnings: list[str] = []

        @functools.cache
        def connect() -> Connection:
            connection = open_connection(params, read_only=check, warn=warnings.append, debug=_ignore)
            self._connections.append(connection)
            return connection

        def open_service() -> Service:
            return Overlay(connect().service) if check else connect().service

        context = Context(
            open_service,
            planned_files(lambda error: warnings.append(str(error))) if check else disk(),
            warnings.append,
            no_log=no_log,
            open_login=lambda: open_login(params, read_only=check, warn=warnings.append),
            account=lambda: connect().account(),
            bind=lambda deadline: connect().bind(deadline),
        )
        result = module.run(params, context)
        values, unknown = mask_unknown(result.values)
        return Outcome(result, values, unknown, warnings)

    def service(self, *, read_only: bool = False) -> Service:
        """The service itself."""
        connection = open_connection(self.options, read_only=read_only, warn=_ignore, debug=_ignore)
        self._connections.append(connection)
        return connection.service

    def api(self) -> dict[str, Any]:
        """What the last run cost."""
        return self._connections[-1].api()

    def requests(self) -> list[str]:
        """The operations of the API that were asked for since the log was last cleared, in order."""
        return [entry["operation"] for entry in self.simulator.log() if entry.get("kind") == "api"]

    def seed(self, **tenant: Any) -> None:
        """The tenant with these contents, and an empty log."""
        self.simulator.load({"tenants": [{"name": TENANT, **tenant}], "unclaimed": "any"})
        self.simulator.clear_log()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def validated(module: ModuleType, options: Mapping[str, Any]) -> dict[str, Any]:
    arguments = module.ARGUMENTS + CONNECTION
    checked = ArgumentSpecValidator(
        arguments.spec,
        mutually_exclusive=arguments.mutually_exclusive,
        required_one_of=arguments.required_one_of,
        required_together=arguments.required_together,
        required_if=arguments.required_if,
    ).validate(dict(options))
    if checked.error_messages:
        raise ValueError("; ".join(checked.error_messages))
    return dict(checked.validated_parameters)


def _ignore(_text: str) -> None:
    pass


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with start_simulator(operation_seconds=0.02) as running:
        yield running


@pytest.fixture
def bench(simulator: Simulator) -> Iterator[Bench]:
    simulator.reset()
    bench = Bench(simulator)
    yield bench
    bench.close()


@pytest.fixture
def kettle(bench: Bench) -> Bench:
    groups = [{"name": "Lab"}, {"name": "Field"}]
    bench.seed(
        products=[{"name": "Kettle", "device_groups": groups}, {"name": "Bare", "device_groups": []}],
        devices=[{"id": each, "device_group": "Kettle/Lab"} for each in CLAIMED],
        images=[{"name": "App", "id": "c1000000-0000-4000-8000-000000000001"}],
    )
    return bench
