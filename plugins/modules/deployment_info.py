#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_info
version_added: 0.1.0
short_description: Read deployments of device groups of an Azure Sphere tenant
description:
  - Lists what was deployed to device groups, now and earlier, with the images.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  product:
    description: Only deployments to device groups of this product, by name or GUID.
    type: str
  device_group:
    description: Only deployments to this device group, by name in O(product), or by GUID.
    type: str
  id:
    description: Only the deployment of this GUID. The service does not say to which device group it belongs.
    type: str
  current:
    description: Whether to leave out deployments whose place another one has taken.
    type: bool
    default: false
seealso:
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.image_info
  - module: azsphere.fleet.device_group_info
"""

EXAMPLES = r"""
- name: What each device group runs now
  azsphere.fleet.deployment_info:
    tenant: Contoso Fleet
    current: true
  register: now_running

- name: All that was ever deployed to a device group, the newest first
  azsphere.fleet.deployment_info:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Production
"""

RETURN = r"""
deployments:
  description:
    - The deployments by product and device group, the newest of each first. Empty when there is none that was asked
      for.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: GUID of the deployment.
      type: str
    deployed_at:
      description: When it was made.
      type: str
    images:
      description: Its images, with what the tenant knows of them.
      type: list
      elements: dict
    product:
      description: Name of the product; null with O(id).
      type: str
    device_group:
      description: Name of the device group; null with O(id).
      type: str
    device_group_id:
      description: GUID of the device group; null with O(id).
      type: str
    current:
      description: Whether it is the one in force; null with O(id).
      type: bool
  sample:
    - id: e1000000-0000-4000-8000-000000000001
      deployed_at: "2026-05-06T07:08:10Z"
      images:
        - id: c1000000-0000-4000-8000-000000000001
          name: KettleControl
          description: null
          component_id: d1000000-0000-4000-8000-000000000001
          type: Applications
      product: Kettle
      device_group: Production
      device_group_id: b1000000-0000-4000-8000-000000000003
      current: true
api:
  description: What the task cost.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.images import deployment, deployments
from ansible_collections.azsphere.fleet.plugins.module_utils._resolve import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {
        "product": {"type": NAME},
        "device_group": {"type": NAME},
        "id": {"type": NAME},
        "current": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("id", "product"), ("id", "device_group")),
)


def run(params: Params, context: Context) -> Result:
    """Reads what was asked for."""
    if params["id"] is not None:
        found = deployment(context.service, guid(params["id"], "deployment"))
    else:
        found = deployments(context.service, params["product"], params["device_group"], params["current"])
    return Result(values={"deployments": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
