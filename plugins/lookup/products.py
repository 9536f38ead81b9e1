# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: products
version_added: 0.1.0
short_description: Products of an Azure Sphere tenant
description:
  - Gives products with their device groups, all of them or some.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Names, whatever their case, or GUIDs. Without any, all products. One that is not there is an error that names
        those that are.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller, with what is configured there.
  - C(query) gives a list whatever its length, C(lookup) gives the entry itself when there is one.
seealso:
  - module: azsphere.fleet.product_info
"""

EXAMPLES = r"""
- name: The GUID of a product
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.products', 'Kettle', tenant='Contoso Fleet').id }}"

- name: All products
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.products', tenant='Contoso Fleet') | map(attribute='name') }}"
"""

RETURN = r"""
_raw:
  description: The products by name, or in the order of the terms, each with its device groups.
  type: list
  elements: dict
  sample:
    - id: a1000000-0000-4000-8000-000000000001
      name: Kettle
      description: Kettles for kitchens
      device_groups: []
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._queries import products
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._lookups import FleetLookup


class LookupModule(FleetLookup):
    def read(self, service: Service, terms: list[str]) -> list[Values]:
        return [products.product(service, term) for term in terms] if terms else products.products(service)
