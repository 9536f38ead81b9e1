# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: devices
version_added: 0.1.0
short_description: Devices of an Azure Sphere tenant
description:
  - Gives devices that are claimed into the tenant, all of them or some.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Device IDs, 128 hexadecimal digits each, in any case. Without any, all devices, or those of O(product) or
        O(device_group). One that is not claimed into the tenant is an error.
    type: list
    elements: str
  product:
    description: Only devices of this product, by name or GUID. Not together with terms.
    type: str
  device_group:
    description: Only devices of this device group, by name in O(product), or by GUID. Not together with terms.
    type: str
notes:
  - The lookup only reads. It runs on the controller, with what is configured there.
  - C(query) gives a list whatever its length, C(lookup) gives the entry itself when there is one.
seealso:
  - module: azsphere.fleet.device_info
  - plugin: azsphere.fleet.device_id
    plugin_type: test
"""

EXAMPLES = r"""
- name: The device group of a device
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.devices', '0a' * 64, tenant='Contoso Fleet').device_group }}"

- name: The devices of a device group
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.devices', product='Kettle', device_group='Production', tenant='Contoso Fleet') }}"
"""

RETURN = r"""
_raw:
  description: The devices by ID, or in the order of the terms, as M(azsphere.fleet.device_info) gives them.
  type: list
  elements: dict
  sample:
    - id: "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
      product: Kettle
      device_group: Production
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._queries import devices
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._lookups import FleetLookup


class LookupModule(FleetLookup):
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        scope = self.get_option("product"), self.get_option("device_group")
        if not terms:
            return devices.devices(service, *scope)
        if any(scope):
            raise InvalidInput("Device IDs need no product and no device_group.", hint="Leave out either of them.")
        return devices.require_devices(service, devices.device_ids(terms))
