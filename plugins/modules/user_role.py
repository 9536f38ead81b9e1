#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: user_role
version_added: 0.1.0
short_description: Manage the roles of users and service principals in an Azure Sphere tenant
description:
  - Assigns roles to a user or service principal, and removes roles. A user without a role in the tenant is invited
    first.
  - The account that runs the task keeps its Administrator role unless O(force=true), since there may be no other
    Administrator to restore it.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
options:
  user:
    description:
      - Email address of a user, or GUID of a principal. Case is ignored.
      - For a service principal, use C(<object id>@<directory id>.onmicrosoft.com) with the object ID of the service
        principal, not the ID of its application.
      - Only an address can be invited. The service does not validate it.
    type: str
    required: true
  roles:
    description:
      - Roles of the user, V(Administrator), V(Contributor) or V(Reader). Case is ignored.
      - With O(state=absent), the roles to remove. If not set, all roles are removed.
      - Required with O(state=present).
    type: list
    elements: str
  exclusive:
    description: Whether to remove all roles that are not in O(roles). Requires O(state=present).
    type: bool
    default: false
  force:
    description: Whether to allow removing the Administrator role of the account that runs the task.
    type: bool
    default: false
  state:
    description: Whether the user must have the roles.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The account must be an Administrator of the tenant.
  - After an invitation, it takes the service some seconds until a role can be assigned. The task retries for up to
    O(retry_timeout).
  - With O(api=integrated), this is C(unsupported). Access is managed by Azure role assignments.
  - Nothing can show whether an invitation was sent. If the reply to it is lost, the module may send it again, and the
    user may receive another e-mail.
seealso:
  - module: azsphere.fleet.user_info
"""

EXAMPLES = r"""
- name: Ensure that Ada can read and deploy
  azsphere.fleet.user_role:
    tenant: Contoso Fleet
    user: ada@contoso.example
    roles: [Reader, Contributor]

- name: Ensure that Sam can only read
  azsphere.fleet.user_role:
    tenant: Contoso Fleet
    user: sam@contoso.example
    roles: [Reader]
    exclusive: true

- name: Assign a role to the service principal of a pipeline
  azsphere.fleet.user_role:
    tenant: Contoso Fleet
    user: 7d1b8a52-0e1c-4c36-9f0d-3f2f6b1f4e11@5b6c1e0a-2f43-4c7b-8f0e-0d8c5a4e9b77.onmicrosoft.com
    roles: [Contributor]

- name: Remove all roles of Ada
  azsphere.fleet.user_role:
    tenant: Contoso Fleet
    user: ada@contoso.example
    state: absent
"""

RETURN = r"""
user:
  description: The user after the task; null if the user has no role in the tenant.
  returned: success
  type: dict
  sample:
    id: 2b1f0b5c-8f5e-4f0e-9a53-6f1d1f6f2c10
    name: Ada
    mail: ada@contoso.example
    roles: [Contributor, Reader]
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["user.id", "user.name"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import UserSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import LIST, NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import user_role
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import execute
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "user": {"type": NAME, "required": True},
        "roles": {"type": LIST, "elements": NAME},
        "exclusive": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    required_if=(("state", "present", ("roles",)),),
)


def run(params: Params, context: Context) -> Result:
    """Ensures the roles that the options describe."""
    spec = UserSpec(
        user=params["user"],
        roles=tuple(params["roles"] or ()),
        exclusive=params["exclusive"],
        present=params["state"] == "present",
        force=params["force"],
    )
    outcome = execute(context, lambda service: user_role.plan(service, spec), Waiting.of(params))
    return Result(outcome.changed, {"user": outcome.after.values}, outcome.diff, outcome.error)


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
