# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One run of a task, without Ansible: options and environment in; service, files, sign-in, warnings and result out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ._companion import NOTHING_AROUND, Companion, Surroundings
from ._connection import Connection, open_connection, open_login
from ._context import Context, Params, Value, consistently
from ._deadline import Deadline
from ._environment import Environment
from ._errors import Defect, FleetError, printable
from ._files.later import files_later
from ._options import LEGACY, WRITTEN_FILES, Found, flag, secrets_in
from ._precedence import Layer, Resolved, of_environment, resolve
from ._progress import Progress, Spending
from ._views.result import Result, mask_unknown

if TYPE_CHECKING:
    from ._files.port import Files
    from ._login import Login
    from ._service import Service

#: The variable that switches progress off.
SWITCH = "AZSPHERE_PROGRESS"
NO_COST = {"requests": 0, "retries": 0, "throttled_seconds": 0.0, "token_source": None}


class Host(Protocol):
    """What a task needs from the program that runs it."""

    def warn(self, text: str, /) -> None:
        """Shows a warning to the user."""

    def debug(self, text: str, /) -> None:
        """Shows a detail at high verbosity."""

    def trace(self, text: str, /) -> None:
        """Shows a traceback at verbosity 3 and above."""

    def mask(self, secrets: Iterable[str], /) -> None:
        """Masks these values in all output from now on."""


@dataclass(frozen=True)
class Modes:
    """How a task runs: `check` keeps every write to itself, `no_log` keeps the result out of logs."""

    check: bool = False
    no_log: bool = False


class Ending(NamedTuple):
    """How a task ended: what it returns, and the error that it failed with."""

    values: dict[str, Any]
    error: FleetError | None = None


class Task:
    """One run of a task; a context manager that closes its connection.

    :param options: the options of the task as they were given.
    :param layers: where connection options come from before the environment, in order of precedence; then, after it.
    :param both_apis: whether the task connects to both APIs, so that its options may name what to work on in both.
    :param files: the files that the task works on; in check mode those that keep every write to themselves. By default,
        files that can only be read.
    :param surroundings: where progress is shown, and whether anybody still waits for the task.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        layers: tuple[Sequence[Layer], Sequence[Layer]],
        environment: Environment,
        host: Host,
        modes: Modes = Modes(),
        files: Files | None = None,
        surroundings: Surroundings = NOTHING_AROUND,
        *,
        both_apis: bool = False,
    ) -> None:
        self._options = options
        self._layers = layers
        self._environment = environment
        self._host = host
        self._modes = modes
        self._files: Files = files or files_later(_disk)
        self._surroundings = surroundings
        self._both_apis = both_apis
        self._progress = Progress()
        self._connections: dict[str | None, Connection] = {}
        self._stopped = False
        self._deadline: Deadline | None = None

    def __enter__(self) -> Task:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.close()

    @property
    def service(self) -> Service:
        """The service; in check mode one that sends no write. Raises InvalidInput and SignInError."""
        return self._connect().service

    def forget(self) -> None:
        """Forgets what was read, and keeps tokens and connections."""
        for connection in self._connections.values():
            connection.forget()

    def read(self, query: Callable[[Service], Value]) -> Value:
        """Returns what a query that only reads returns of the service; see `consistently`."""
        return consistently(lambda: query(self.service), self.forget)

    @property
    def connection_options(self) -> Params:
        """Every connection option by name, with its type. Raises InvalidInput."""
        return self._resolved.params

    def run(self, function: Callable[[Params, Context], Result]) -> Ending:
        """Runs the function of a module and returns its result, or the error that it failed with, and `api`."""
        context = self._context()
        try:
            params = {**self._options, **self._resolved.params}
            if any(params.get(name) for name in WRITTEN_FILES):
                from ._inputs.apart import require_apart  # Few tasks write files.

                require_apart(params, self._environment)
            with Companion(self._wanted(), self._line, self._stop):
                result = function(params, context)
        except FleetError as error:
            return Ending({"changed": False, "api": self._cost()}, self._explained(error))
        except Exception as error:  # noqa: BLE001 # The last net: what was done so far must not be lost.
            return self._unexpected(error, context)
        values, unknown = mask_unknown(result.values)
        values = {**values, "changed": result.changed, "api": self._cost()}
        if result.diff is not None:
            values.update(diff=list(result.diff), unknown=unknown)
        return Ending(values, self._explained(result.error))

    def _unexpected(self, error: Exception, context: Context) -> Ending:
        """Returns the ending of a task that raised what nothing expected, with what it has done so far."""
        self._trace(error)
        done = context.unfinished
        written = done is not None and done.may_have_written()
        values, _unknown = mask_unknown({} if done is None else done.values())
        cost = {"changed": written, "api": self._cost()}
        return Ending({**values, **cost}, Defect.of(error, may_have_written=written))

    def _trace(self, error: BaseException) -> None:
        self._host.trace("".join(traceback.format_exception(error)))

    def _warn(self, text: str) -> None:
        self._host.warn(printable(text))

    def _debug(self, text: str) -> None:
        self._host.debug(printable(text))

    def _wanted(self) -> Surroundings:
        """Returns the surroundings without what the user does not want. Raises InvalidInput."""
        given = self._environment.get(SWITCH)
        if given is None or flag(Found(given, SWITCH), self._environment):
            return self._surroundings
        return Surroundings(None, self._surroundings.orphaned)

    def _line(self) -> str:
        """Returns what to show of the progress now."""
        # Those of the connection that was opened last.
        connections = list(self._connections.values())
        spending = connections[-1].spending() if connections else Spending()
        return self._progress.line(spending, names=not self._modes.no_log)

    def _stop(self) -> None:
        """Makes the task send nothing more."""
        self._stopped = True
        for connection in list(self._connections.values()):
            connection.close()

    @cached_property
    def _resolved(self) -> Resolved:
        """The connection options. Their secrets are masked before anything is checked."""
        resolved = self._resolve(api=LEGACY if self._both_apis else None)
        for warning in resolved.warnings:
            self._warn(warning)
        return resolved

    def _resolve(self, *, person: bool = False, api: str | None = None) -> Resolved:
        before, after = self._layers
        layers = [*before, of_environment(self._environment), *after]
        for layer in layers:
            self._host.mask(secrets_in({name: found.value for name, found in layer.items()}))
        return resolve(layers, self._environment, written=len(before), person=person, api=api)

    def _context(self) -> Context:
        return Context(
            open_service=self._open_service,
            # In check mode every write ends here and in the overlay: nothing else has to know.
            files=self._files,
            warn=self._warn,
            no_log=self._modes.no_log,
            open_login=self._open_login,
            account=lambda: self._connect().account(),
            open_api=self._open_api,
            environment=self._environment,
            progress=self._progress,
            trace=self._trace,
            bind=self._bind,
        )

    def _connect(self, api: str | None = None) -> Connection:
        """Returns the connection of the task, or one that only reads to the API of this name."""
        if api not in self._connections:
            resolved = self._resolved if api is None else self._resolve(api=api)
            resolved.require_own_credential()
            self._connections[api] = open_connection(
                {**self._options, **resolved.params},
                read_only=self._modes.check or api is not None,
                warn=self._warn,
                debug=self._debug,
                environment=self._environment,
            )
            if self._deadline is not None:
                self._connections[api].bind(self._deadline)
            if self._stopped:
                self._connections[api].close()
        return self._connections[api]

    def _bind(self, deadline: Deadline) -> None:
        self._deadline = deadline
        for connection in self._connections.values():
            connection.bind(deadline)

    def _open_api(self, api: str) -> Service:
        return self._connect(api).service

    def _open_service(self) -> Service:
        service = self._connect().service
        if not self._modes.check:
            return service
        from ._overlay.overlay import Overlay

        return Overlay(service)

    def _open_login(self) -> Login:
        params = self._resolve(person=True).params
        return open_login(params, read_only=self._modes.check, warn=self._warn, environment=self._environment)

    def _explained(self, error: FleetError | None) -> FleetError | None:
        # A cached property that failed is not kept: asking for it again would raise the same error.
        resolved = self.__dict__.get("_resolved")
        return resolved.explain(error) if error is not None and resolved is not None else error

    def _cost(self) -> dict[str, Any]:
        """Returns what the task has cost so far; a task that never opened a connection cost nothing."""
        costs = [connection.api() for connection in self._connections.values()] or [dict(NO_COST)]
        sums = {name: sum(cost[name] for cost in costs) for name in NO_COST if name != "token_source"}
        return {**sums, "token_source": costs[-1]["token_source"]}


def _disk() -> Files:
    from ._files.disk import Disk

    return Disk()
