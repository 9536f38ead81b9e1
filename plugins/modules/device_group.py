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
  - Creates, changes, renames and deletes the device groups of products.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  product:
    description: The product that the device group belongs to, by name or GUID. Not together with O(id).
    type: str
  name:
    description:
      - The device group's name. Neither its case nor blanks around it matter. Letters, digits and spaces, at most 50
        characters.
      - Together with O(id), the name that the device group is to have.
    type: str
  id:
    description: The GUID of an existing device group.
    type: str
  description:
    description: What the device group is for. Left as it is when not given; an empty text clears it.
    type: str
  os_feed:
    description:
      - Which releases of the operating system the devices get. V(RetailEval) has each of them two weeks before
        V(Retail), to test with.
      - Left as it is when not given; a new device group gets V(Retail).
    type: str
    choices: [Retail, RetailEval]
  update_policy:
    description:
      - What the devices get from the cloud. V(UpdateAll) is the operating system and applications,
        V(No3rdPartyAppUpdates) the operating system only.
      - Left as it is when not given; a new device group gets V(UpdateAll).
    type: str
    choices: [UpdateAll, No3rdPartyAppUpdates]
  allow_crash_dumps_collection:
    description:
      - Whether Microsoft may collect crash dumps from the devices. Devices learn of a change within 48 hours.
      - Left as it is when not given; in a new device group it is off.
    type: bool
  state:
    description:
      - Whether the device group is there.
      - It is not deleted while devices are in it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: azsphere.fleet.device_group_info
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.device
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: A device group that tests each release of the operating system first
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

- name: No such device group
  azsphere.fleet.device_group:
    tenant: Contoso Fleet
    product: Kettle
    name: Laboratory
    state: absent
"""

RETURN = r"""
device_group:
  description: The device group as it is now; null when it is not there.
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
  description: The last operation that the service started for this task; null when it started none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: DeleteDeviceGroup
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of values that are null because only the service can give them. Empty in a real run that waits.
  returned: success
  type: list
  elements: str
  sample: ["device_group.id"]
api:
  description: What the task cost.
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
from ansible_collections.azsphere.fleet.plugins.module_utils._model.specs import DeviceGroupSpec, settings_of
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import device_group
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import bring_about
from ansible_collections.azsphere.fleet.plugins.module_utils._resolve import guid
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
    """Brings about the device group that the options describe."""
    spec = DeviceGroupSpec(**{setting.name: params[setting.name] for setting in settings_of(DeviceGroupSpec)})
    present = params["state"] == "present"
    if params["id"] is not None:
        group_id = guid(params["id"], "device group")
        planner = partial(device_group.plan_with_id, device_group_id=group_id, spec=spec, present=present)
    else:
        planner = partial(device_group.plan, product=params["product"], spec=spec, present=present)
    return bring_about(context, planner, Waiting.of(params), "device_group")


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
