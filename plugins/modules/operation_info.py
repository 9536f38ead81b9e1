#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_info
version_added: 0.1.0
short_description: Read an operation of the Azure Sphere service, or wait for it
description:
  - Tells how an operation stands that another task started, with all that the service says of its kind, and waits for
    its end if wanted.
  - An operation that failed does not fail this task. What became of it is in RV(operation.state) and
    RV(operation.error).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  id:
    description: The operation's ID (a GUID), RV(ignore:operation.id) of the task that started it.
    type: str
    required: true
  wait:
    description: Whether to wait until the operation is over.
    type: bool
    default: false
  wait_timeout:
    description: How many seconds to wait in all. When they are over, the task fails with the last state seen.
    type: float
    default: 600
seealso:
  - module: azsphere.fleet.product
  - module: azsphere.fleet.image
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.device
"""

EXAMPLES = r"""
- name: Start to make a product
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Teapot
    wait: false
  register: started

- name: Wait until it is made
  azsphere.fleet.operation_info:
    tenant: Contoso Fleet
    id: "{{ started.operation.id }}"
    wait: true
  register: made
  failed_when: made.operation.state != 'Complete'
  when: started is changed and not ansible_check_mode
"""

RETURN = r"""
operation:
  description: The operation.
  returned: success
  type: dict
  contains:
    id:
      description: GUID of the operation.
      type: str
    type:
      description: What the operation does, such as V(ImageUpload).
      type: str
    state:
      description:
        - V(NotStarted), V(InProgress), V(Complete), V(Failed) or V(CompleteWithErrors). The last three are final.
      type: str
    created:
      description: When it was asked for.
      type: str
    started:
      description: When the service began with it.
      type: str
    completed:
      description: When it was over.
      type: str
    error:
      description: Why it failed, with C(code) and C(message); null when it did not.
      type: dict
    tenant_id:
      description: GUID of the tenant; null for an operation outside of all tenants.
      type: str
    resource:
      description: Where that which it made can be found, in the service's own words.
      type: str
    details:
      description:
        - What the service tells beyond that of image uploads, deployments and bulk claims; null for other kinds.
      type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: DeleteProduct
    state: Complete
    created: "2026-05-06T07:08:09Z"
    started: "2026-05-06T07:08:10Z"
    completed: "2026-05-06T07:08:12Z"
    error: null
    tenant_id: 11111111-2222-4333-8444-555555555555
    resource: null
    details: null
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, NUMBER
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.operations import operation
from ansible_collections.azsphere.fleet.plugins.module_utils._resolve import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": NAME, "required": True},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": NUMBER, "default": 600},
    }
)


def run(params: Params, context: Context) -> Result:
    """Reads the operation, when it is over if so wanted."""
    operation_id = guid(params["id"], "operation")
    waiting = Waiting.of(params)
    found = operation(context.service, operation_id, waiting.deadline if waiting.wait else None)
    return Result(values={"operation": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
