#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_info
version_added: 0.1.0
short_description: Retrieve information about Azure Sphere tenants
description:
  - Lists the tenants that the account can use and its roles in them, or returns a single tenant.
  - O(tenant) is optional, so use this module to find out which tenants are available.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
notes:
  - With O(api=integrated), tenants are catalogs. C(id) is the GUID of the Azure Sphere tenant behind a catalog, and
    C(roles) are empty.
seealso:
  - module: azsphere.fleet.tenant
  - module: azsphere.fleet.account_info
  - plugin: azsphere.fleet.tenants
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List all tenants that this account can use
  azsphere.fleet.tenant_info:
  register: found

- name: Retrieve one tenant
  azsphere.fleet.tenant_info:
    tenant: Contoso Fleet
"""

RETURN = r"""
tenants:
  description:
    - The tenants, sorted by name. With O(tenant) or O(catalog), only that one; the task fails if the account cannot use
      it. With O(api=integrated), P(azsphere.fleet.tenants#lookup) and M(azsphere.fleet.account_info) list all catalogs.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 11111111-2222-4333-8444-555555555555
      name: Contoso Fleet
      roles: [Administrator]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
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
    """Returns the tenants that match the options."""
    named = params["tenant"] is not None or params["catalog"] is not None
    found = [tenant_in_use(context.service)] if named else tenants(context.service)
    return Result(values={"tenants": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
