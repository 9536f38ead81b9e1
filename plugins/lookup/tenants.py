# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
version_added: 0.1.0
short_description: Azure Sphere tenants that the account may use
description:
  - Gives the tenants in which the account has a role, all of them or some. It works without O(tenant).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Names, in their own case, or GUIDs. Without any, all tenants. One that is not there is an error that names
        those that are.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller, with what is configured there.
  - C(query) gives a list whatever its length, C(lookup) gives the entry itself when there is one.
seealso:
  - module: azsphere.fleet.tenant_info
"""

EXAMPLES = r"""
- name: The tenants that this account may use
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.tenants') | map(attribute='name') }}"

- name: The GUID of one of them
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.tenants', 'Contoso Fleet').id }}"
"""

RETURN = r"""
_raw:
  description: The tenants by name, or in the order of the terms.
  type: list
  elements: dict
  sample:
    - id: 11111111-2222-4333-8444-555555555555
      name: Contoso Fleet
      roles: [Administrator]
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._queries import tenants
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.plugin_utils._lookups import FleetLookup


class LookupModule(FleetLookup):
    #: Names of tenants are exact.
    term = staticmethod(texts.filled)

    def read(self, service: Service, terms: list[str]) -> list[Values]:
        return tenants.tenants_named(service, terms) if terms else tenants.tenants(service)
