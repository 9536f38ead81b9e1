# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all inventory plugins share: a file of options in, complete groups and hosts or an error out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.azsphere.fleet.plugins.module_utils._options import blank

from ._constructed import constructed
from ._given import checked, require_known, require_typed, valid
from ._inventory_names import free_group_name

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 evaluates every text that looks like a template
    trust_as_template = None

#: Options that are written in Jinja2 and evaluated for each host.
_PER_HOST = ("compose", "groups", "keyed_groups", "hostname")
#: Options that name a group.
_GROUP_NAMES = ("group_prefix", "prefix")


class FleetInventory(BaseInventoryPlugin):
    """An inventory plugin whose options are in a YAML file: templates are filled in, blank values are not given."""

    #: Path of the file, and its options with their values.
    path: str
    given: Mapping[str, Any]
    _options_are_set = False

    def verify_file(self, path: str) -> bool:
        """Returns whether the file can be one of this plugin. Which plugin it is for is in the file."""
        # Reading a pipe to which nobody writes would never end.
        return path.endswith((".yml", ".yaml")) and bool(super().verify_file(path)) and os.path.isfile(path)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Reads the options of the file."""
        super().parse(inventory, loader, path, cache)
        self.path = path
        self.templar.available_variables = self._vars
        try:
            self._read_config_data(path)
        except AnsibleParserError:
            raise
        except AnsibleError as error:
            raise self._explained(error) from None

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Sets the options, after the values of the file are checked: Ansible would convert them."""
        if direct is not None:
            known = self.option_definitions
            require_known("inventory plugin", direct, known, AnsibleParserError)
            filled = {name: self._filled(name, value) for name, value in direct.items()}
            self.given = {name: self._checked(name, value) for name, value in filled.items() if not blank(value)}
            self._require_all()
            require_typed(os.environ, known, AnsibleParserError)
            direct = self.given
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self._options_are_set = True

    def _checked(self, name: str, value: Any) -> Any:
        """Returns the value of an option with its type. Raises AnsibleParserError."""
        known = self.option_definitions
        found = constructed(name, checked(name, value, known, AnsibleParserError), known)
        if name in _GROUP_NAMES:
            valid(
                name, lambda group: free_group_name(self._sanitize_group_name(group.strip())), found, AnsibleParserError
            )
        if name == "cache_timeout" and found < 0:
            raise AnsibleParserError(
                f"Invalid {name} {found}: it is negative. Use a number of seconds, or 0 for no end."
            )
        return found

    def _require_all(self) -> None:
        for name, option in self.option_definitions.items():
            if option.get("required") and name not in self.given:
                raise AnsibleParserError(f"Invalid {name}: it is missing. Set it in the file of the inventory.")

    def _explained(self, error: AnsibleError) -> AnsibleError:
        """Returns the error of a cache plugin, which is opened once the options are set, in terms of the options."""
        if not self._options_are_set:
            return error
        return AnsibleParserError(
            f'Invalid cache_plugin "{self.get_option("cache_plugin")}": {str(error).rstrip(".")}. '
            "Set cache_plugin and cache_connection to a cache that can be used, or leave cache out."
        )

    def _filled(self, name: str, value: Any) -> Any:
        if name in _PER_HOST:
            return value
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            problem = str(error).rstrip(".")
            raise AnsibleParserError(
                f"Invalid {name}: {problem}. Correct the template, or the variables in it."
            ) from None

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Removes the hosts and groups that were added inside if an error ends it."""
        inventory = self.inventory
        hosts, groups = set(inventory.hosts), set(inventory.groups)
        complete = False
        try:
            yield
            complete = True
        finally:
            if not complete:
                for name in [name for name in inventory.hosts if name not in hosts]:
                    inventory.remove_host(inventory.hosts[name])
                # Without remove_group, which takes a name in some releases of ansible-core and a group in others.
                for name in [name for name in inventory.groups if name not in groups]:
                    group = inventory.groups.pop(name)
                    for host in group.hosts:
                        host.remove_group(group)
                    for parent in group.parent_groups:
                        parent.child_groups.remove(group)
                        parent.clear_hosts_cache()

    def add_host_once(self, name: str, group: str, key: str, value: str) -> None:
        """Adds a host and sets the variable that identifies what it is for.

        Raises AnsibleParserError where another inventory has a host of this name for something else.
        """
        there = self.inventory.hosts.get(name)
        if there is not None and there.vars.get(key) != value:
            raise AnsibleParserError(
                f'Cannot add the host "{name}": another inventory has a host of this name. '
                "Give the hosts of one of them other names."
            )
        self.inventory.add_host(name, group)
        self.inventory.set_variable(name, key, value)


def plain_text(value: Any) -> Any:
    """Returns a value of the service or of a list so that Ansible never evaluates it.

    Text that cannot be a template is marked as trusted: `ansible-inventory` would show any other in an object.
    """
    if not isinstance(value, str):
        return value
    return wrap_var(value) if "{" in value or value.startswith("#jinja2:") else _trusted(value)


def _trusted(text: str) -> Any:
    return text if trust_as_template is None else trust_as_template(text)
