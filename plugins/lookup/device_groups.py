# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: device_groups
version_added: 0.1.0
short_description: Retrieve device groups of an Azure Sphere tenant
description:
  - Returns all or selected device groups with their current deployments.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Device groups, as C(Product/Group), as a GUID, or as a group name that is unique among all products. Case is
        ignored. If not set, all device groups are returned. A missing device group or an ambiguous name is an error
        that lists the available ones.
    type: list
    elements: str
  product:
    description:
      - Return only device groups of this product, by name or GUID. The terms are then names in this product, or GUIDs.
    type: str
notes:
  - The lookup only reads. It runs on the controller and uses the connection settings there.
  - C(query) always returns a list. C(lookup) returns the entry itself if there is only one.
seealso:
  - module: azsphere.fleet.device_group_info
"""

EXAMPLES = r"""
- name: Show the current deployment of the production group
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.device_groups', 'Kettle/Production', tenant='Contoso Fleet').current_deployment }}"

- name: List the device groups of a product
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.device_groups', product='Kettle', tenant='Contoso Fleet') | map(attribute='name') }}"
"""

RETURN = r"""
_raw:
  description:
    - The device groups, sorted by product and name, or in the order of the terms, in the format of
      RV(azsphere.fleet.device_group#module:device_group).
  type: list
  elements: dict
  sample:
    - id: b1000000-0000-4000-8000-000000000003
      name: Production
      description: null
      os_feed: Retail
      update_policy: UpdateAll
      allow_crash_dumps_collection: false
      current_deployment: null
      product_id: a1000000-0000-4000-8000-000000000001
      product: Kettle
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._queries import products
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._lookups import FleetLookup


class LookupModule(FleetLookup):
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        product = self.get_option("product")
        if not terms:
            return products.device_groups(service, product)
        return [products.device_group(service, term, product) for term in terms]
