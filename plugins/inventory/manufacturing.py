# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: manufacturing
version_added: 0.1.0
short_description: Rows of a factory list as inventory, split into shards
description:
  - Splits the rows of a device list in CSV over a fixed number of hosts, the shards. Use it for devices that no
    inventory knows yet, so that several jobs claim them at once, each with a part of the shards.
  - The shard of a device depends on its ID and O(shards) alone. Other rows and their order make no difference.
  - All rows are validated first, and one error reports each invalid row. Nothing is read from the service.
  - The group of the shards sets C(ansible_connection) to V(local).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
options:
  plugin:
    description: Name of the plugin.
    type: str
    required: true
    choices: [azsphere.fleet.manufacturing]
  src:
    description:
      - Path of a CSV file with the columns C(DeviceId,ProductName,DeviceGroupName), in the format of
        O(azsphere.fleet.device#module:src).
        A relative path starts in the directory of the inventory file.
      - A file that is encrypted with Ansible Vault is decrypted with the vault passwords given to Ansible.
    type: str
    required: true
  shards:
    description:
      - Number of shards, from 1 to 1000. A multiple of the number of jobs gives each job an equal share.
    type: raw
    default: 12
  prefix:
    description:
      - Start of the names of the hosts, such as C(shard_01). Also the name of the group of all shards, so it cannot be
        V(all), V(ungrouped), V(localhost) or V(_meta), which Ansible reserves.
    type: str
    default: shard
notes:
  - The name of the file must end in C(.yml) or C(.yaml).
  - In the file, a blank value counts as not given, and values may be templates. Variables from C(--extra-vars) are
    available in them.
  - Each host has the variables C(azsphere_shard), its number from 1, C(azsphere_shards), their number, and
    C(azsphere_rows), a list in the format of O(azsphere.fleet.device#module:devices), which may be empty.
  - After an error of an inventory, Ansible continues with the other inventories. Set
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to V(true), so that it stops.
seealso:
  - plugin: azsphere.fleet.devices
    plugin_type: inventory
  - module: azsphere.fleet.device
"""

EXAMPLES = r"""
# factory.yml: the rows of a list in twelve shards
plugin: azsphere.fleet.manufacturing
src: devices.csv
---
# A list that is named on the command line, as in: -e factory_list=devices.csv
plugin: azsphere.fleet.manufacturing
src: "{{ factory_list | default('devices.csv') }}"
shards: 24
"""

import os
import re
from typing import Any

from ansible.errors import AnsibleParserError
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import DeviceRow, rows_from_csv
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.encrypted import is_encrypted
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory import FleetInventory, plain_text
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inventory_shards import shard_count, split
from ansible_collections.azsphere.fleet.plugins.plugin_utils._reading import errors_as

_PREFIX = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class _Decrypted(Disk):
    """Files on disk, decrypted with the vault passwords of Ansible."""

    def __init__(self, loader: Any) -> None:
        super().__init__()
        self._loader = loader

    def read(self, path: str) -> bytes | None:
        content = super().read(path)
        if content is None or not is_encrypted(content):
            return content
        decrypted = self._loader.get_real_file(path)
        try:
            return super().read(decrypted)
        finally:
            self._loader.cleanup_tmp_file(decrypted)


class InventoryModule(FleetInventory):
    NAME = "azsphere.fleet.manufacturing"

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        with errors_as(AnsibleParserError):
            count = shard_count(self.get_option("shards"))
            group = self._prefix()
            shards = split(rows_from_csv(_Decrypted(loader), self._src(), self.display.warning), count)
            with self.all_or_nothing():
                self.inventory.add_group(group)
                self.inventory.set_variable(group, "ansible_connection", plain_text("local"))
                for number, rows in enumerate(shards, 1):
                    self._add_shard(f"{group}_{number:0{len(str(count))}}", group, rows, number, count)

    def _src(self) -> str:
        environment = Environment(os.environ, os.path.dirname(os.path.abspath(self.path)))
        return environment.absolute(environment.expand(self.get_option("src").strip()))

    def _prefix(self) -> str:
        prefix = str(self.get_option("prefix")).strip()
        if not _PREFIX.fullmatch(prefix):
            raise InvalidInput(
                f'Invalid prefix "{prefix}": it is not a group name.', hint="Use letters, digits and underscores."
            )
        return prefix

    def _add_shard(self, name: str, group: str, rows: list[DeviceRow], number: int, count: int) -> None:
        self.add_host_once(name, group, "azsphere_list", plain_text(self.path))
        shown = [
            {
                "id": plain_text(row.id),
                "product": plain_text(row.product),
                "device_group": plain_text(row.device_group),
            }
            for row in rows
        ]
        for key, value in (("azsphere_shard", number), ("azsphere_shards", count), ("azsphere_rows", shown)):
            self.inventory.set_variable(name, key, value)
