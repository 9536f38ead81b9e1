# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The bridge from plugins that run on the controller: options in, a service for reading out, errors as Ansible's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import SECRET_OPTIONS, pasted_secrets
from ansible_collections.azsphere.fleet.plugins.module_utils._connection import open_connection
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, MissingLibrary
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service


@contextmanager
def reading(plugin: AnsiblePlugin, error: type[AnsibleError] = AnsibleError) -> Iterator[Service]:
    """A service with the connection options of the plugin, which refuses every write.

    What goes wrong inside is raised as `error`, with its one sentence and nothing else.
    """
    display = Display()
    options = plugin.get_options()
    _register_secrets(options)
    try:
        options["validate_certs"] = _strictly(options, "validate_certs")
        connection = open_connection(options, read_only=True, warn=display.warning, debug=display.vvvv)
        try:
            yield connection.service
        finally:
            connection.close()
    except MissingLibrary as missing:
        raise error(missing_required_lib(missing.library, reason=f"to {missing.reason}")) from None
    except FleetError as failure:
        raise error(str(failure)) from None


def _strictly(options: Mapping[str, Any], name: str) -> bool | None:
    """Ansible makes any word that it does not know false for a plugin's boolean, which here would switch checks off."""
    value = options.get(name)
    try:
        return None if value is None else bool(boolean(value))
    except TypeError:
        raise InvalidInput(f'{name} is neither true nor false: "{value}".') from None


def _register_secrets(options: Mapping[str, Any]) -> None:
    """Lets Ansible mask them in all that it prints; modules have that done for their own options."""
    try:
        from ansible.module_utils.secrets import register_secrets
    except ImportError:  # ansible-core before 2.22
        return
    register_secrets([str(options[name]) for name in SECRET_OPTIONS if options.get(name)] + pasted_secrets(options))
