# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The bridge from Ansible: the one place that knows check mode, and how a module ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from ._auth.options import pasted_secrets
from ._connection import DEFAULT_CONCURRENCY, Connection, open_connection, open_login
from ._context import Context, Params
from ._errors import FleetError, MissingLibrary
from ._files.disk import Disk
from ._files.planned import PlannedFiles
from ._model.specs import DeviceGroupSpec, settings_of
from ._option_types import INTEGER, NAME, NUMBER, TEXT
from ._overlay.overlay import Overlay
from ._service import Service
from ._views.result import Result, mask_unknown

Spec = dict[str, dict[str, Any]]
Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Arguments:
    """Options of a module with the constraints between them. Two of them add up to one."""

    spec: Spec = field(default_factory=dict)
    mutually_exclusive: Groups = ()
    required_one_of: Groups = ()
    required_together: Groups = ()
    required_if: tuple[tuple[Any, ...], ...] = ()
    #: Whether the module takes the options of Ansible's documentation fragment `files`.
    add_file_common_args: bool = False

    def __add__(self, other: Arguments) -> Arguments:
        return Arguments(
            {**self.spec, **other.spec},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_one_of + other.required_one_of,
            self.required_together + other.required_together,
            self.required_if + other.required_if,
            self.add_file_common_args or other.add_file_common_args,
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


def _env(*names: str) -> tuple[Any, list[str]]:
    return (env_fallback, list(names))


#: The options of the documentation fragment `connection`.
CONNECTION = Arguments(
    {
        "tenant": {"type": "str", "fallback": _env("AZSPHERE_TENANT")},
        "api_url": {
            "type": "str",
            "default": "https://prod.core.sphere.azure.net",
            "fallback": _env("AZSPHERE_API_URL"),
        },
        "ca_path": {"type": "path", "fallback": _env("REQUESTS_CA_BUNDLE")},
        "validate_certs": {"type": "bool", "default": True, "fallback": _env("AZSPHERE_VALIDATE_CERTS")},
        "request_timeout": {"type": "float", "default": 30, "fallback": _env("AZSPHERE_REQUEST_TIMEOUT")},
        "retry_timeout": {"type": "float", "default": 120, "fallback": _env("AZSPHERE_RETRY_TIMEOUT")},
        "auth_source": {
            "type": "str",
            "default": "auto",
            "choices": [
                "auto",
                "access_token",
                "client_secret",
                "client_certificate",
                "workload_identity",
                "managed_identity",
                "azure_cli",
                "user",
            ],
            "fallback": _env("AZSPHERE_AUTH_SOURCE"),
        },
        "access_token": {"type": "str", "no_log": True, "fallback": _env("AZSPHERE_ACCESS_TOKEN")},
        "client_id": {"type": "str", "fallback": _env("AZURE_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": _env("AZURE_CLIENT_SECRET", "AZURE_SECRET")},
        "client_certificate": {"type": "path", "fallback": _env("AZURE_CLIENT_CERTIFICATE_PATH")},
        "client_certificate_password": {
            "type": "str",
            "no_log": True,
            "fallback": _env("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        },
        "federated_token_file": {"type": "path", "fallback": _env("AZURE_FEDERATED_TOKEN_FILE")},
        "directory_id": {"type": "str", "fallback": _env("AZURE_TENANT_ID", "AZURE_TENANT")},
        "authority_host": {
            "type": "str",
            "default": "https://login.microsoftonline.com",
            "fallback": _env("AZURE_AUTHORITY_HOST"),
        },
        "token_cache": {"type": "path", "no_log": False, "fallback": _env("AZSPHERE_TOKEN_CACHE")},
    }
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
    """Runs a module's function with what Ansible gave it, and ends the module with what it answers."""
    module = (arguments + CONNECTION).module()
    module.no_log_values.update(pasted_secrets(module.params))
    _Task(module).run(run)


def _warning(module: AnsibleModule) -> Callable[[FleetError], None]:
    return lambda error: module.warn(f"{error} An earlier task may do that in a real run, which fails otherwise.")


class _Task:
    """One run of a module."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._connection: Connection | None = None

    def run(self, run: Callable[[Params, Context], Result]) -> None:
        module = self._module
        context = Context(
            open_service=self._open,
            # In a check run every write ends here, and in the overlay: nothing else has to know.
            # What is absent there, an earlier task would have created in a real run.
            files=PlannedFiles(Disk(module, _warning(module))) if module.check_mode else Disk(module),
            warn=module.warn,
            debug=module.debug,
            check=module.check_mode,
            diff=module._diff,
            no_log=module.no_log,
            open_login=partial(open_login, module.params, read_only=module.check_mode, warn=module.warn),
            account=lambda: self._connect().account(),
        )
        try:
            result = run(module.params, context)
        except FleetError as error:
            self._fail(error, {"changed": False})
            return
        values = self._values(result)
        if result.error is not None:
            self._fail(result.error, values)
            return
        self._close(values)
        module.exit_json(**values)

    def _connect(self) -> Connection:
        if self._connection is None:
            open_here = partial(open_connection, warn=self._module.warn, debug=self._module.debug)
            self._connection = open_here(self._module.params, read_only=self._module.check_mode)
        return self._connection

    def _open(self) -> Service:
        service = self._connect().service
        return Overlay(service) if self._module.check_mode else service

    def _values(self, result: Result) -> dict[str, Any]:
        values, unknown = mask_unknown(result.values)
        values["changed"] = result.changed
        if result.diff is not None:
            values["diff"] = list(result.diff)
            values["unknown"] = unknown
        return dict(values)

    def _fail(self, error: FleetError, values: dict[str, Any]) -> None:
        message = str(error)
        if isinstance(error, MissingLibrary):
            message = missing_required_lib(error.library, reason=f"to {error.reason}")
        self._close(values)
        self._module.fail_json(msg=message, error=error.as_dict(), **values)

    def _close(self, values: dict[str, Any]) -> None:
        """Adds what the task cost. A task that never opened a connection cost nothing."""
        values["api"] = {"requests": 0, "retries": 0, "throttled_seconds": 0.0, "token_source": None}
        if self._connection is not None:
            values["api"] = self._connection.api()
            self._connection.close()
