# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The simulator as tests and programs use it: a separate process, controlled through its administration."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from .ready import LEGACY, environment

_ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT = 30.0


class SimulatorFailed(Exception):
    """The simulator did not start, or rejected a request; the message contains its output."""


class Simulator:
    """A running simulator. `ready` is its ready message (docs/simulator.md), `api` the API that `env` is for."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, Any]) -> None:
        self.ready = ready
        self.api = LEGACY
        self._process = process
        self._session = requests.Session()
        # A bundle in the environment would take precedence over the simulator's certificate authority.
        self._session.trust_env = False
        self._session.verify = ready["ca"]

    @property
    def url(self) -> str:
        """Address of the API and the sign-in."""
        return str(self.ready["url"])

    @property
    def ca(self) -> str:
        """File of the certificate authority."""
        return str(self.ready["ca"])

    @property
    def pid(self) -> int:
        """ID of the process."""
        return self._process.pid

    @property
    def port(self) -> int:
        """Port of the API and the sign-in."""
        return int(self.url.rpartition(":")[2])

    def env(self, api: str | None = None) -> dict[str, str]:
        """Return environment variables for the simulator, its built-in Administrator and a separate token cache.

        `api` is `legacy` or `integrated`, by default the attribute of this name.
        """
        return environment(self.ready, self.api if api is None else api)

    def pause(self, tenant: str | None = None) -> None:
        """Switch the Legacy API off, for one tenant by name or ID, or for all."""
        self.order("POST", "pause", {} if tenant is None else {"tenant": tenant})

    def enable(self, tenant: str | None = None) -> None:
        """Switch the Legacy API on again."""
        self.order("POST", "enable", {} if tenant is None else {"tenant": tenant})

    def integrate(self, tenant: str, **members: Any) -> dict[str, Any]:
        """Integrate a tenant, and return its catalog; `members` are those of a catalog in a seed."""
        catalog: dict[str, Any] = self.order("POST", "integrate", {"tenant": tenant, "catalog": members})
        return catalog

    def state(self) -> bytes:
        """Return the durable state as canonical JSON: equal states are equal bytes."""
        return self._ask("GET", "state").content

    def load(self, state: Mapping[str, Any] | bytes) -> None:
        """Replace the state with a seed document, or with a result of `state`."""
        body = state if isinstance(state, bytes) else json.dumps(state).encode()
        self._ask("PUT", "state", data=body)

    def reset(self) -> None:
        """Reset state, settings, faults, clock and log."""
        self._ask("POST", "reset")

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the requests numbered above `since`."""
        entries: list[dict[str, Any]] = self._ask("GET", f"log?since={since}").json()
        return entries

    def clear_log(self) -> None:
        self._ask("DELETE", "log")

    def counts(self) -> dict[str, Any]:
        """Return the requests by kind, method and operation; `writes` are those to the API other than GET and HEAD."""
        counts: dict[str, Any] = self._ask("GET", "counts").json()
        return counts

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings, and return all of them."""
        settings: dict[str, Any] = self._ask("PATCH", "settings", data=json.dumps(changes).encode()).json()
        return settings

    def fault(self, kind: str = "status", *, match: Mapping[str, str] | None = None, **members: Any) -> None:
        """Add a fault for the next matching requests: `times`, `skip`, `status`, `retry_after`, `seconds`, `body`.

        `match` contains `operationId`, `method`, `path` or `kind`; see `faults`.
        """
        order = {"kind": kind, "match": dict(match or {}), **members}
        self._ask("POST", "faults", data=json.dumps(order).encode())

    def rig(self, kinds: Mapping[str, Mapping[str, Any]], *, probability: float, seed: int) -> None:
        """Order faults of several kinds at once, which strike `probability` of all requests in sum until cleared.

        `kinds` are orders by a label of the caller; each has `kind`, the label if it has none.
        """
        for number, (label, order) in enumerate(kinds.items()):
            share = {
                "probability": probability / len(kinds) / order.get("burst", 1),
                "seed": seed + number,
                "times": None,
            }
            self._ask("POST", "faults", data=json.dumps({"kind": label, **share, **order}).encode())

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def revoke_tokens(self) -> None:
        """Revoke all access tokens."""
        self._ask("POST", "tokens/revoke")

    def advance(self, seconds: float) -> None:
        """Advance the simulator's clock."""
        self._ask("POST", "clock/advance", data=json.dumps({"seconds": seconds}).encode())

    def order(self, method: str, path: str, body: Any = None) -> Any:
        """Send another administration request, by its path below /_simulator. Returns the JSON reply, if any."""
        answer = self._ask(method, path, data=None if body is None else json.dumps(body).encode())
        return answer.json() if answer.content else None

    def stop(self) -> None:
        """Stop the simulator, by force after some seconds."""
        self._session.close()
        self._process.terminate()
        try:
            self._process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, method: str, path: str, data: bytes | None = None) -> requests.Response:
        answer = self._session.request(
            method, f"{self.url}/_simulator/{path}", data=data, verify=self.ca, timeout=_TIMEOUT
        )
        if not answer.ok:
            raise SimulatorFailed(f"The simulator rejected {method} {path}: {answer.text}")
        return answer


@contextlib.contextmanager
def start_simulator(
    *,
    seed: Mapping[str, Any] | Path | str | None = None,
    state: Path | str | None = None,
    port: int = 0,
    **settings: Any,
) -> Iterator[Simulator]:
    """Start a simulator, and stop it at the end.

    `seed` is a seed document or a file, `state` the file to save the state to. All other options are settings
    (`latency_ms`, `operation_seconds`, `page_size`, `dialect`, `check_replies`, switches). Raises SimulatorFailed.
    """
    with tempfile.TemporaryDirectory(prefix="azsphere-simulator-") as directory:
        command = [
            sys.executable,
            "-m",
            "tests.simulator",
            "--with-parent",
            "--port",
            str(port),
            "--directory",
            directory,
        ]
        if isinstance(seed, Mapping):
            seed_file = Path(directory, "seed.json")
            seed_file.write_text(json.dumps(seed), encoding="utf-8")
            seed = seed_file
        command += [] if seed is None else ["--seed", str(seed)]
        command += [] if state is None else ["--state", str(state)]
        for name, value in settings.items():
            text = value if isinstance(value, str) else json.dumps(value)
            command += ["--dialect", text] if name == "dialect" else ["--set", f"{name}={text}"]
        simulator = _start(command, Path(directory, "messages"))
        try:
            yield simulator
        finally:
            simulator.stop()


def _start(command: list[str], messages: Path) -> Simulator:
    with messages.open("w") as stream:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=stream, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        process.stdout.close()
        raise SimulatorFailed(messages.read_text().strip())
    return Simulator(process, json.loads(line))
