#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_info
version_added: 0.1.0
short_description: Retrieve information about deployments of an Azure Sphere tenant
description:
  - Lists the current and previous deployments of device groups with their images.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  product:
    description: Return only deployments to device groups of this product, by name or GUID.
    type: str
  device_group:
    description: Return only deployments to this device group, by name in O(product) or by GUID.
    type: str
  id:
    description: Return only the deployment with this GUID. The service does not report its device group.
    type: str
  current:
    description: Whether to return only current deployments, not those that a newer deployment has replaced.
    type: bool
    default: false
seealso:
  - module: azsphere.fleet.deployment
  - module: azsphere.fleet.image_info
  - module: azsphere.fleet.device_group_info
"""

EXAMPLES = r"""
- name: List the current deployment of each device group
  azsphere.fleet.deployment_info:
    tenant: Contoso Fleet
    current: true
  register: now_running

- name: List all deployments of a device group, newest first
  azsphere.fleet.deployment_info:
    tenant: Contoso Fleet
    product: Kettle
    device_group: Production
"""

RETURN = r"""
deployments:
  description:
    - The deployments, sorted by product and device group, newest first. Empty if none matches.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: GUID of the deployment.
      type: str
    deployed_at:
      description: Time of the deployment, in ISO 8601 format, UTC.
      type: str
    images:
      description: The images of the deployment, with their metadata in the tenant.
      type: list
      elements: dict
    product:
      description: Name of the product; null if O(id) is set.
      type: str
    device_group:
      description: Name of the device group; null if O(id) is set.
      type: str
    device_group_id:
      description: GUID of the device group; null if O(id) is set.
      type: str
    current:
      description: Whether this is the current deployment of the device group; null if O(id) is set.
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
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.images import deployment, deployments
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
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
    """Returns the deployments that match the options."""
    if params["id"] is not None:
        deployment_id = guid(params["id"], "deployment")
        return Result(values={"deployments": context.read(lambda service: deployment(service, deployment_id))})
    scope = (params["product"], params["device_group"], params["current"])
    return Result(values={"deployments": context.read(lambda service: deployments(service, *scope))})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
