# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One run of a module's function without AnsibleModule: the same validation of arguments, masking and results."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import CONNECTION, Arguments
from ansible_collections.azsphere.fleet.plugins.module_utils._companion import Surroundings
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import MissingLibrary
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import of_task
from ansible_collections.azsphere.fleet.plugins.module_utils._task import Ending, Modes, Task

from ._attended import waits_no_more
from ._masking import mask_output
from ._serialized import COLLECTS_WARNINGS, returned

Values = dict[str, Any]


class InlineRun:
    """One run.

    :param module: the module, with ARGUMENTS and `run`.
    :param arguments: those of the task, as plain types.
    :param internal: the `_ansible_` arguments that ansible-core would add for a launched module.
    :param show: shows a line of progress.
    """

    def __init__(
        self,
        module: ModuleType,
        arguments: Mapping[str, Any],
        internal: Mapping[str, Any],
        show: Callable[[str], None] | None = None,
    ) -> None:
        self._module = module
        self._show = show
        self._internal = internal
        self._secrets: set[str] = set()
        self._warnings: list[str] = []
        self._masked_by_ansible = False
        self._validated = _validate(module.ARGUMENTS + CONNECTION, arguments)
        self.mask(self._validated._no_log_values)
        # Defaults of the specification must survive a run that changes its options.
        self._params: Values = copy.deepcopy({**arguments, **self._validated.validated_parameters})

    def result(self) -> Values:
        """Returns what Ansible would receive of the launched module. Raises MissingLibrary."""
        if self._validated.error_messages:
            return self._finished({"failed": True, "msg": self._invalid()})
        modes = Modes(
            check=self._internal["_ansible_check_mode"],
            no_log=bool(self._internal["_ansible_no_log"]),
        )
        environment = Environment(os.environ, os.getcwd())
        around = Surroundings(None if self._show is None else self._progress, waits_no_more)
        layers, both_apis = ([of_task(self._params)], ()), self._module.ARGUMENTS.both_apis
        with Task(self._params, layers, environment, self, modes, surroundings=around, both_apis=both_apis) as task:
            ending = task.run(self._module.run)
        return self._finished(_values(ending))

    def warn(self, text: str, /) -> None:
        """Warns the user."""
        if COLLECTS_WARNINGS:
            Display().warning(self._clean(text))
        else:
            self._warnings.append(text)

    def debug(self, text: str, /) -> None:
        """Shows a detail with ANSIBLE_DEBUG, as launched modules log it."""
        Display().debug(self._clean(text))

    def trace(self, text: str, /) -> None:
        """Shows a traceback at verbosity 3 and above."""
        Display().vvv(self._clean(text))

    def mask(self, secrets: Iterable[str], /) -> None:
        """Masks these values: in the result, and by ansible-core 2.22 and later in all output instead."""
        found = set(secrets)
        self._secrets |= found
        self._masked_by_ansible = mask_output(found)

    def _progress(self, line: str) -> None:
        if self._show is not None:
            self._show(self._clean(line))

    def _invalid(self) -> str:
        message = str(self._validated.error_messages[0])
        if isinstance(self._validated.errors[0], UnsupportedError):
            return f"Unsupported parameters for ({self._internal['_ansible_module_name']}) module: {message}"
        return message

    def _finished(self, values: Values) -> Values:
        if self._internal.get("_ansible_inject_invocation", True):
            values["invocation"] = {"module_args": self._params}
        if self._warnings:
            values["warnings"] = self._warnings
        values = returned(values)
        # AnsibleModule masks no truth values, however much they look like a secret.
        kept = {name: value for name, value in values.items() if value is None or isinstance(value, bool)}
        return {**self._clean(values), **kept}

    def _clean(self, value: Any) -> Any:
        return value if self._masked_by_ansible else remove_values(value, self._secrets)


def _validate(arguments: Arguments, given: Mapping[str, Any]) -> Any:
    validator = ArgumentSpecValidator(
        arguments.spec,
        mutually_exclusive=arguments.mutually_exclusive,
        required_one_of=arguments.required_one_of,
        required_together=arguments.required_together,
        required_if=arguments.required_if,
    )
    return validator.validate(dict(given))


def _values(ending: Ending) -> Values:
    error = ending.error
    if isinstance(error, MissingLibrary):
        raise error
    if error is None:
        return dict(ending.values)
    return {**ending.values, "failed": True, "msg": str(error), "error": error.as_dict()}
