# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
version_added: 0.1.0
short_description: Retrieve the Azure Sphere tenants that the account can use
description:
  - Returns all or selected tenants in which the account has a role. O(tenant) is optional.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.connection.plugin
options:
  _terms:
    description:
      - Names or GUIDs of tenants. The case of names is significant. If not set, all tenants are returned. A missing
        tenant is an error that lists the available ones.
    type: list
    elements: str
notes:
  - The lookup only reads. It runs on the controller and uses the connection settings there.
  - C(query) always returns a list. C(lookup) returns the entry itself if there is only one.
  - With O(api=integrated), tenants are catalogs.
seealso:
  - module: azsphere.fleet.tenant_info
"""

EXAMPLES = r"""
- name: List the names of the tenants that this account can use
  ansible.builtin.debug:
    msg: "{{ query('azsphere.fleet.tenants') | map(attribute='name') }}"

- name: Show the GUID of one tenant
  ansible.builtin.debug:
    msg: "{{ lookup('azsphere.fleet.tenants', 'Contoso Fleet').id }}"
"""

RETURN = r"""
_raw:
  description: The tenants, sorted by name or in the order of the terms.
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
