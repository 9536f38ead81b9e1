# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The context in which a module runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ._deadline import Deadline, seconds
from ._environment import Environment
from ._errors import NotFound
from ._progress import Progress

if TYPE_CHECKING:
    from ._files.port import Files
    from ._login import Account, Login
    from ._service import Service

Params = Mapping[str, Any]
Value = TypeVar("Value")
DEFAULT_WAIT_TIMEOUT = 600.0
#: Seconds for which the effect of a write that the service accepted is looked for.
SETTLING = 10.0
#: How often the state is read again because what was listed is gone.
MOST_GONE = 10


def _unbound(_deadline: Deadline) -> None:
    """Takes a deadline where no requests are sent."""


def _ignored(_error: BaseException) -> None:
    """Shows no traceback."""


def _none_here(*_arguments: Any) -> Any:
    raise NotImplementedError("This context has no connection of its own.")


def consistently(read: Callable[[], Value], forget: Callable[[], None]) -> Value:
    """Returns what `read` returns, which only reads.

    Another process may delete what was listed before its details are read: then `forget` is called, and everything is
    read anew. Raises the error of `read`: NotFound only if it is the same again, as where a role is too low.
    """
    gone: set[str] = set()
    while True:
        try:
            return read()
        except NotFound as error:
            if error.status is None or error.message in gone or len(gone) == MOST_GONE:
                raise
            gone.add(error.message)
            forget()


@dataclass(frozen=True)
class Unfinished:
    """What a task has done so far. `may_have_written`: whether a write was sent; `values` are results of devices."""

    may_have_written: Callable[[], bool]
    values: Callable[[], Params]


@dataclass
class Context:
    """Warnings, files, the service and the sign-in of one task.

    In check mode `service`, `files` and the sign-in that `open_login` returns keep every write in memory, so nothing
    else depends on check mode. `account` returns the account that the task runs as. `open_api` returns a
    service that only reads, of the API of this name, for tasks that compare both. `no_log` is the task keyword of that
    name. `environment` has the variables and the working directory. `progress` takes what the task is at. `trace` shows
    the traceback of an error at verbosity 3 and above.
    """

    open_service: Callable[[], Service]
    files: Files
    warn: Callable[[str], None]
    no_log: bool = False
    open_login: Callable[[], Login] = _none_here
    account: Callable[[], Account] = _none_here
    open_api: Callable[[str], Service] = _none_here
    environment: Environment = field(default_factory=Environment)
    progress: Progress = field(default_factory=Progress)
    trace: Callable[[BaseException], None] = _ignored
    #: Ends all requests of the task by a deadline.
    bind: Callable[[Deadline], None] = _unbound
    #: The unfinished work of the task, for the report of an unexpected error.
    unfinished: Unfinished | None = None

    def read(self, query: Callable[[Service], Value]) -> Value:
        """Returns what a query that only reads returns of the service; see `consistently`."""
        return consistently(lambda: query(self.service), self.forget)

    @cached_property
    def service(self) -> Service:
        """The service, opened on first use, so that invalid options fail before anything is sent."""
        return self.open_service()

    def forget(self) -> None:
        """Forgets what the service in check mode has read: `service` is opened anew."""
        self.__dict__.pop("service", None)


@dataclass(frozen=True)
class Waiting:
    """Whether to wait for operations of the service, and until when.

    `settling` is for how many seconds the state may lag behind a completed write.
    """

    wait: bool
    deadline: Deadline
    settling: float = SETTLING

    def soon(self) -> Deadline:
        """Returns the deadline until which the effect of a completed write must be visible."""
        return Deadline(min(self.settling, self.deadline.remaining()))

    @classmethod
    def of(cls, params: Params, *, renewable: bool = False) -> Waiting:
        """Returns it from the options `wait` and `wait_timeout` (seconds). Raises InvalidInput.

        `wait_timeout` is for the whole task; if `renewable`, it counts from the last device or step that was done.
        """
        patience = seconds(params, "wait_timeout", DEFAULT_WAIT_TIMEOUT)
        deadline = Deadline(patience, renewable=renewable)
        retry_timeout = params.get("retry_timeout")
        settling = SETTLING if retry_timeout is None else min(SETTLING, float(retry_timeout))
        return cls(params.get("wait", True), deadline, settling)
