#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: device_group_info
version_added: 0.1.0
short_description: Retrieve information about device groups of an Azure Sphere tenant
description:
  - Lists the device groups of a tenant or product, optionally only those with a given name.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes.info
  - azsphere.fleet.connection
options:
  product:
    description:
      - Return only device groups of this product, by name or GUID. The task fails if the product does not exist.
    type: str
  name:
    description:
      - Return only device groups with this name. Case and surrounding blanks are ignored. Without O(product), device
        groups of all products are searched.
    type: str
  id:
    description: Return only the device group with this GUID.
    type: str
seealso:
  - module: azsphere.fleet.device_group
  - module: azsphere.fleet.deployment_info
  - module: azsphere.fleet.device_info
  - plugin: azsphere.fleet.device_groups
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List all device groups of a product
  azsphere.fleet.device_group_info:
    tenant: Contoso Fleet
    product: Kettle

- name: List the production groups of all products
  azsphere.fleet.device_group_info:
    tenant: Contoso Fleet
    name: Production
  register: production
"""

RETURN = r"""
device_groups:
  description:
    - The device groups, sorted by product and name, in the format of
      RV(azsphere.fleet.device_group#module:device_group). Empty if none matches.
  returned: success
  type: list
  elements: dict
  sample:
    - id: b1000000-0000-4000-8000-000000000003
      name: Production
      description: null
      os_feed: Retail
      update_policy: UpdateAll
      allow_crash_dumps_collection: false
      current_deployment:
        id: e1000000-0000-4000-8000-000000000001
        deployed_at: "2026-05-06T07:08:10Z"
        images: [c1000000-0000-4000-8000-000000000001]
      product_id: a1000000-0000-4000-8000-000000000001
      product: Kettle
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 2, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.products import device_groups
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = Arguments(
    {"product": {"type": NAME}, "name": {"type": NAME}, "id": {"type": NAME}},
    mutually_exclusive=(("name", "id"), ("product", "id")),
)


def run(params: Params, context: Context) -> Result:
    """Returns the device groups that match the options."""
    which = params["name"] if params["id"] is None else guid(params["id"], "device group")
    found = context.read(lambda service: device_groups(service, params["product"], which))
    return Result(values={"device_groups": found})


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
