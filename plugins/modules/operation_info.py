#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_info
version_added: 0.1.0
short_description: Retrieve the status of an Azure Sphere operation
description:
  - Returns the status and details of an asynchronous operation that another task started, and optionally waits until it
    is complete.
  - This task does not fail if the operation failed. Check RV(operation.state) and RV(operation.error).
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  id:
    description: ID of the operation (a GUID), from RV(ignore:operation.id) of the task that started it.
    type: str
    required: true
  wait:
    description: Whether to wait until the operation is complete.
    type: bool
    default: false
  wait_timeout:
    description: Maximum time to wait, in seconds. After a timeout, the task fails with the last known state.
    type: float
    default: 600
notes:
  - With O(api=integrated), this is C(unsupported), since only the task that starts an operation can follow it.
seealso:
  - module: azsphere.fleet.product
  - module: azsphere.fleet.image
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.device
"""

EXAMPLES = r"""
- name: Start the creation of a product
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Teapot
    wait: false
  register: started

- name: Wait until the product is created
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
      description: Type of the operation, such as V(ImageUpload).
      type: str
    state:
      description:
        - State of the operation, one of V(NotStarted), V(InProgress), V(Complete), V(Failed) and V(CompleteWithErrors).
          The last three are final.
      type: str
    created:
      description: Time at which the operation was requested.
      type: str
    started:
      description: Time at which the service started the operation.
      type: str
    completed:
      description: Time at which the operation ended.
      type: str
    error:
      description: Error of the operation, with C(code) and C(message); null if the operation did not fail.
      type: dict
    tenant_id:
      description: GUID of the tenant; null for an operation that does not belong to a tenant.
      type: str
    resource:
      description: Location of the created resource, as reported by the service.
      type: str
    details:
      description:
        - Further details of image uploads, deployments and bulk claims; null for other operations.
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
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, NUMBER
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.operations import operation
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "id": {"type": NAME, "required": True},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": NUMBER, "default": 600},
    }
)


def run(params: Params, context: Context) -> Result:
    """Returns the operation, after waiting for it to complete if the options say so."""
    waiting = Waiting.of(params)
    found = operation(context.service, params["id"], waiting.deadline if waiting.wait else None)
    return Result(values={"operation": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
