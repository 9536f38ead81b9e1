#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: account_info
version_added: 0.1.0
short_description: Tell which account tasks run as
description:
  - Signs in as any task would, and tells who that is, by which way of signing in, until when the token is good, and in
    which tenants the account has a role. No secret is returned.
  - RV(account.address) is what Azure Sphere calls the account, and so what M(azsphere.fleet.user_role) wants as its
    O(azsphere.fleet.user_role#module:user).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
notes:
  - When the service turns the account away, the task fails, and RV(account) is returned all the same.
seealso:
  - module: azsphere.fleet.login
  - module: azsphere.fleet.tenant_info
  - module: azsphere.fleet.user_role
"""

EXAMPLES = r"""
- name: Who am I?
  azsphere.fleet.account_info:
  register: me

- name: Show what to give a role to
  ansible.builtin.debug:
    var: me.account.address
"""

RETURN = r"""
account:
  description: The account, as its token tells; what the token does not tell is null.
  returned: when there is a token
  type: dict
  contains:
    source:
      description: The way of signing in, one of the choices of O(auth_source).
      type: str
    username:
      description: Name of a person; null for applications and managed identities.
      type: str
    object_id:
      description: Object ID of the person or service principal in its directory.
      type: str
    directory_id:
      description: The Microsoft Entra directory that the token is of.
      type: str
    client_id:
      description: The application that asked for the token.
      type: str
    address:
      description: What Azure Sphere calls the account.
      type: str
    expires_on:
      description: When the token ends, ISO 8601 in UTC. It is renewed before.
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
  description: The tenants in which the account has a role, by name.
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
  sample: {requests: 1, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.tenants import tenants
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments()


def run(_params: Params, context: Context) -> Result:
    """Tells who this is and what it may use."""
    account = context.account().as_dict()
    try:
        return Result(values={"account": account, "tenants": tenants(context.service)})
    except FleetError as error:
        return Result(values={"account": account}, error=error)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
