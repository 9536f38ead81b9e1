#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device
version_added: 0.1.0
short_description: Claim devices and put them into device groups
description:
  - Sees to it that devices are claimed into the tenant and are in a given device group, one or a hundred thousand in
    one task. B(A claim is for ever), as there is no way to take a device out of a tenant again. An unclaimed device is
    an error unless O(claim=true).
  - All rows are checked before the first request, and what is to change is known before the first write.
  - Each device has an outcome of its own. If some fail the others are done, and the task fails at the end with all
    outcomes. Run it again when the cause is mended, and it does only what is left.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.bulk
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  ids:
    description: Device IDs, 128 hexadecimal digits each, in any case. All go to O(device_group), if it is given.
    type: list
    elements: str
  devices:
    description: Devices, each with its own place.
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
        description: Device group, by name in the product, or by GUID. Without one, or with an empty one and an empty
          product, the device is only claimed.
        type: str
  src:
    description:
      - CSV file with the columns C(DeviceId,ProductName,DeviceGroupName), as the manufacturing tools of Azure Sphere
        use it. Other columns are ignored.
      - A row that cannot be read with certainty, for example because a quote is not closed, is an error. A file with a
        header and no rows is a warning.
    type: path
  product:
    description: Product of O(device_group), by name or GUID. Only with O(ids).
    type: str
  device_group:
    description: Device group for all of O(ids), by name in the product, or by GUID.
    type: str
  outcomes:
    description: Which devices to list in RV(outcomes).
    type: str
    choices: [all, changes, failures]
    default: all
notes:
  - With O(wait=false), moves are started and not waited for. Claims always are, as a move needs them.
  - The service tells nobody before a claim whether a device belongs to another tenant or does not exist at all, so a
    check run cannot tell either. Such a device fails alone.
seealso:
  - module: azsphere.fleet.device_info
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: Two devices for the laboratory, claimed already
  azsphere.fleet.device:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Development
    ids:
      - "{{ '0a' * 64 }}"
      - "{{ '0b' * 64 }}"

- name: What came from the factory, claimed for ever
  azsphere.fleet.device:
    tenant: Contoso Fleet
    src: devices.csv
    claim: true
    max_changes: 1000
    outcomes: failures
"""

RETURN = r"""
summary:
  description: How many devices there were, and what became of them.
  returned: success
  type: dict
  sample: {total: 500, claimed: 500, moved: 500, unchanged: 0, failed: 0, not_tried: 0}
outcomes:
  description: One entry a device, as O(outcomes) chooses.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Device ID in lower case.
      type: str
    row:
      description: Place in the list, or line of the file, from 1.
      type: int
    actions:
      description: What was done, of V(claim) and V(move).
      type: list
      elements: str
    changed:
      description: Whether anything was done, or was still under way when the wait ended.
      type: bool
    failed:
      description: Whether something went wrong.
      type: bool
    msg:
      description: Why it failed, or why it was not tried. Empty when all is well.
      type: str
  sample:
    - id: "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
      row: 1
      actions: [claim, move]
      changed: true
      failed: false
      msg: ""
operation:
  description: The last operation that the service started for this task; null when it started none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: BulkDeviceClaim
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of values that are null because only the service can give them.
  returned: success
  type: list
  elements: str
  sample: []
api:
  description: What the task cost.
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
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = BULK + Arguments(
    {
        "ids": {"type": LIST, "elements": DEVICE_ID},
        # Without its suboptions: Ansible would report one bad row, and not which.
        "devices": {"type": LIST, "elements": DEVICE_ROW},
        "src": {"type": PATH},
        "product": {"type": NAME},
        "device_group": {"type": NAME},
        "outcomes": {"type": "str", "choices": ["all", "changes", "failures"], "default": "all"},
    },
    required_one_of=(("ids", "devices", "src"),),
    mutually_exclusive=(
        ("ids", "devices", "src"),
        ("devices", "product"),
        ("devices", "device_group"),
        ("src", "product"),
        ("src", "device_group"),
    ),
)


def run(params: Params, context: Context) -> Result:
    """Claims and moves the devices that the options describe."""
    limits = devices.Limits.of(params)
    rows = rows_of(params, context.files, context.warn)
    return devices.bring_about_devices(context, rows, limits, Waiting.of(params), params["outcomes"])


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
