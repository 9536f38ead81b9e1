#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant
version_added: 0.1.0
short_description: Name a tenant, create one, and end legacy authorization
description:
  - Renames a tenant, creates one from an unclaimed device, or blocks legacy authorization of one.
    B(Two of these are for ever.) A tenant can never be deleted, and the device that made it can make no other;
    legacy authorization that was blocked can never be allowed again. Both are refused unless O(confirm) is the exact
    name of the tenant.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  name:
    description:
      - The name that the tenant O(tenant) is to have. Letters, digits and spaces, at most 50 characters; upper and
        lower case differ.
      - Without O(device_id), O(tenant) has to be a GUID, as a second run would not find the old name.
      - With O(device_id), the name of the tenant that is to be there.
    type: str
  device_id:
    description:
      - Device ID, 128 hexadecimal digits, of a device that nobody has claimed and that never made a tenant.
      - The tenant O(name) is created from it, B(for ever), unless the account may use a tenant of exactly this name
        already. O(tenant) has no part in it.
      - Creating a tenant does not claim the device.
    type: str
  legacy_authorization:
    description:
      - V(blocked) blocks legacy authorization of the tenant O(tenant), B(for ever).
      - The service has no way to ask whether it is blocked, so that it was done is written down in O(record), which is
        needed with it.
    type: str
    choices: [blocked]
  record:
    description:
      - File that records, as JSON, for which tenants legacy authorization was blocked.
      - When this tenant is in it, nothing is sent. Keep the file with your playbooks. If it is lost, the tenant is
        blocked once more, which changes nothing in it.
      - The new record is on disk, as a temporary file beside the record, before the tenant is blocked. Its directory
        must exist; in check mode a missing one is a warning.
    type: path
  confirm:
    description:
      - The exact name of the tenant that is to be created, or whose legacy authorization is to be blocked.
      - Needed with O(device_id) and O(legacy_authorization), whether or not there is still anything to do. Refused
        without them.
    type: str
seealso:
  - module: azsphere.fleet.tenant_info
"""

EXAMPLES = r"""
- name: A new tenant, for ever
  azsphere.fleet.tenant:
    name: Contoso Laboratory
    device_id: "{{ 'c0' * 64 }}"
    confirm: Contoso Laboratory

- name: No legacy authorization any more, for ever
  azsphere.fleet.tenant:
    tenant: Contoso Fleet
    legacy_authorization: blocked
    record: blocked-tenants.json
    confirm: Contoso Fleet

- name: Another name for a tenant
  azsphere.fleet.tenant:
    tenant: "{{ lookup('azsphere.fleet.tenants', 'Contoso Fleet').id }}"
    name: Contoso Fleet Europe
"""

RETURN = r"""
tenant:
  description:
    - The tenant as it is now.
    - With O(legacy_authorization), what O(record) says of it is in C(legacy_authorization).
  returned: success
  type: dict
  sample:
    id: 11111111-2222-4333-8444-555555555555
    name: Contoso Laboratory
    roles: [Administrator]
operation:
  description: The last operation that the service started for this task; null when it started none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: TenantCreation
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of values that are null because only the service can give them. Empty in a real run that waits.
  returned: success
  type: list
  elements: str
  sample: ["tenant.id"]
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 3, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import EXACT, NAME, PATH
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import tenant
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import bring_about
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        "name": {"type": EXACT},
        "device_id": {"type": NAME},
        "legacy_authorization": {"type": "str", "choices": [tenant.BLOCKED]},
        "record": {"type": PATH},
        "confirm": {"type": EXACT},
    },
    # What is for ever is done in a task of its own.
    mutually_exclusive=(("name", "legacy_authorization"), ("device_id", "legacy_authorization")),
    required_one_of=(("name", "legacy_authorization"),),
    required_together=(("legacy_authorization", "record"),),
)


def run(params: Params, context: Context) -> Result:
    """Brings about the tenant that the options describe."""
    desired = tenant.DesiredTenant(
        tenant=params["tenant"],
        name=params["name"],
        device_id=params["device_id"],
        record=params["record"],
        confirm=params["confirm"],
    )
    return bring_about(context, tenant.planner(desired, context.files), Waiting.of(params), "tenant")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
