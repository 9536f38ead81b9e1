# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: devices
version_added: 0.1.0
short_description: Devices of an Azure Sphere tenant as inventory
description:
  - Each device that is claimed into the tenant is a host. Products and device groups are groups.
  - The group named by O(group_prefix) contains all devices. Below it is a group for each product, such as
    C(azsphere_kettle), and below that one for each device group, such as C(azsphere_kettle__field_test). Names are in
    lower case, and characters that are invalid in group names become underscores. Groups without devices exist too.
  - The inventory is complete or an error. Hosts are added only once all devices are read.
  - Nobody can log in to a device, so the group of all devices sets C(ansible_connection) to V(local).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.connection.plugin
  - constructed
  - inventory_cache
options:
  plugin:
    description: Name of the plugin.
    type: str
    required: true
    choices: [azsphere.fleet.devices]
  product:
    description: Include only devices of this product, by name or GUID.
    type: str
  device_group:
    description:
      - Include only devices of this device group, by name in O(product) or by GUID. Without O(product), the device
        groups of this name in all products are included.
    type: str
  hostname:
    description:
      - Template or expression in Jinja2 for the name of a host. It must be unique for each device.
      - Available variables are C(azsphere_short_id), C(azsphere_device_id) and C(azsphere_chip_sku). Product and device
        group are not, since a host must keep its name when the device moves.
      - C(azsphere_short_id) is the first twelve digits of the device ID, or more if other devices of the tenant have
        the same ones.
    type: str
    default: azsphere_short_id
  group_prefix:
    description:
      - Name of the group of all devices, and start of the names of the other groups. It cannot be V(all), V(ungrouped),
        V(localhost) or V(_meta), which Ansible reserves.
    type: str
    default: azsphere
notes:
  - The name of the file must end in C(.yml) or C(.yaml).
  - In the file, a blank value counts as not given, and values may be templates. Variables from C(--extra-vars) are
    available in them. Relative paths of the connection options start in the directory of the file.
  - After an error of an inventory, Ansible continues with the other inventories. Set
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to V(true), so that it stops.
  - The cache holds all devices of the tenant, whatever the filters. Its key consists of O(api), O(api_url), and
    O(tenant) or O(subscription_id), O(resource_group) and O(catalog) as given. A cache hit needs neither a request nor
    a token nor credentials.
  - Each host has variables named C(azsphere_) and a return value of M(azsphere.fleet.device_info), such as
    C(azsphere_product), C(azsphere_device_group) or C(azsphere_last_update_request), but for C(azsphere_device_id).
seealso:
  - plugin: azsphere.fleet.manufacturing
    plugin_type: inventory
  - module: azsphere.fleet.device_info
"""

EXAMPLES = r"""
# fleet.yml: all devices of a tenant
plugin: azsphere.fleet.devices
tenant: Contoso Fleet
---
# Devices of a product, grouped by OS version as well, with a cache
plugin: azsphere.fleet.devices
tenant: Contoso Fleet
product: Kettle
hostname: "kettle-{{ azsphere_short_id }}"
keyed_groups:
  - key: azsphere_last_installed_os_version
    prefix: os
groups:
  never_seen: azsphere_last_update_request is none
compose:
  place: azsphere_product ~ '/' ~ azsphere_device_group
cache: true
cache_plugin: jsonfile
cache_connection: .cache
"""

import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import Cacheable, Constructable
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import of_configuration, of_task
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._given import from_variables
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory import FleetInventory, plain_text
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory_fleet import (
    Fleet,
    cache_key,
    loaded_fleet,
    read_fleet,
)
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory_names import (
    RESERVED,
    GroupNames,
    require_unique,
    short_ids,
)
from ansible_collections.azsphere.fleet.plugins.plugin_utils._plain import plain
from ansible_collections.azsphere.fleet.plugins.plugin_utils._reading import errors_as, reading_task

_DEFAULT_HOSTNAME = "azsphere_short_id"
#: What a host name may be: anything else would mean something in patterns such as --limit.
_HOSTNAME = re.compile(r"\w[\w.-]*", re.ASCII)


class InventoryModule(FleetInventory, Constructable, Cacheable):
    NAME = "azsphere.fleet.devices"

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        with errors_as(AnsibleParserError):
            fleet = self._fleet(cache)
            short = short_ids(device["id"] for device in fleet.devices)
            shown = fleet.within(self.get_option("product"), self.get_option("device_group"))
            names = self._host_names(shown, short)
            with self.all_or_nothing():
                groups = self._add_groups(shown)
                for device in shown.devices:
                    self._add_device(device, names[device["id"]], short[device["id"]], groups)

    def _fleet(self, cache: bool) -> Fleet:
        """Returns all devices of the tenant, from the cache if that is allowed and holds them."""
        variables = from_variables(self._vars, self.option_definitions, self.templar.template)
        given = [of_configuration(plain(self.given), self.path), of_task(plain(variables))]
        with reading_task(given, self._configured()) as task:
            if not self.get_option("cache"):
                return task.read(read_fleet)
            key = cache_key(task.connection_options)
            found = loaded_fleet(self._cached(key)) if cache else None
            if found is None:
                found = task.read(read_fleet)
                self._cache[key] = found.dumped()
            return found

    def _configured(self) -> dict[str, Any]:
        """Returns the options that Ansible's configuration gives, without those of the file."""
        plugin = type(self)()
        plugin._load_name = self._load_name
        super(FleetInventory, plugin).set_options(direct={"plugin": self.NAME})
        return dict(plugin.get_options())

    def _cached(self, key: str) -> Any:
        try:
            return self._cache[key]
        except (AnsibleError, LookupError, TypeError, ValueError):  # not there, too old, or damaged
            return None

    def _host_names(self, fleet: Fleet, short: Mapping[str, str]) -> dict[str, str]:
        template = self.get_option("hostname")
        if template == _DEFAULT_HOSTNAME:
            return {device["id"]: short[device["id"]] for device in fleet.devices}
        names = {device["id"]: self._host_name(template, device, short[device["id"]]) for device in fleet.devices}
        require_unique(names)
        return names

    def _host_name(self, template: str, device: Values, short: str) -> str:
        variables = {
            "azsphere_short_id": short,
            "azsphere_device_id": device["id"],
            "azsphere_chip_sku": plain_text(device["chip_sku"]),
        }
        hint = f"Available: {', '.join(variables)}, none of which changes when a device moves."
        try:
            self.templar.available_variables = variables
            name = self.templar.template(template) if "{" in template else self._compose(template, variables)
        except AnsibleError as error:
            problem = f"Invalid hostname for device {short}: {error}".rstrip(".")
            raise InvalidInput(f"{problem}.", code="host_names", hint=hint) from error
        if not isinstance(name, str) or not _HOSTNAME.fullmatch(name):
            raise InvalidInput(
                f'Invalid hostname for device {short}: "{name}" is not a host name.',
                code="host_names",
                hint="Use letters, digits, hyphens, underscores and dots.",
            )
        if name in RESERVED:
            raise InvalidInput(
                f'Invalid hostname for device {short}: Ansible reserves "{name}".',
                code="host_names",
                hint="Use another name.",
            )
        return str(name)

    def _add_groups(self, fleet: Fleet) -> dict[tuple[str | None, str | None], str]:
        """Adds the groups and returns the names of those that devices are put into, by product and device group."""
        names = GroupNames(self.get_option("group_prefix"), self._sanitize_group_name)
        root = self.inventory.add_group(names.root())
        self.inventory.set_variable(root, "ansible_connection", plain_text("local"))
        added: dict[tuple[str | None, str | None], str] = {(None, None): root}
        for product, groups in fleet.places().items():
            parent = self._add_group(names.product(product), root)
            for group in groups:
                added[product, group] = self._add_group(names.device_group(product, group), parent)
        return added

    def _add_group(self, name: str, parent: str) -> str:
        self.inventory.add_group(name)
        self.inventory.add_child(parent, name)
        return name

    def _add_device(
        self, device: Values, name: str, short: str, groups: Mapping[tuple[str | None, str | None], str]
    ) -> None:
        self.add_host_once(
            name, groups[device["product"], device["device_group"]], "azsphere_device_id", plain_text(device["id"])
        )
        variables = {f"azsphere_{key}": plain_text(value) for key, value in device.items() if key != "id"}
        for key, value in {"azsphere_short_id": plain_text(short), **variables}.items():
            self.inventory.set_variable(name, key, value)
        strict = self.get_option("strict")
        if self.get_option("compose"):
            self._set_composite_vars(
                self.get_option("compose"), {"azsphere_device_id": device["id"], **variables}, name, strict=strict
            )
        self._add_host_to_composed_groups(self.get_option("groups"), {}, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, name, strict=strict)
