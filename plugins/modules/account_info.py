#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: account_info
version_added: 0.1.0
short_description: Retrieve information about the account that tasks use
description:
  - Signs in like any other task, and returns the account, the authentication method, the expiry of the token, and the
    tenants in which the account has a role. No secret is returned.
  - RV(account.address) identifies the account in Azure Sphere. Use it as O(azsphere.fleet.user_role#module:user) in
    M(azsphere.fleet.user_role).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
notes:
  - If the service rejects the account, the task fails, but RV(account) is still returned.
  - With O(api=integrated), RV(tenants) are the catalogs of the subscription, without roles. Assign Azure roles to
    RV(account.object_id).
seealso:
  - module: azsphere.fleet.login
  - module: azsphere.fleet.tenant_info
  - module: azsphere.fleet.user_role
"""

EXAMPLES = r"""
- name: Retrieve the account that this playbook uses
  azsphere.fleet.account_info:
  register: me

- name: Show the address to assign roles to
  ansible.builtin.debug:
    var: me.account.address
"""

RETURN = r"""
account:
  description: The account, as described by its token. Values that the token does not contain are null.
  returned: when a token was obtained
  type: dict
  contains:
    source:
      description: The authentication method, one of the choices of O(auth_source).
      type: str
    username:
      description: User name; null for applications and managed identities.
      type: str
    object_id:
      description: Object ID of the user or service principal in its directory.
      type: str
    directory_id:
      description: ID of the Microsoft Entra directory that issued the token.
      type: str
    client_id:
      description: ID of the application that requested the token.
      type: str
    address:
      description: Name of the account in Azure Sphere.
      type: str
    expires_on:
      description: Expiry of the token, in ISO 8601 format, UTC. The token is renewed before it expires.
      type: str
  sample:
    source: client_secret
    username: null
    object_id: 7d1b8a52-0e1c-4c36-9f0d-3f2f6b1f4e11
    directory_id: 5b6c1e0a-2f43-4c7b-8f0e-0d8c5a4e9b77
    client_id: 9a6f3c1d-5b1e-4d2a-8f7e-2c4b6a8d0e1f
    address: 7d1b8a52-0e1c-4c36-9f0d-3f2f6b1f4e11@5b6c1e0a-2f43-4c7b-8f0e-0d8c5a4e9b77.onmicrosoft.com
    expires_on: "2026-05-06T08:08:10Z"
tenants:
  description: The tenants in which the account has a role, sorted by name.
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
  sample: {requests: 1, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.tenants import tenants
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments()


def run(_params: Params, context: Context) -> Result:
    """Returns the account and the tenants in which it has a role."""
    account = context.account().as_dict()
    try:
        return Result(values={"account": account, "tenants": tenants(context.service)})
    except FleetError as error:
        return Result(values={"account": account}, error=error)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
