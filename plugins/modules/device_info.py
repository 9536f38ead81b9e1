#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_info
version_added: 0.1.0
short_description: Read or count devices of an Azure Sphere tenant
description:
  - Lists the devices that are claimed into the tenant, of the whole tenant, a product, a device group, or by their
    IDs; or counts them without reading them.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  ids:
    description: Only these devices, 128 hexadecimal digits each, in any case.
    type: list
    elements: str
  product:
    description: Only devices of this product, by name or GUID. It is an error if there is no such product.
    type: str
  device_group:
    description:
      - Only devices of this device group, by name in O(product), or by GUID. It is an error if there is no such group.
    type: str
  targeted_images:
    description:
      - Whether to tell for each device which images the cloud wants on it. This takes a request for each device.
      - What is on the device by now is known to the device alone.
    type: bool
    default: false
  count_only:
    description: Whether to count only. It takes one request however many devices there are.
    type: bool
    default: false
seealso:
  - module: azsphere.fleet.device
  - module: azsphere.fleet.device_insight_info
  - plugin: azsphere.fleet.devices
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: How many devices there are
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    count_only: true
  register: fleet

- name: The devices of a device group, and what they are to run
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Production
    targeted_images: true

- name: Whether two devices are in the tenant
  azsphere.fleet.device_info:
    tenant: Contoso Fleet
    ids:
      - "{{ '0a' * 64 }}"
      - "{{ '0b' * 64 }}"
  register: two
"""

RETURN = r"""
devices:
  description: The devices by ID, or in the order of O(ids).
  returned: without O(count_only)
  type: list
  elements: dict
  contains:
    id:
      description: Device ID in lower case.
      type: str
    product:
      description: Name of the product; null when the device is in no device group.
      type: str
    device_group:
      description: Name of the device group; null when the device is in none.
      type: str
    product_id:
      description: GUID of the product.
      type: str
    device_group_id:
      description: GUID of the device group.
      type: str
    chip_sku:
      description: Kind of the chip.
      type: str
    last_available_os_version:
      description: Newest version of the operating system for the device, as of its last request for updates.
      type: str
    last_installed_os_version:
      description: Version of the operating system on the device, as of its last request for updates.
      type: str
    last_os_update:
      description: When the operating system was updated last.
      type: str
    last_update_request:
      description: When the device asked for updates last.
      type: str
    targeted_images:
      description: What the cloud wants on the device.
      type: list
      elements: dict
      returned: with O(targeted_images)
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
  description: How many devices there are.
  returned: success
  type: int
  sample: 500
missing:
  description: Those of O(ids) that are not claimed into the tenant, in lower case.
  returned: with O(ids)
  type: list
  elements: str
  sample: []
api:
  description: What the task cost.
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
    """Reads or counts what was asked for."""
    values = _by_ids(params, context) if params["ids"] is not None else _in_scope(params, context)
    if params["count_only"]:
        values.pop("devices", None)
    return Result(values=values)


def _by_ids(params: Params, context: Context) -> Values:
    ids = device_ids(params["ids"])
    found = devices_of_ids(context.service, ids, params["targeted_images"] and not params["count_only"])
    there = {device["id"] for device in found}
    return {"devices": found, "count": len(found), "missing": [each for each in ids if each not in there]}


def _in_scope(params: Params, context: Context) -> Values:
    scope = (params["product"], params["device_group"])
    if params["count_only"]:
        return {"count": device_count(context.service, *scope)}
    found = devices(context.service, *scope, targeted_images=params["targeted_images"])
    return {"devices": found, "count": len(found)}


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
