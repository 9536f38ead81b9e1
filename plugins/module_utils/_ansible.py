# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The adapter for AnsibleModule: arguments, check mode, and how a module ends."""

from __future__ import annotations

# First of all, since it makes all other imports of a launched module faster.
from . import _zip_imports  # noqa: F401 # isort: skip # pylint: disable=unused-import

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ._companion import Surroundings
from ._connection import DEFAULT_CONCURRENCY
from ._context import Context, Params
from ._environment import Environment
from ._errors import FleetError, MissingLibrary
from ._files.later import files_later
from ._launched import surroundings
from ._model.resources import DeviceGroupSpec
from ._model.settings import settings_of
from ._option_types import INTEGER, NAME, NUMBER, PATH, PLAN, TEXT, as_given
from ._options import OPTIONS, SECRET_OPTIONS
from ._precedence import of_task
from ._task import Modes, Task
from ._views.result import Result

if TYPE_CHECKING:
    from ._files.port import Files

#: The verbosity from which on a traceback is shown.
TRACED = 3

Spec = dict[str, dict[str, Any]]
Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Arguments:
    """Options of a module with the constraints between them. Adding two joins them."""

    spec: Spec = field(default_factory=dict)
    mutually_exclusive: Groups = ()
    required_one_of: Groups = ()
    required_together: Groups = ()
    required_if: tuple[tuple[Any, ...], ...] = ()
    #: Whether the module takes the options of Ansible's documentation fragment `files`.
    add_file_common_args: bool = False
    #: Whether the module connects to both APIs.
    both_apis: bool = False

    def __add__(self, other: Arguments) -> Arguments:
        return Arguments(
            {**self.spec, **other.spec},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_one_of + other.required_one_of,
            self.required_together + other.required_together,
            self.required_if + other.required_if,
            self.add_file_common_args or other.add_file_common_args,
            self.both_apis or other.both_apis,
        )

    def module(self) -> AnsibleModule:
        module = AnsibleModule(
            argument_spec=self.spec,
            mutually_exclusive=self.mutually_exclusive,
            required_one_of=self.required_one_of,
            required_together=self.required_together,
            required_if=self.required_if,
            add_file_common_args=self.add_file_common_args,
            supports_check_mode=True,
        )
        # Ansible would put the size and mode that a file has now in place of those that are planned.
        module.add_path_info = dict
        return module


#: The options of the documentation fragment `connection`. `_options` has their types, variables and defaults: Ansible
#: would refuse blank values and turn numbers into text.
CONNECTION = Arguments(
    {name: {"type": as_given(option.kind), "no_log": name in SECRET_OPTIONS} for name, option in OPTIONS.items()},
)

#: The options of the documentation fragment `waiting`.
WAITING = Arguments({"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": NUMBER, "default": 600}})

#: The options of the documentation fragments `waiting` and `bulk`.
BULK = WAITING + Arguments(
    {
        "claim": {"type": "bool", "default": False},
        "max_changes": {"type": INTEGER},
        "max_failures": {"type": INTEGER},
        "concurrency": {"type": INTEGER, "default": DEFAULT_CONCURRENCY},
        "expect_plan": {"type": PLAN},
        "plan_file": {"type": PATH},
        "journal": {"type": PATH},
    }
)


def spec_options(spec: type[DeviceGroupSpec]) -> Spec:
    """Returns the options that set the fields of a resource."""
    return {
        each.name: {
            "type": "bool" if each.is_flag else "str" if each.choices else NAME if each.name == "name" else TEXT,
            **({"choices": list(each.choices)} if each.choices else {}),
        }
        for each in settings_of(spec)
    }


def run_module(arguments: Arguments, run: Callable[[Params, Context], Result]) -> None:
    """Runs a module's function with the options that Ansible gave, and ends the module with what it returns."""
    module = (arguments + CONNECTION).module()
    modes = Modes(check=module.check_mode, no_log=module.no_log)
    layers = ([of_task(module.params)], ())
    environment = Environment(os.environ, os.getcwd())
    around, both_apis = _masked(surroundings(os.environ), module), arguments.both_apis
    host, files = _Host(module), files_later(lambda: _files(module))
    with Task(module.params, layers, environment, host, modes, files, around, both_apis=both_apis) as task:
        ending = task.run(run)
    error = ending.error
    if error is None:
        module.exit_json(**ending.values)
    else:
        message = str(error)
        if isinstance(error, MissingLibrary):
            message = missing_required_lib(error.library, reason=f"to {error.reason}")
        module.fail_json(msg=message, error=error.as_dict(), **host.traced, **ending.values)


def _files(module: AnsibleModule) -> Files:
    """Returns the files of the task: in check mode, writes are only planned, and what is absent is a warning."""
    from ._files.disk import Disk
    from ._files.planned import PlannedFiles

    if not module.check_mode:
        return Disk(module)

    def warn(error: FleetError) -> None:
        module.warn(f"{error} An earlier task may do that in a real run, which fails otherwise.")

    return PlannedFiles(Disk(module, warn))


def _masked(around: Surroundings, module: AnsibleModule) -> Surroundings:
    """Returns the surroundings, which show no secret of the module."""
    show = around.show
    if show is None:
        return around
    return Surroundings(lambda line: show(remove_values(line, module.no_log_values)), around.orphaned)


class _Host:
    """The module as the program that runs the task."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        #: A traceback, for the result: whether Ansible shows its own `exception` depends on other settings.
        self.traced: dict[str, list[str]] = {}
        self.warn = module.warn
        self.debug = module.debug

    def trace(self, text: str) -> None:
        if self._module._verbosity >= TRACED:
            self.traced["traceback"] = text.splitlines()

    def mask(self, secrets: Iterable[str]) -> None:
        self._module.no_log_values.update(secrets)
