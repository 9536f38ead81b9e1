# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The adapter for plugins that run on the control node: options in, a service for reading out, errors as Ansible's."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Defect, FleetError, MissingLibrary
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import Layer, of_configuration, of_task
from ansible_collections.azsphere.fleet.plugins.module_utils._task import Modes, Task

from ._masking import mask_output
from ._plain import plain

#: What to set where a plugin lacks something that a task of the same play may well have, by the code of the error.
_MISSING = {
    "no_tenant": "the variable azsphere_fleet_tenant, or AZSPHERE_TENANT",
    "no_credentials": "variables such as azsphere_fleet_client_secret, or AZURE_CLIENT_SECRET",
    "half_configured": "variables such as azsphere_fleet_client_id, or AZURE_CLIENT_ID",
    "not_signed_in": "variables such as azsphere_fleet_client_secret, or AZURE_CLIENT_SECRET",
}


@contextmanager
def reading(
    kind: str,
    given: Mapping[str, Any],
    configured: Mapping[str, Any],
    error: type[AnsibleError] = AnsibleError,
) -> Iterator[Task]:
    """Gives a task that only reads, with the connection options of a plugin.

    :param kind: what the plugin is called in errors, such as `lookup`.
    :param given: the options and variables that the plugin was given.
    :param configured: the options that Ansible's configuration file gives.

    What goes wrong inside is raised as `error`, with its message and nothing else. The next use in this process with
    the same options and environment has the same token and TLS connection, and reads anew.
    """
    with errors_as(error, kind), _kept.task(plain(given), plain(configured)) as task:
        yield task


def reading_task(given: Sequence[Layer], configured: Mapping[str, Any]) -> Task:
    """Returns a task that only reads.

    :param given: the options and variables that the plugin was given, in order of precedence.
    :param configured: the options that Ansible's configuration file gives.
    """
    layers = (given, [of_configuration(plain(configured), constants.CONFIG_FILE)])
    return Task({}, layers, Environment(os.environ, os.getcwd()), _Host(), Modes(check=True))


@contextmanager
def errors_as(error: type[AnsibleError], kind: str | None = None) -> Iterator[None]:
    """Raises the errors of this collection as `error`, with their message and nothing else.

    `kind` is what a plugin that runs in a play is called in errors.
    """
    try:
        yield
    except MissingLibrary as missing:
        raise error(missing_required_lib(missing.library, reason=f"to {missing.reason}")) from None
    except FleetError as failure:
        raise error(str(failure) if kind is None else _message(failure, kind)) from None
    except AnsibleError:
        raise
    except Exception as unexpected:  # noqa: BLE001 # The last net.
        Display().vvv(traceback.format_exc())
        raise error(str(Defect.of(unexpected))) from None


def _message(failure: FleetError, kind: str) -> str:
    wanted = _MISSING.get(failure.code or "")
    if wanted is None:
        return str(failure)
    return (
        f"{failure} A {kind} runs on the control node and ignores module_defaults and environment of a play: "
        f"set {wanted} for ansible-playbook itself."
    )


class _Kept:
    """The last task that only read. A loop evaluates a lookup many times in one process."""

    def __init__(self) -> None:
        self._last: tuple[Any, Task] | None = None

    @contextmanager
    def task(self, given: Mapping[str, Any], configured: Mapping[str, Any]) -> Iterator[Task]:
        """Gives a task with these options. It is kept if nothing goes wrong."""
        # A process made by fork must not use the TLS connection of its parent.
        key = (os.getpid(), dict(given), dict(configured), dict(os.environ), os.getcwd())
        task = self._taken(key) or reading_task([of_task(given)], configured)
        keep = False
        try:
            yield task
            keep = True
        finally:
            if keep:
                task.forget()
                self._close()
                self._last = (key, task)
            else:
                task.close()

    def _taken(self, key: Any) -> Task | None:
        """Returns the task if it was kept for this key. Until it is kept again, nothing else can use it."""
        if self._last is None or self._last[0] != key:
            return None
        task, self._last = self._last[1], None
        return task

    def _close(self) -> None:
        """Closes a task that was kept by this process."""
        if self._last is not None and self._last[0][0] == os.getpid():
            self._last[1].close()
        self._last = None


_kept = _Kept()


class _Host:
    """The control node as the program that runs the task."""

    def __init__(self) -> None:
        display = Display()
        self.warn = display.warning
        self.debug = display.vvvv
        self.trace = display.vvv

    def mask(self, secrets: Iterable[str]) -> None:
        """Modules have this done for their own options; here it takes ansible-core 2.22."""
        mask_output(secrets)
