#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
version_added: 0.1.0
short_description: Retrieve the users of an Azure Sphere tenant and their roles
description:
  - Lists the users and service principals that have a role in the tenant, and the available roles.
  - Only Administrators of the tenant can list all users.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  user:
    description: Return only this user or service principal, by address or by the GUID of the principal.
    type: str
notes:
  - With O(api=integrated), this is C(unsupported). Access is managed by Azure role assignments.
seealso:
  - module: azsphere.fleet.user_role
  - module: azsphere.fleet.account_info
"""

EXAMPLES = r"""
- name: List all users with a role in the tenant
  azsphere.fleet.user_info:
    tenant: Contoso Fleet
  register: access

- name: Retrieve the roles of one user
  azsphere.fleet.user_info:
    tenant: Contoso Fleet
    user: ada@contoso.example
"""

RETURN = r"""
users:
  description: The users, sorted by address. Empty if O(user) has no role in the tenant.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 91000000-0000-4000-8000-000000000001
      name: Ada
      mail: ada@contoso.example
      roles: [Administrator]
roles_available:
  description: The available roles.
  returned: success
  type: list
  elements: str
  sample: [Administrator, Contributor, Reader]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.tenants import users
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments({"user": {"type": NAME}})


def run(params: Params, context: Context) -> Result:
    """Returns the users that match the options, and the available roles."""
    found = users(context.service, params["user"])
    return Result(values={"users": found, "roles_available": list(context.service.users.roles())})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
