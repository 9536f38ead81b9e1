#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_group
version_added: 0.1.0
short_description: Manage device groups of an Azure Sphere tenant
description:
  - Creates, updates, renames and deletes device groups of products.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  product:
    description: Product that contains the device group, by name or GUID. Mutually exclusive with O(id).
    type: str
  name:
    description:
      - Name of the device group, 1 to 50 letters, digits and spaces. Case and surrounding blanks are ignored.
      - With O(id), the new name of the device group.
    type: str
  id:
    description: GUID of an existing device group.
    type: str
  description:
    description:
      - Description of the device group. If not set, an existing description is kept. An empty string removes it.
    type: str
  os_feed:
    description:
      - Operating system releases that the devices receive. V(RetailEval) provides each release two weeks before
        V(Retail), for testing.
      - If not set, the value of an existing device group is kept, and a new device group has V(Retail).
    type: str
    choices: [Retail, RetailEval]
  update_policy:
    description:
      - Updates that the devices receive. V(UpdateAll) updates the operating system and applications,
        V(No3rdPartyAppUpdates) only the operating system.
      - If not set, the value of an existing device group is kept, and a new device group has V(UpdateAll).
    type: str
    choices: [UpdateAll, No3rdPartyAppUpdates]
  allow_crash_dumps_collection:
    description:
      - Whether Microsoft may collect crash dumps from the devices. A change reaches the devices within 48 hours.
      - If not set, the value of an existing device group is kept, and a new device group has V(false).
    type: bool
  state:
    description:
      - Whether the device group must exist.
      - A device group that contains devices cannot be deleted.
    type: str
    choices: [present, absent]
    default: present
notes:
  - With O(api=integrated), renaming is C(unsupported). Names have 1 or 2 letters and digits, or 3 to 50 letters, digits
    and spaces.
seealso:
  - module: azsphere.fleet.device_group_info
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.device
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: Ensure a device group that receives operating system releases early
  azsphere.fleet.device_group:
    tenant: Contoso Fleet
    product: Kettle
    name: Laboratory
    description: Kettles on our own desks
    os_feed: RetailEval
    update_policy: UpdateAll

- name: Rename a device group
  azsphere.fleet.device_group:
    tenant: Contoso Fleet
    id: "{{ lookup('azsphere.fleet.device_groups', 'Kettle/Field Test OS Evaluation', tenant='Contoso Fleet').id }}"
    name: Early Field Test

- name: Delete a device group
  azsphere.fleet.device_group:
    tenant: Contoso Fleet
    product: Kettle
    name: Laboratory
    state: absent
"""

RETURN = r"""
device_group:
  description: The device group after the task; null if it does not exist.
  returned: success
  type: dict
  sample:
    id: b1000000-0000-4000-8000-000000000001
    name: Laboratory
    description: Kettles on our own desks
    os_feed: RetailEval
    update_policy: UpdateAll
    allow_crash_dumps_collection: false
    current_deployment: null
    product_id: a1000000-0000-4000-8000-000000000001
    product: Kettle
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: DeleteDeviceGroup
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["device_group.id"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 4, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from functools import partial

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import (
    WAITING,
    Arguments,
    run_module,
    spec_options,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import DeviceGroupSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._model.settings import settings_of
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import device_group
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import apply_plan
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        **spec_options(DeviceGroupSpec),
        "product": {"type": NAME},
        "id": {"type": NAME},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    # A name or an ID, and with the name alone its product.
    required_one_of=(("name", "id"), ("product", "id")),
    mutually_exclusive=(("product", "id"),),
)


def run(params: Params, context: Context) -> Result:
    """Ensures the device group that the options describe."""
    spec = DeviceGroupSpec(**{setting.name: params[setting.name] for setting in settings_of(DeviceGroupSpec)})
    present = params["state"] == "present"
    if params["id"] is not None:
        group_id = guid(params["id"], "device group")
        planner = partial(device_group.plan_with_id, device_group_id=group_id, spec=spec, present=present)
    else:
        planner = partial(device_group.plan, product=params["product"], spec=spec, present=present)
    return apply_plan(context, planner, Waiting.of(params), "device_group")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
