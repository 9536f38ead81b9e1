#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant
version_added: 0.1.0
short_description: Rename or create Azure Sphere tenants, and block legacy authorization
description:
  - Renames a tenant, creates a tenant from an unclaimed device, or blocks legacy authorization of a tenant. B(Creating
    a tenant and blocking legacy authorization cannot be undone.) A tenant cannot be deleted, its device cannot be used
    to create another one, and legacy authorization cannot be allowed again. Both actions require O(confirm) with the
    exact name of the tenant.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  name:
    description:
      - New name of the tenant O(tenant), 1 to 50 letters, digits and spaces. Case is significant.
      - Without O(device_id), O(tenant) must be a GUID, since a second run would not find the old name.
      - With O(device_id), the name of the tenant to create.
      - With the Integrated API, the name of the catalog to create in the resource group of the connection, 1 to 50
        letters, digits, hyphens and underscores. O(confirm) is then enough, since no device is needed. A catalog that
        exists stays as it is, with its tags.
    type: str
  device_id:
    description:
      - ID of a device that is unclaimed and has never been used to create a tenant, 128 hexadecimal digits.
      - The module creates the tenant O(name) from this device, unless the account can already use a tenant with exactly
        this name. B(This cannot be undone). O(tenant) is not used.
      - Creating a tenant does not claim the device.
    type: str
  legacy_authorization:
    description:
      - V(blocked) blocks legacy authorization of the tenant O(tenant). B(This cannot be undone).
      - The service does not report whether legacy authorization is blocked, so the module records it in O(record),
        which is required.
    type: str
    choices: [blocked]
  record:
    description:
      - Path of a JSON file that records the tenants whose legacy authorization was blocked.
      - If the tenant is in this file, no request is sent. Keep the file with your playbooks. If it is lost, the module
        sends the request again, which does not change the tenant.
      - The module writes the new record to a temporary file in the same directory before it sends the request. The
        directory must exist; in check mode, a missing directory is a warning.
      - The module locks the directory of the file from reading the record to replacing it, so that parallel tasks lose
        no entry. It waits for the lock until O(wait_timeout) and then fails without sending the request.
      - The record is written only after the confirmation that the service documents. After any other reply the outcome
        is unknown. The next run then sends the request again, because nothing can show whether it was executed.
    type: path
  confirm:
    description:
      - Exact name of the tenant to create, or of the tenant whose legacy authorization to block.
      - Required with O(device_id), O(legacy_authorization) and to create a catalog, even if nothing remains to be
        changed. Not allowed otherwise.
    type: str
notes:
  - With O(api=integrated), this creates the catalog that the connection names, which needs no device. Renaming it and
    O(legacy_authorization) are C(unsupported).
  - Nothing can show whether legacy authorization is blocked. If the reply to the request is lost, the module may send
    it again, which does no harm.
seealso:
  - module: azsphere.fleet.tenant_info
"""

EXAMPLES = r"""
- name: Create a tenant permanently
  azsphere.fleet.tenant:
    name: Contoso Laboratory
    device_id: "{{ 'c0' * 64 }}"
    confirm: Contoso Laboratory

- name: Block legacy authorization permanently
  azsphere.fleet.tenant:
    tenant: Contoso Fleet
    legacy_authorization: blocked
    record: blocked-tenants.json
    confirm: Contoso Fleet

- name: Rename a tenant
  azsphere.fleet.tenant:
    tenant: "{{ lookup('azsphere.fleet.tenants', 'Contoso Fleet').id }}"
    name: Contoso Fleet Europe
"""

RETURN = r"""
tenant:
  description:
    - The tenant after the task.
    - If O(legacy_authorization) is set, C(legacy_authorization) is the state recorded in O(record).
  returned: success
  type: dict
  sample:
    id: 11111111-2222-4333-8444-555555555555
    name: Contoso Laboratory
    roles: [Administrator]
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: TenantCreation
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["tenant.id"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import EXACT, NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import tenant
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import apply_plan
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        "name": {"type": EXACT},
        "device_id": {"type": NAME},
        "legacy_authorization": {"type": "str", "choices": [tenant.BLOCKED]},
        "record": {"type": PATH},
        "confirm": {"type": EXACT},
    },
    # What cannot be undone is done in its own task.
    mutually_exclusive=(("name", "legacy_authorization"), ("device_id", "legacy_authorization")),
    required_one_of=(("name", "legacy_authorization"),),
    required_together=(("legacy_authorization", "record"),),
)


def run(params: Params, context: Context) -> Result:
    """Ensures the tenant that the options describe."""
    desired = tenant.DesiredTenant(
        tenant=params["tenant"],
        name=params["name"],
        device_id=params["device_id"],
        record=params["record"],
        confirm=params["confirm"],
    )
    return apply_plan(context, tenant.planner(desired, context.files), Waiting.of(params), "tenant")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
