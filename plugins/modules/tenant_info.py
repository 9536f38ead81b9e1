#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_info
version_added: 0.1.0
short_description: Read Azure Sphere tenants
description:
  - Lists the tenants that the account may use, with the roles that it has in them, or reads the one that is given.
  - It works without O(tenant), so it tells what to set there.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
seealso:
  - module: azsphere.fleet.tenant
  - module: azsphere.fleet.account_info
  - plugin: azsphere.fleet.tenants
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: All tenants that this account may use
  azsphere.fleet.tenant_info:
  register: found

- name: One of them
  azsphere.fleet.tenant_info:
    tenant: Contoso Fleet
"""

RETURN = r"""
tenants:
  description: The tenants by name. With O(tenant), only that one; it is an error if the account may not use it.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 11111111-2222-4333-8444-555555555555
      name: Contoso Fleet
      roles: [Administrator]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.tenants import tenant_in_use, tenants
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments()


def run(params: Params, context: Context) -> Result:
    """Reads what was asked for."""
    found = tenants(context.service) if params["tenant"] is None else [tenant_in_use(context.service)]
    return Result(values={"tenants": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
