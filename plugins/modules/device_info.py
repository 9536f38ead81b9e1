#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_info
version_added: 0.1.0
short_description: Retrieve information about devices of an Azure Sphere tenant
description:
  - Lists or counts the devices that are claimed into the tenant. Select the devices of a product or device group, or
    individual devices by ID.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  ids:
    description: Return only the devices with these IDs, 128 hexadecimal digits each. Case is ignored.
    type: list
    elements: str
  product:
    description: Return only devices of this product, by name or GUID. The task fails if the product does not exist.
    type: str
  device_group:
    description:
      - Return only devices of this device group, by name in O(product) or by GUID. The task fails if the device group
        does not exist.
    type: str
  targeted_images:
    description:
      - Whether to return the images that are deployed to each device. This takes one request per device.
      - The service does not report which images are installed on a device.
    type: bool
    default: false
  count_only:
    description:
      - Whether to return only the number of devices. This takes one request, regardless of the number of devices.
    type: bool
    default: false
notes:
  - With O(api=integrated), O(targeted_images) are those of the deployment of the device group.
seealso:
  - module: azsphere.fleet.device
  - module: azsphere.fleet.device_insight_info
  - plugin: azsphere.fleet.devices
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Count the devices
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    count_only: true
  register: fleet

- name: List the devices of a device group with their targeted images
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Production
    targeted_images: true

- name: Check whether two devices are in the tenant
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    ids:
      - "{{ '0a' * 64 }}"
      - "{{ '0b' * 64 }}"
  register: two
"""

RETURN = r"""
devices:
  description: The devices, sorted by ID or in the order of O(ids).
  returned: when O(count_only=false)
  type: list
  elements: dict
  contains:
    id:
      description: Device ID in lower case.
      type: str
    product:
      description: Name of the product; null if the device is not in a device group.
      type: str
    device_group:
      description: Name of the device group; null if the device is not in one.
      type: str
    product_id:
      description: GUID of the product.
      type: str
    device_group_id:
      description: GUID of the device group.
      type: str
    chip_sku:
      description: SKU of the chip.
      type: str
    last_available_os_version:
      description: Newest version of the operating system for the device, as of its last request for updates.
      type: str
    last_installed_os_version:
      description: Version of the operating system on the device, as of its last request for updates.
      type: str
    last_os_update:
      description: Time of the last operating system update.
      type: str
    last_update_request:
      description: Time of the last request for updates.
      type: str
    targeted_images:
      description: The images that are deployed to the device.
      type: list
      elements: dict
      returned: when O(targeted_images=true)
  sample:
    - id: "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
        0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
      product: Kettle
      device_group: Production
      product_id: a1000000-0000-4000-8000-000000000001
      device_group_id: b1000000-0000-4000-8000-000000000003
      chip_sku: MT3620AN
      last_available_os_version: "24.03"
      last_installed_os_version: "23.10"
      last_os_update: "2026-05-06T07:08:10Z"
      last_update_request: "2026-05-07T01:02:03Z"
count:
  description: Number of devices.
  returned: success
  type: int
  sample: 500
missing:
  description: IDs in O(ids) that are not claimed into the tenant, in lower case.
  returned: when O(ids) is set
  type: list
  elements: str
  sample: []
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import DEVICE_ID, LIST, NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.devices import (
    device_count,
    device_ids,
    devices,
    devices_of_ids,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._views.resources import Values
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "ids": {"type": LIST, "elements": DEVICE_ID},
        "product": {"type": NAME},
        "device_group": {"type": NAME},
        "targeted_images": {"type": "bool", "default": False},
        "count_only": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("ids", "product"), ("ids", "device_group")),
)


def run(params: Params, context: Context) -> Result:
    """Returns the devices that match the options, or their number."""
    values = _by_ids(params, context) if params["ids"] is not None else _in_scope(params, context)
    if params["count_only"]:
        values.pop("devices", None)
    return Result(values=values)


def _by_ids(params: Params, context: Context) -> Values:
    ids = device_ids(params["ids"])
    targeted = params["targeted_images"] and not params["count_only"]
    found = context.read(lambda service: devices_of_ids(service, ids, targeted))
    there = {device["id"] for device in found}
    return {"devices": found, "count": len(found), "missing": [each for each in ids if each not in there]}


def _in_scope(params: Params, context: Context) -> Values:
    scope = (params["product"], params["device_group"])
    if params["count_only"]:
        return {"count": context.read(lambda service: device_count(service, *scope))}
    found = context.read(lambda service: devices(service, *scope, targeted_images=params["targeted_images"]))
    return {"devices": found, "count": len(found)}


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
