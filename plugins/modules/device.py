#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device
version_added: 0.1.0
short_description: Claim devices and assign them to device groups
description:
  - Ensures that devices are claimed into the tenant and are in the given device groups, from one device to a hundred
    thousand in one task. B(A claim cannot be undone), since a device cannot be removed from a tenant. An unclaimed
    device is an error unless O(claim=true).
  - The module validates all rows before the first request, and plans all changes before the first write.
  - Each device has its own outcome. If some devices fail, the module still processes the others, and the task fails at
    the end with all outcomes. After fixing the cause, run the task again; it then processes only the remaining devices.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes
  - azsphere.fleet.bulk
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  ids:
    description:
      - Device IDs, 128 hexadecimal digits each. Case is ignored. All devices are assigned to O(device_group), if set.
    type: list
    elements: str
  devices:
    description: Devices, each with its own product and device group.
    type: list
    elements: dict
    suboptions:
      id:
        description: Device ID, 128 hexadecimal digits.
        type: str
        required: true
      product:
        description: Product, by name or GUID.
        type: str
      device_group:
        description:
          - Device group, by name in the product or by GUID. If not set, or if device group and product are both empty,
            the device is only claimed.
        type: str
  src:
    description:
      - Path of a CSV file with the columns C(DeviceId,ProductName,DeviceGroupName), the format of the Azure Sphere
        manufacturing tools. Other columns are ignored.
      - An ambiguous row, for example with an unclosed quote, is an error. A file with a header and no rows is a
        warning.
    type: path
  product:
    description: Product of O(device_group), by name or GUID. Requires O(ids).
    type: str
  device_group:
    description: Device group for all O(ids), by name in the product or by GUID.
    type: str
  unassign:
    description:
      - Whether all O(ids) leave their device groups. They stay claimed.
      - The Legacy API cannot do this, so there V(true) is C(unsupported).
    type: bool
  outcomes:
    description: Devices to list in RV(outcomes).
    type: str
    choices: [all, changes, failures]
    default: all
notes:
  - With O(wait=false), the module starts moves without waiting for them. It always waits for claims, since a move
    requires a claimed device.
  - Before a claim, the service does not report whether a device belongs to another tenant or does not exist, so check
    mode cannot detect this. In a real run, only the device concerned fails.
  - With O(api=integrated), devices are claimed into their device group in one request.
seealso:
  - module: azsphere.fleet.device_info
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: Move two claimed devices to the development group
  azsphere.fleet.device:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Development
    ids:
      - "{{ '0a' * 64 }}"
      - "{{ '0b' * 64 }}"

- name: Claim the devices of a factory list permanently
  azsphere.fleet.device:
    tenant: Contoso Fleet
    src: devices.csv
    claim: true
    max_changes: 1000
    outcomes: failures
    journal: devices.journal.jsonl
"""

RETURN = r"""
summary:
  description:
    - Number of devices in total and by outcome. C(not_tried) counts devices whose claim or move was not sent.
  returned: success
  type: dict
  sample: {total: 500, claimed: 500, moved: 500, unchanged: 0, failed: 0, not_tried: 0}
outcomes:
  description: One entry for each device that O(outcomes) selects.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Device ID in lower case.
      type: str
    row:
      description: Position in the list or line in the file, starting at 1.
      type: int
    actions:
      description: Actions that were performed, V(claim) and V(move).
      type: list
      elements: str
    changed:
      description: Whether the device changed, or an operation on it was still running at the timeout.
      type: bool
    failed:
      description: Whether the device failed.
      type: bool
    unknown:
      description:
        - Whether the outcome of a failed claim or move is unknown. The service accepted it, or may have, but its effect
          was not visible in time. It may take effect later; the next run reads the state.
      type: bool
    msg:
      description: Why the device failed or was skipped. Empty otherwise.
      type: str
  sample:
    - id: "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
      row: 1
      actions: [claim, move]
      changed: true
      failed: false
      unknown: false
      msg: ""
plan_digest:
  description: The SHA-256 of the plan, for O(expect_plan). Equal plans have equal digests.
  returned: success
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b2f9d3a2e7e2d0d3a4f1c6c1d2e3f4a5b
plan:
  description: The plan that O(expect_plan) rejected, as in O(plan_file).
  returned: when the plan was rejected
  type: dict
  sample:
    format: 1
    tenant: 7e000000-0000-4000-8000-0000000000c0
    packages: {}
    digest: 0f343b0931126a20f133d67c2b018a3b2f9d3a2e7e2d0d3a4f1c6c1d2e3f4a5b
    changes:
      - {kind: product, name: Kettle, action: create, before: null, after: {name: Kettle, description: null}}
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: BulkDeviceClaim
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: []
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 505, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import BULK, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import rows_of
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import (
    DEVICE_ID,
    DEVICE_ROW,
    LIST,
    NAME,
    PATH,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import devices
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = BULK + Arguments(
    {
        "ids": {"type": LIST, "elements": DEVICE_ID},
        # Without its suboptions: Ansible would report one bad row, and not which.
        "devices": {"type": LIST, "elements": DEVICE_ROW},
        "src": {"type": PATH},
        "product": {"type": NAME},
        "device_group": {"type": NAME},
        "unassign": {"type": "bool"},
        "outcomes": {"type": "str", "choices": ["all", "changes", "failures"], "default": "all"},
    },
    required_one_of=(("ids", "devices", "src"),),
    mutually_exclusive=(
        ("ids", "devices", "src"),
        ("devices", "product"),
        ("devices", "device_group"),
        ("src", "product"),
        ("src", "device_group"),
        ("unassign", "devices"),
        ("unassign", "src"),
        ("unassign", "device_group"),
    ),
)


def run(params: Params, context: Context) -> Result:
    """Ensures that the devices are claimed and in their device groups."""
    limits = Limits.of(params)
    rows = rows_of(params, context.files, context.warn)
    approval = Approval.of(params, context)
    waiting = Waiting.of(params, renewable=True)
    return devices.apply_devices(context, rows, limits, waiting, approval, params["outcomes"])


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
