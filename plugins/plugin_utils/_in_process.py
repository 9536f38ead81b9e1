# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs tasks in the process that Ansible has for them, where their module would run on the control node anyway.

A launched module costs a new interpreter and all imports. Here, the imports are done once for a playbook run, in the
parent of the processes that run tasks.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import MissingLibrary

from ._attended import attended, end_orphaned, shown_as
from ._inline import InlineRun
from ._serialized import received
from ._worker import as_launched

SWITCH = "AZSPHERE_IN_PROCESS"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: Variables that a process only reads when it starts, or whose effect outlives the task.
_AT_START = re.compile(r"PYTHON|LD_|LC_|LANG|TZ$|TMPDIR$|TEMP$|TMP$|OPENSSL_|MALLOC_|GLIBC_")
_DISCOVERED = ("auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
#: Packages that launched modules import on first use. Here, the parent imports them once.
_ON_FIRST_USE = (
    "_auth.application",
    "_backend.ahead",
    "_backend.polling",
    "_files.disk",
    "_files.planned",
    "_http.errors",
    "_http.failures",
    "_http.transport",
    "_integrated.service",
    "_legacy.bulk",
    "_legacy.deployments",
    "_legacy.devices",
    "_legacy.images",
    "_legacy.insights",
    "_legacy.operations",
    "_legacy.service",
    "_legacy.tenants",
    "_legacy.users",
    "_overlay.overlay",
    "_overlay.remembered",
)


def _load() -> bool:
    """Imports what nearly all tasks need. Returns whether it is there, and safe to use in a process made by fork."""
    if sys.platform == "darwin":
        return False
    try:
        for library in ("certifi", "requests"):
            importlib.import_module(library)
    except ImportError:
        return False
    for name in _ON_FIRST_USE:
        importlib.import_module(f"ansible_collections.azsphere.fleet.plugins.module_utils.{name}")
    return True


_LOADED = _load()


class InProcess(NormalAction):
    """Runs a module's function in this process, or launches the module."""

    #: The module that the action belongs to; None for one that is always launched.
    module: ModuleType | None = None
    #: Options with which the module is launched.
    launched_options: frozenset[str] = frozenset()
    _handed: Mapping[str, str] = {}

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Returns the result of the task."""
        # The items of a loop share a process.
        end_orphaned()
        variables = task_vars or {}
        self._show = shown_as(self._task.action, variables.get("inventory_hostname") or "localhost")
        result = self._run_here(variables) if self._is_local(variables) else None
        return self._launch(tmp, task_vars) if result is None else result

    def _launch(self, tmp: Any, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the launched module. One that runs elsewhere, or later, is left to itself."""
        if self._connection.transport != "local" or self._task.async_val:
            elsewhere: dict[str, Any] = super().run(tmp, task_vars)
            return elsewhere
        with attended(self._show) as self._handed:
            result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _compute_environment_string(self, raw_environment_out: Any = None) -> Any:
        """Returns the environment of a launched module, with what is handed to it."""
        variables: dict[str, Any] = {}
        given = super()._compute_environment_string(variables)
        if isinstance(raw_environment_out, dict):
            raw_environment_out.clear()
            raw_environment_out.update(variables)
        return self._connection._shell.env_prefix(**variables, **self._handed) if self._handed else given

    def _is_local(self, variables: Mapping[str, Any]) -> bool:
        """Returns whether the module would run on the control node, as this user, in this interpreter, and now."""
        return (
            _LOADED
            and self.module is not None
            and self._connection.transport == "local"
            and self._connection.become is None
            and not self._task.async_val
            and not constants.DEFAULT_KEEP_REMOTE_FILES
            and self._interpreter(variables) in (None, sys.executable)
        )

    def _interpreter(self, variables: Mapping[str, Any]) -> str | None:
        """Returns the interpreter that is set for modules; None where Ansible would look for one."""
        if self._task.delegate_to:
            variables = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to, variables)
        configured = constants.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        found = str(self._templar.template(configured) or "").strip()
        return None if not found or found in _DISCOVERED else found

    def _run_here(self, variables: dict[str, Any]) -> dict[str, Any] | None:
        """Returns the result; None if the module must be launched, and nothing has been done."""
        raw: dict[str, Any] = {}
        self._compute_environment_string(raw)
        environment = {str(name): str(value) for name, value in raw.items()}
        module = self.module
        if module is None or not _is_wanted(environment) or not all(_can_be_set(*each) for each in environment.items()):
            return None
        try:
            arguments = received(self._task.args)
        except (TypeError, ValueError):
            return None
        if any(arguments.get(option) is not None for option in self.launched_options):
            return None
        internal: dict[str, Any] = {}
        self._update_module_args(self._task.action, internal, variables)
        Display().vvv(f"Running {self._task.action} in the process of the task", host=self._play_context.remote_addr)
        with as_launched(environment, self._loader.get_basedir()):
            try:
                return InlineRun(module, arguments, internal, self._show).result()
            except MissingLibrary:
                # It is reported before anything is done. The interpreter of modules may have it, or says how to get it.
                return None


def _is_wanted(environment: Mapping[str, str]) -> bool:
    """Returns whether the user lets tasks run in-process. Raises AnsibleActionFail if the switch is not a boolean."""
    given = environment.get(SWITCH, os.environ.get(SWITCH, "")).strip() or "true"
    try:
        return bool(boolean(given))
    except TypeError:
        raise AnsibleActionFail(f'Invalid {SWITCH} "{given}": it is not a truth value. Use true or false.') from None


def _can_be_set(name: str, value: str) -> bool:
    """Returns whether the variable has the same effect in a process that is already running."""
    return _NAME.fullmatch(name) is not None and "\0" not in value and _AT_START.match(name) is None
