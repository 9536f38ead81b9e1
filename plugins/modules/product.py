#!/usr/bin/python
# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: product
version_added: 0.1.0
short_description: Manage products of an Azure Sphere tenant
description:
  - Creates, updates, renames and deletes products, optionally with the five default device groups.
author:
  - azsphere.fleet contributors (@azsphere-fleet)
extends_documentation_fragment:
  - azsphere.fleet.apis.named
  - azsphere.fleet.attributes
  - azsphere.fleet.connection
  - azsphere.fleet.waiting
options:
  name:
    description:
      - Name of the product, 1 to 50 letters, digits and spaces. Case and surrounding blanks are ignored.
      - With O(id), the new name of the product.
    type: str
  id:
    description: GUID of an existing product.
    type: str
  description:
    description: Description of the product. If not set, an existing description is kept. An empty string removes it.
    type: str
  default_device_groups:
    description:
      - Whether the product must have the five default device groups. Missing groups are created, also in an existing
        product. V(false) does not delete any.
    type: bool
    default: true
  state:
    description:
      - Whether the product must exist.
      - A product is deleted together with its device groups. It cannot be deleted while they contain devices.
    type: str
    choices: [present, absent]
    default: present
notes:
  - With O(api=integrated), renaming is C(unsupported). Names have 3 to 50 letters, digits and spaces.
seealso:
  - module: azsphere.fleet.product_info
  - module: azsphere.fleet.blueprint
"""

EXAMPLES = r"""
- name: Ensure a product with the default device groups
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Kettle
    description: Kettles for kitchens

- name: Rename the product
  azsphere.fleet.product:
    tenant: Contoso Fleet
    id: "{{ lookup('azsphere.fleet.products', 'Kettle', tenant='Contoso Fleet').id }}"
    name: Kettle Two

- name: Delete the product
  azsphere.fleet.product:
    tenant: Contoso Fleet
    name: Kettle Two
    state: absent
"""

RETURN = r"""
product:
  description:
    - The product after the task; null if it does not exist. C(device_groups) are in the format of
      RV(azsphere.fleet.device_group#module:device_group), without C(product) and C(product_id).
  returned: success
  type: dict
  sample:
    id: a1000000-0000-4000-8000-000000000001
    name: Kettle
    description: Kettles for kitchens
    device_groups:
      - id: b1000000-0000-4000-8000-000000000001
        name: Development
        description: null
        os_feed: Retail
        update_policy: No3rdPartyAppUpdates
        allow_crash_dumps_collection: false
        current_deployment: null
operation:
  description: The last operation that the service started for this task; null if there was none.
  returned: success
  type: dict
  sample:
    id: f1000000-0000-4000-8000-000000000001
    type: CreateProduct
    state: Complete
    started: "2026-05-06T07:08:10Z"
unknown:
  description: Paths of return values that are null because they are not known yet, for example in check mode.
  returned: success
  type: list
  elements: str
  sample: ["product.id"]
api:
  description: Number of requests and retries, seconds spent throttled, and how the task signed in.
  returned: always
  type: dict
  sample: {requests: 5, retries: 0, throttled_seconds: 0.0, token_source: client_secret}
"""

from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import WAITING, Arguments, run_module
from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Params, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ProductSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import NAME, TEXT
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import product
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import apply_plan
from ansible_collections.azsphere.fleet.plugins.module_utils._references import guid
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result

ARGUMENTS = WAITING + Arguments(
    {
        "name": {"type": NAME},
        "id": {"type": NAME},
        "description": {"type": TEXT},
        "default_device_groups": {"type": "bool", "default": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    required_one_of=(("name", "id"),),
)


def run(params: Params, context: Context) -> Result:
    """Ensures the product that the options describe."""
    spec = ProductSpec(params["name"], params["description"], params["default_device_groups"])
    product_id = None if params["id"] is None else guid(params["id"], "product")
    present = params["state"] == "present"
    return apply_plan(
        context, lambda service: product.plan(service, spec, product_id, present), Waiting.of(params), "product"
    )


def main() -> None:
    run_module(ARGUMENTS, run)


if __name__ == "__main__":
    main()
