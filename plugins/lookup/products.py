# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: products
version_added: 0.1.0
short_description: Retrieve products of an Azure Sphere tenant
description:
  - Returns all or selected products with their device groups.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Names or GUIDs of products. Case is ignored. If not set, all products are returned. A missing product is an
        error that lists the available ones.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller and uses the connection settings there.
  - C(query) always returns a list. C(lookup) returns the entry itself if there is only one.
seealso:
  - module: azsphere.fleet.product_info
"""

EXAMPLES = r"""
- name: Show the GUID of a product
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.products', 'Kettle', tenant='Contoso Fleet').id }}"

- name: List the names of all products
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.products', tenant='Contoso Fleet') | map(attribute='name') }}"
"""

RETURN = r"""
_raw:
  description: The products, sorted by name or in the order of the terms, each with its device groups.
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
