# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: devices
version_added: 0.1.0
short_description: Retrieve devices of an Azure Sphere tenant
description:
  - Returns all or selected devices that are claimed into the tenant.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Device IDs, 128 hexadecimal digits each. Case is ignored. If not set, all devices, or those of O(product) or
        O(device_group), are returned. A device that is not claimed into the tenant is an error.
    type: list
    elements: str
  product:
    description: Return only devices of this product, by name or GUID. Cannot be combined with terms.
    type: str
  device_group:
    description:
      - Return only devices of this device group, by name in O(product) or by GUID. Cannot be combined with terms.
    type: str
notes:
  - The lookup only reads. It runs on the controller and uses the connection settings there.
  - C(query) always returns a list. C(lookup) returns the entry itself if there is only one.
seealso:
  - module: azsphere.fleet.device_info
  - plugin: azsphere.fleet.device_id
    plugin_type: test
"""

EXAMPLES = r"""
- name: Show the device group of a device
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.devices', '0a' * 64, tenant='Contoso Fleet').device_group }}"

- name: List the devices of a device group
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.devices', product='Kettle', device_group='Production', tenant='Contoso Fleet') }}"
"""

RETURN = r"""
_raw:
  description: The devices, sorted by ID or in the order of the terms, in the format of M(azsphere.fleet.device_info).
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
